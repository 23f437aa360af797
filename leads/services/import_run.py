"""Writing a checked list: customers, opportunities, callbacks and leads of thousands of rows in one transaction.

The rules are those of lead_register; the statements are set-based, so that 10,000 rows are a matter of seconds. What
another clerk registers meanwhile is refused by the unique index, and the list is judged again.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import cycle
from typing import TypeVar

from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import Conflict, DomainError
from core.transactions import service
from customers.models import Customer
from customers.services import NewCustomer, consents_give_many, customers_create_many
from leads.enums import ImportState, LeadKind, LeadResult, Resolution
from leads.models import Lead, LeadImport, LeadImportRow
from leads.services.import_progress import Progress
from leads.services.import_rows import Known, Parsed, judge_rows
from leads.services.imports import ImportOptions, count_rows, import_lock, put_verdict
from leads.services.register import SOURCE, lead_build, opportunity_facts
from notifications.enums import NoticeKind
from notifications.services import notice_create
from opportunities.enums import EventKind
from opportunities.models import JourneyEvent, Opportunity
from opportunities.services import journey_record
from opportunities.services.bulk import NewOpportunity, opportunities_open_many
from staff.models import User
from staff.selectors import owners_of_store

logger = logging.getLogger(__name__)

# A longer list is written by the worker: nobody waits for a page that long.
INLINE_LIMIT = 1_000
BATCH = 500
TRIES = 3
CONSENT_VERSION = "list-1"

_POINT_TO_LEADS = """
UPDATE leads_leadimportrow AS staged SET lead_id = pair.lead
FROM unnest(%s::bigint[], %s::bigint[]) AS pair(staged, lead) WHERE staged.id = pair.staged
"""

T = TypeVar("T")
Report = Callable[[int], None]


@service
def import_confirm(*, import_id: int, options: ImportOptions, by: User, is_inline: bool = False) -> LeadImport:
    """Import a checked list, all of it or nothing; a list of more than INLINE_LIMIT rows is left to the worker.

    Raises DomainError (nothing to import, not checked, an owner may not own), Conflict (this file was imported
    meanwhile).
    """
    lead_import = import_lock(import_id, by=by)
    if lead_import.state != ImportState.CHECKED:
        raise Conflict(_("This list was imported already."), current=lead_import)
    if not lead_import.counts[LeadResult.CREATED] + lead_import.counts["chosen"]:
        raise DomainError(_("There is nothing new in this list."), code="nothing")
    owners = _owners(lead_import.store_id, options.owner_ids)
    lead_import.options |= {"owner_ids": [owner.pk for owner in owners], "source": options.source[:100]}
    lead_import.state = ImportState.QUEUED
    _claim_file(lead_import)
    if is_inline or lead_import.row_count <= INLINE_LIMIT:
        _write(lead_import, lambda _done: None)
    return lead_import


def _claim_file(lead_import: LeadImport) -> None:
    """The same file is on its way once: the database says so."""
    try:
        with transaction.atomic():
            lead_import.save(update_fields=["options", "state", "updated_at"])
    except IntegrityError as error:
        raise Conflict(_("This file was imported already."), code="same_file") from error


def _owners(store_id: int, owner_ids: Sequence[int]) -> list[User]:
    owners = list(owners_of_store(store_id).filter(pk__in=owner_ids))
    if len(owners) != len(set(owner_ids)):
        raise DomainError(_("One of the chosen people may not own customers."), field="owners")
    return owners


# ---- the worker --------------------------------------------------------------------------------------------


class _Broken(Exception):
    """The import cannot be written, now or later."""

    def __init__(self, import_id: int) -> None:
        super().__init__(import_id)
        self.import_id = import_id


def import_run_next() -> bool:
    """Write the oldest queued list. Returns False when none is queued.

    The row stays locked until the commit, so two workers never write one list, and a worker that dies leaves it
    queued. A list that cannot be written fails once, with its reason, and the person is told.
    """
    try:
        return _run_next()
    except _Broken as broken:
        logger.exception("import %s failed", broken.import_id)
        _fail(broken.import_id, broken.__cause__)
        return True


@service
def _run_next() -> bool:
    lead_import = (
        LeadImport.objects.filter(state=ImportState.QUEUED)
        .select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("created_by")
        .order_by("id")
        .first()
    )
    if lead_import is None:
        return False
    try:
        with Progress(lead_import.pk) as progress:
            _write(lead_import, progress.report)
    except OperationalError:
        raise  # the database is away or busy: the list stays queued
    except Exception as error:
        raise _Broken(lead_import.pk) from error
    _tell(lead_import)
    return True


@service
def _fail(import_id: int, cause: BaseException | None) -> None:
    queued = LeadImport.objects.select_for_update(no_key=True, of=("self",)).filter(state=ImportState.QUEUED)
    lead_import = queued.filter(pk=import_id).first()
    if lead_import is None:
        return  # another worker took it up after the roll-back, and has ended it
    lead_import.state, lead_import.error = ImportState.FAILED, f"{type(cause).__name__}: {cause}"[:300]
    lead_import.finished_at = clock.now()
    lead_import.save(update_fields=["state", "error", "finished_at", "updated_at"])
    _tell(lead_import)


def _tell(lead_import: LeadImport) -> None:
    notice_create(
        recipient_id=lead_import.created_by_id,
        kind=NoticeKind.IMPORT_FINISHED,
        url=f"/leads/imports/{lead_import.pk}/progress/",
        subject=f"leads.LeadImport:{lead_import.pk}",
        dedupe_key=f"leads.LeadImport:{lead_import.pk}:{lead_import.state}",
        file=lead_import.file_name,
        state=str(lead_import.state),
        created=lead_import.counts.get(LeadResult.CREATED, 0),
    )


# ---- writing -----------------------------------------------------------------------------------------------


def _write(lead_import: LeadImport, report: Report) -> None:
    """Write the rows and close the import. When somebody takes one of the numbers meanwhile, judge again and repeat."""
    tries = 0
    is_written = False
    while not is_written:
        tries += 1
        rows = _wanted_rows(lead_import)
        try:
            with transaction.atomic():
                _write_rows(lead_import, rows, report)
            is_written = True
        except IntegrityError as error:
            if tries == TRIES:
                message = _("Some of these numbers are being registered in this very moment. Please try again.")
                raise Conflict(message, code="busy") from error
    lead_import.state, lead_import.finished_at = ImportState.DONE, clock.now()
    lead_import.done_count = lead_import.row_count
    lead_import.counts = count_rows(lead_import.rows.all())
    lead_import.save(update_fields=["state", "finished_at", "done_count", "counts", "updated_at"])


def _wanted_rows(lead_import: LeadImport) -> list[LeadImportRow]:
    """New rows and those that somebody chose to write, judged once more against what the store knows now."""
    staged = lead_import.rows.order_by("row_no")
    rows = [row for row in staged if row.result == LeadResult.CREATED or row.resolution != Resolution.SKIP]
    before = {row.row_no: (row.result, row.reason) for row in rows}
    parsed = {row.row_no: Parsed(**row.parsed) for row in rows}
    known = Known.load(lead_import.store_id, parsed.values())
    verdicts, parsed = judge_rows(parsed, known)
    for row in rows:
        put_verdict(row, verdicts[row.row_no], parsed[row.row_no])
    changed = [row for row in rows if (row.result, row.reason) != before[row.row_no]]
    LeadImportRow.objects.bulk_update(changed, ["result", "reason", "detail", "resolution"], batch_size=BATCH)
    return [row for row in rows if row.result == LeadResult.CREATED or row.resolution != Resolution.SKIP]


def _write_rows(lead_import: LeadImport, rows: Sequence[LeadImportRow], report: Report) -> None:
    """First the new customers, then those who begin again, then the repeats of rows of this list."""
    by = lead_import.created_by
    owners = _turns(_owners(lead_import.store_id, lead_import.options["owner_ids"]))
    new = [row for row in rows if row.result == LeadResult.CREATED]
    done = 0
    for batch in _batches(new, BATCH):
        inputs = [Parsed(**row.parsed) for row in batch]
        people = [_person(parsed) for parsed in inputs]
        customers = customers_create_many(store_id=lead_import.store_id, people=people, by=by)
        if lead_import.options["source"]:
            _consent([customer.pk for customer in customers], lead_import)
        _open(lead_import, batch, customers, owners)
        _check_constraints()
        done += len(batch)
        report(done)
    for batch in _batches([row for row in rows if row.resolution == Resolution.REOPEN], BATCH):
        _open(lead_import, batch, _holders(lead_import, batch), owners)
    for batch in _batches([row for row in rows if row.resolution == Resolution.MERGE], BATCH):
        _merge(lead_import, batch)


def _check_constraints() -> None:
    """Check what is due at the commit now, batch by batch: a commit of 10,000 rows would outlast the time limit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _turns(owners: Sequence[User]) -> Iterator[User | None]:
    """The chosen consultants in turn, for ever; nobody when none was chosen."""
    return cycle(owners or [None])


