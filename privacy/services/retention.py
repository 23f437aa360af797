"""What was kept for long enough goes: some by itself every day, customers after somebody looked at the list."""

import logging
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from approvals.services import approval_request
from core import clock
from core.private_files import file_shred
from core.transactions import service
from core.versions import version_begin
from customers.models import Customer
from notifications.services import messages_empty
from privacy.enums import DECIDED_CLASSES, RETENTION_KIND, RUN_SUBJECT, DataClass, RunState
from privacy.models import RetentionItem, RetentionRule, RetentionRun
from privacy.policies import can_configure_retention
from privacy.selectors import (
    SOURCES,
    customers_to_forget,
    cut_off,
    documents_to_shred,
    import_rows_to_empty,
    imports_to_delete,
    messages_to_empty,
    notices_to_delete,
    rule_in_force,
    sessions_to_delete,
)
from privacy.services.erase import customer_erase
from staff.enums import Role
from staff.models import Store, User
from staff.policies import ensure

logger = logging.getLogger(__name__)

BATCH = 1_000
LIST_LENGTH = 500  # a list that somebody can look at
BATCHES_A_DAY = 500


# ---- the rules -------------------------------------------------------------------------------------------


@service
def retention_change(
    *,
    data_class: str,
    keep_days: int,
    is_active: bool,
    is_legally_checked: bool,
    source: str,
    valid_from: date,
    by: User,
) -> RetentionRule:
    """A new version from a day on; the one before ends there. Raises PermissionDenied, DomainError (a day in the past).

    One version to come replaces another that has not begun.
    """
    ensure(can_configure_retention(by))
    rule = RetentionRule(
        data_class=data_class,
        keep_days=keep_days,
        is_active=is_active,
        is_legally_checked=is_legally_checked,
        source=source,
        valid_from=valid_from,
        set_by=by,
    )
    version_begin(RetentionRule.objects.filter(data_class=data_class), rule)
    return rule


# ---- every day -------------------------------------------------------------------------------------------


def retention_run_daily() -> dict[str, int]:
    """Run what has not run today. Killed and repeated at any time: the row of evidence is written last, and what is
    gone is not found again. Returns how many rows went (or stand on a list), by class."""
    today, done = clock.today(), {}
    for data_class in DataClass.values:
        rule = rule_in_force(data_class, today)
        if rule is None or not rule.is_active:
            continue
        if data_class in DECIDED_CLASSES:
            done[data_class] = sum(_list_customers(rule.pk, store.pk, today) for store in Store.objects.order_by("pk"))
        elif not RetentionRun.objects.filter(data_class=data_class, local_on=today).exists():
            done[data_class] = _remove(rule, today)
    return done


def _remove(rule: RetentionRule, today: date) -> int:
    before = cut_off(rule.keep_days)
    source, moment = SOURCES[rule.data_class]
    oldest = source(before).order_by(moment).values_list(moment, flat=True).first()
    removed = 0
    for _batch in range(BATCHES_A_DAY):
        count = REMOVERS[rule.data_class](before)
        removed += count
        if count < BATCH:
            break
    evidence = {"keep_days": rule.keep_days, "oldest": oldest.isoformat() if oldest else None}
    row = RetentionRun(
        rule=rule, data_class=rule.data_class, local_on=today, before=before, found_count=removed,
        removed_count=removed, evidence=evidence, finished_at=clock.now(),
    )  # fmt: skip
    RetentionRun.objects.bulk_create([row], ignore_conflicts=True)  # two workers in the same moment write one
    return removed


@service
def _list_customers(rule_id: int, store_id: int, today: date) -> int:
    """Write the list of one store and ask its managers; not while an older list waits. Returns its length."""
    rule = RetentionRule.objects.get(pk=rule_id)
    runs = RetentionRun.objects.filter(data_class=rule.data_class, store=store_id)
    if runs.filter(local_on=today).exists() or runs.filter(state__in=[RunState.WAITING, RunState.APPROVED]).exists():
        return 0
    before = cut_off(rule.keep_days)
    found = list(customers_to_forget(before, store_id)[:LIST_LENGTH])
    asker = _asker(rule, store_id)
    if not found or asker is None:
        return 0
    run = RetentionRun(
        rule=rule, data_class=rule.data_class, store_id=store_id, local_on=today, before=before,
        state=RunState.WAITING, found_count=len(found), evidence={"keep_days": rule.keep_days},
    )  # fmt: skip
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:  # another worker was faster
        return 0
    RetentionItem.objects.bulk_create(
        [RetentionItem(run=run, customer_id=row.pk, last_at=_last_at(row)) for row in found],
        batch_size=BATCH,
    )
    approval_request(
        kind=RETENTION_KIND,
        store_id=store_id,
        subject_type=RUN_SUBJECT,
        subject_id=run.pk,
        payload={"count": len(found)},
        by=asker,
    )
    return len(found)