def _person(parsed: Parsed) -> NewCustomer:
    data = parsed.as_input()
    return NewCustomer(
        name=data.called, phone=data.phone, gender=data.gender, area=data.area, channel_id=data.channel_id
    )


def _consent(customer_ids: list[int], lead_import: LeadImport) -> None:
    consents_give_many(
        customer_ids=customer_ids,
        text_version=CONSENT_VERSION,
        source=lead_import.options["source"],
        given_at=clock.now(),
        by=lead_import.created_by,
    )


def _holders(lead_import: LeadImport, rows: Sequence[LeadImportRow]) -> list[Customer]:
    """The customers of known numbers, in the order of the rows, locked."""
    numbers = [row.parsed["phone"] for row in rows]
    found = Customer.objects.filter(phones__store=lead_import.store_id, phones__number__in=numbers).order_by("pk")
    locked = found.select_for_update(no_key=True, of=("self",)).prefetch_related("phones")
    of_number = {phone.number: customer for customer in locked for phone in customer.phones.all()}
    return [of_number[number] for number in numbers]


def _open(
    lead_import: LeadImport,
    rows: Sequence[LeadImportRow],
    customers: Sequence[Customer],
    owners: Iterator[User | None],
) -> None:
    """Begin the journey of each customer, plan the callbacks and write the leads."""
    wanted = [
        NewOpportunity(
            customer_id=customer.pk,
            owner=next(owners),
            occurred_at=_moment(row),
            facts=opportunity_facts(Parsed(**row.parsed).as_input()),
        )
        for row, customer in zip(rows, customers, strict=True)
    ]
    opportunities = opportunities_open_many(
        store_id=lead_import.store_id, wanted=wanted, trigger=LeadKind.ONLINE, by=lead_import.created_by, source=SOURCE
    )
    _leads(lead_import, rows, customers, opportunities)


def _merge(lead_import: LeadImport, rows: Sequence[LeadImportRow]) -> None:
    """Note a further contact of somebody who came with the same list."""
    customers = _holders(lead_import, rows)
    found = Opportunity.objects.open().filter(customer__in=customers, leads__lead_import=lead_import).distinct()
    of_customer = {opportunity.customer_id: opportunity for opportunity in found}
    pairs = [
        (row, customer, of_customer[customer.pk])
        for row, customer in zip(rows, customers, strict=True)
        if customer.pk in of_customer
    ]
    JourneyEvent.objects.bulk_create(
        [
            journey_record(
                opportunity,
                EventKind.REPEATED,
                by=lead_import.created_by,
                at=_moment(row),
                subject=SOURCE,
                kind=LeadKind.ONLINE.value,
                note=row.parsed["note"],
            )
            for row, _customer, opportunity in pairs
        ]
    )
    _leads(lead_import, *([list(column) for column in zip(*pairs, strict=True)] if pairs else ([], [], [])))


def _leads(
    lead_import: LeadImport,
    rows: Sequence[LeadImportRow],
    customers: Sequence[Customer],
    opportunities: Sequence[Opportunity],
) -> None:
    leads = [
        lead_build(
            Parsed(**row.parsed).as_input(),
            customer,
            opportunity,
            result=row.result,
            by=lead_import.created_by,
            at=_moment(row),
            lead_import_id=lead_import.pk,
        )
        for row, customer, opportunity in zip(rows, customers, opportunities, strict=True)
    ]
    Lead.objects.bulk_create(leads, batch_size=BATCH)
    with connection.cursor() as cursor:
        cursor.execute(_POINT_TO_LEADS, [[row.pk for row in rows], [lead.pk for lead in leads]])


def _moment(row: LeadImportRow) -> datetime:
    """When the customer contacted us, as the list says; else the moment of the import."""
    return Parsed(**row.parsed).as_input().occurred_at or clock.now()