def _last_at(customer: Customer) -> datetime:
    """As customers_to_forget annotated it."""
    moment: datetime = vars(customer)["last_at"]
    return moment


def _asker(rule: RetentionRule, store_id: int) -> User | None:
    """Who set the period, else an administrator of the store: a person answers for every list."""
    if rule.set_by is not None and rule.set_by.is_active:
        return rule.set_by
    people = User.objects.filter(is_active=True, store=store_id, roles__contains=[Role.ADMINISTRATOR])
    found = people.order_by("pk").first()
    if found is None:
        logger.warning("retention: store %s has no administrator who could ask", store_id)
    return found


# ---- after the decision ----------------------------------------------------------------------------------


@service
def run_decided(*, run_id: int, is_approved: bool, by_id: int | None) -> None:
    """The list was approved (the sweep does the work) or sent back (a new one is made another day)."""
    run = RetentionRun.objects.select_for_update().get(pk=run_id)
    if run.state != RunState.WAITING:
        return
    run.state = RunState.APPROVED if is_approved else RunState.REFUSED
    run.evidence |= {"decided_by": by_id, "decided_at": clock.now().isoformat()}
    run.finished_at = None if is_approved else clock.now()
    run.save()


@service
def retention_work_next() -> bool:
    """The next customer of an approved list becomes anonymous, unless something happened since. False: none is left."""
    todo = RetentionItem.objects.filter(run__state=RunState.APPROVED, done_at=None, kept_because="")
    item = todo.select_for_update(skip_locked=True, of=("self",)).select_related("run").order_by("pk").first()
    if item is None:
        return _finish()
    run = item.run
    decider = User.objects.get(pk=run.evidence["decided_by"])
    if customers_to_forget(run.before, run.store_id).filter(pk=item.customer_id).exists():
        customer_erase(customer_id=item.customer_id, run=run, by=decider)
        item.done_at = clock.now()
    else:
        item.kept_because = "changed"
    item.save(update_fields=["done_at", "kept_because"])
    return True


def _finish() -> bool:
    """Close the lists on which nothing is left to do."""
    for run in RetentionRun.objects.select_for_update(skip_locked=True).filter(state=RunState.APPROVED):
        if run.items.filter(done_at=None, kept_because="").exists():
            continue  # another worker holds the last one
        run.state, run.finished_at = RunState.DONE, clock.now()
        run.removed_count = run.items.exclude(done_at=None).count()
        run.save()
    return False


# ---- what goes by itself, a batch at a time --------------------------------------------------------------


@service
def _shred_documents(before: datetime) -> int:
    ids = _first(documents_to_shred(before))
    for pk in ids:
        file_shred(file_id=pk, reason="retention", by=None)
    return len(ids)


@service
def _empty_messages(before: datetime) -> int:
    return messages_empty(ids=_first(messages_to_empty(before)))


@service
def _delete_notices(before: datetime) -> int:
    return _delete(notices_to_delete(before))


@service
def _empty_import_rows(before: datetime) -> int:
    rows = import_rows_to_empty(before)
    return rows.model._default_manager.filter(pk__in=_first(rows)).update(raw=[], parsed={}, detail={})


@service
def _delete_imports(before: datetime) -> int:
    ids = _first(imports_to_delete(before))
    imports_to_delete(before).filter(pk__in=ids).delete()
    return len(ids)


@service
def _delete_sessions(before: datetime) -> int:
    return _delete(sessions_to_delete(before))


@service
def _forget_log(before: datetime) -> int:
    """The log is append-only; a function of the database removes what its own rule allows, whoever calls it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_log_forget(%s)", [BATCH])
        return int(cursor.fetchone()[0])


def _first(rows: QuerySet[Any]) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])


def _delete(rows: QuerySet[Any]) -> int:
    ids = _first(rows)
    rows.model._default_manager.filter(pk__in=ids).delete()
    return len(ids)


REMOVERS: dict[str, Callable[[datetime], int]] = {
    DataClass.DOCUMENTS: _shred_documents,
    DataClass.MESSAGES: _empty_messages,
    DataClass.NOTICES: _delete_notices,
    DataClass.IMPORT_ROWS: _empty_import_rows,
    DataClass.OPEN_IMPORTS: _delete_imports,
    DataClass.SESSIONS: _delete_sessions,
    DataClass.ACCESS_LOG: _forget_log,
}
