"""Versions of the callback rules: drafted, changed, asked for, published, read (R-070, R-071, R-872, R-878, R-881)."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any, TypeVar
from uuid import uuid4

from django.core.exceptions import PermissionDenied
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from approvals.selectors import request_pending
from approvals.services import approval_request, approval_withdraw
from core import clock
from core.errors import Conflict, DomainError
from core.transactions import service
from followups.enums import RULE_SET_MACHINE, RuleSetState
from followups.models import FollowUpPolicy, FollowUpRule, FollowUpRuleSet, RuleReading
from followups.policies import can_edit_rules, ensure_can_configure, is_concerned
from followups.selectors import differences, readers_of
from notifications.enums import NoticeKind
from notifications.services import notice_create
from staff.models import User

KIND = "rules"
SUBJECT = "followups.FollowUpRuleSet"
# What an administrator may change; everything else identifies the promise.
RULE_FIELDS: tuple[str, ...] = (
    "due_after",
    "overdue_after",
    "due_time",
    "channels",
    "closed_days",
    "remind_before_min",
    "escalate_after_min",
    "manager_after_min",
    "is_active",
)
POLICY_FIELDS: tuple[str, ...] = (
    "reschedule_max_times",
    "reschedule_max_days",
    "next_max_days",
    "retry_after_hours",
    "retry_clears_times",
    "burst_entries",
    "burst_window_min",
    "undo_window_min",
)
SET_FIELDS: tuple[str, ...] = ("valid_from", "note", "document_number", "interpreter")
_PEOPLE = ["created_by", "asked_by", "published_by"]
Row = TypeVar("Row", FollowUpRule, FollowUpPolicy)


@service
def rule_set_draft(*, by: User) -> FollowUpRuleSet:
    """The common draft: a copy of the latest published version, unless there is a draft already."""
    ensure_can_configure(by)
    base = _latest_locked()
    draft = FollowUpRuleSet.objects.filter(store=None).exclude(state=RuleSetState.PUBLISHED).first()
    if draft is not None:
        return draft
    number = FollowUpRuleSet.objects.filter(store=None).aggregate(last=Max("number"))["last"]
    made = FollowUpRuleSet(
        number=number + 1,
        valid_from=_first_free_day(base),
        base=base,
        document_number=base.document_number,
        interpreter=base.interpreter,
        created_by=by,
    )
    made.save(force_insert=True)
    for row in [base.policy, *base.rules.order_by("id")]:
        _copy(row, made)
    return made


def _latest_locked() -> FollowUpRuleSet:
    """The last published version, locked: drafts are made and published one after the other."""
    rows = FollowUpRuleSet.objects.filter(store=None, state=RuleSetState.PUBLISHED)
    base = rows.select_for_update(no_key=True).order_by("valid_from").last()
    if base is None:
        raise DomainError(_("No callback rules are in force."), code="no_rules")
    return base


def _first_free_day(base: FollowUpRuleSet) -> date:
    """The first of next month, as rules usually begin; never before the day after the base begins."""
    today = clock.today()
    return max((today.replace(day=1) + timedelta(days=32)).replace(day=1), base.valid_from + timedelta(days=1))


def _copy(row: Any, rule_set: FollowUpRuleSet) -> None:
    now = clock.now()
    row.pk, row._state.adding = None, True
    row.uid, row.created_at, row.rule_set, row.revision = uuid4(), now, rule_set, 1
    row.save(force_insert=True)


def _draft_locked(rule_set_id: int, *, by: User) -> FollowUpRuleSet:
    """Raises PermissionDenied, DomainError when it is no draft any more."""
    ensure_can_configure(by)
    rule_set = FollowUpRuleSet.objects.select_for_update(no_key=True).get(pk=rule_set_id)
    if not rule_set.is_draft:
        raise DomainError(_("This version is no draft any more; open the page again."), code="no_draft")
    if not can_edit_rules(by, rule_set):
        raise PermissionDenied(_("These are the rules of another store."))
    return rule_set


@service
def rule_change(*, rule_id: int, revision: int, values: Mapping[str, Any], by: User) -> FollowUpRule:
    """Change one rule of a draft. Raises Conflict when somebody changed this rule since revision `revision`."""
    rule = FollowUpRule.objects.get(pk=rule_id)
    _draft_locked(rule.rule_set_id, by=by)
    rule.refresh_from_db()
    return _change(rule, values, RULE_FIELDS, revision=revision)


@service
def rule_restore(*, rule_id: int, by: User) -> FollowUpRule:
    """Give the rule the values of the version that the draft changes."""
    rule = FollowUpRule.objects.get(pk=rule_id)
    rule_set = _draft_locked(rule.rule_set_id, by=by)
    rule.refresh_from_db()
    before = FollowUpRule.objects.filter(rule_set=rule_set.base_id, code=rule.code, level=rule.level).first()
    if before is None:
        raise DomainError(_("The version before has no such rule."), code="no_rule")
    values = {name: getattr(before, name) for name in RULE_FIELDS}
    return _change(rule, values, RULE_FIELDS, revision=rule.revision)


@service
def policy_change(*, rule_set_id: int, revision: int, values: Mapping[str, Any], by: User) -> FollowUpPolicy:
    """Change the numbers around callbacks in a draft; see rule_change."""
    _draft_locked(rule_set_id, by=by)
    return _change(FollowUpPolicy.objects.get(rule_set=rule_set_id), values, POLICY_FIELDS, revision=revision)


def _change(row: Row, values: Mapping[str, Any], allowed: tuple[str, ...], *, revision: int) -> Row:
    changed: list[str] = [name for name in allowed if name in values and getattr(row, name) != values[name]]
    if not changed:
        return row
    if row.revision != revision:
        raise Conflict(_("Somebody changed this rule meanwhile. This is how it is now."), current=row)
    for name in changed:
        setattr(row, name, values[name])
    row.revision += 1
    row.full_clean()
    row.save(update_fields=[*changed, "revision", "updated_at"])
    return row


@service
def rule_set_change(*, rule_set_id: int, values: Mapping[str, Any], by: User) -> FollowUpRuleSet:
    """Change the day, the reason and the document data of a draft. Raises DomainError for a day that is too early."""
    rule_set = _draft_locked(rule_set_id, by=by)
    for name in SET_FIELDS:
        if name in values:
            setattr(rule_set, name, values[name])
    _ensure_ahead(rule_set)
    rule_set.full_clean(exclude=_PEOPLE)
    rule_set.save(update_fields=[*SET_FIELDS, "updated_at"])
    return rule_set


def _ensure_ahead(rule_set: FollowUpRuleSet) -> None:
    """From tomorrow on, and after the version it replaces has begun."""
    if rule_set.valid_from <= clock.today():
        raise DomainError(_("Rules begin tomorrow at the earliest."), field="valid_from", code="too_early")
    last = FollowUpRuleSet.objects.filter(store=rule_set.store_id, state=RuleSetState.PUBLISHED)
    begins = last.aggregate(last=Max("valid_from"))["last"]
    if begins is not None and rule_set.valid_from <= begins:
        raise DomainError(
            _("The version before begins on %(day)s; this one has to begin later."),
            field="valid_from",
            params={"day": begins},
            code="too_early",
        )


@service
def rule_set_discard(*, rule_set_id: int, by: User) -> None:
    """Throw a draft away; what it changed stays in the history."""
    _draft_locked(rule_set_id, by=by).delete()


@service
def rule_set_submit(*, rule_set_id: int, by: User) -> FollowUpRuleSet:
    """Ask a manager to publish the draft; until then nobody changes it.

    Raises DomainError (nothing changed, the day has passed).
    """
    rule_set = _draft_locked(rule_set_id, by=by)
    _ensure_ahead(rule_set)
    if not differences(rule_set):
        raise DomainError(_("Nothing differs from the version in force."), code="no_change")
    if by.store_id is None:
        raise PermissionDenied(_("Only somebody who belongs to a store can ask for this."))
    RULE_SET_MACHINE.check(rule_set.state, RuleSetState.WAITING)
    rule_set.state, rule_set.asked_by = RuleSetState.WAITING, by
    rule_set.revision += 1
    rule_set.save(update_fields=["state", "asked_by", "revision", "updated_at"])
    approval_request(
        kind=KIND,
        store_id=by.store_id,
        subject_type=SUBJECT,
        subject_id=rule_set.pk,
        subject_version=rule_set.revision,
        payload={"number": rule_set.number, "valid_from": rule_set.valid_from.isoformat()},
        reason=rule_set.note,
        due_at=clock.at_time(rule_set.valid_from, time(0)),
        by=by,
    )
    return rule_set


@service
def rule_set_recall(*, rule_set_id: int, by: User) -> FollowUpRuleSet:
    """Take the request back; the version is a draft again. Raises DomainError when nothing waits any more."""
    ensure_can_configure(by)
    rule_set = FollowUpRuleSet.objects.select_for_update(no_key=True).get(pk=rule_set_id)
    waiting = request_pending(kind=KIND, subject_type=SUBJECT, subject_id=rule_set.pk)
    if rule_set.state != RuleSetState.WAITING or waiting is None:
        raise DomainError(_("This was decided already; open the page again."), code="decided")
    approval_withdraw(request_id=waiting.pk, by=by)
    rule_set.refresh_from_db()
    return rule_set


@service
def rule_set_return(*, rule_set_id: int) -> FollowUpRuleSet:
    """Sent back, taken back or lapsed: a draft again. Repeating it changes nothing."""
    rule_set = FollowUpRuleSet.objects.select_for_update(no_key=True).get(pk=rule_set_id)
    if rule_set.state == RuleSetState.WAITING:
        rule_set.state, rule_set.asked_by = RuleSetState.DRAFT, None
        rule_set.save(update_fields=["state", "asked_by", "updated_at"])
    return rule_set


@service
def rule_set_publish(*, rule_set_id: int, by: User) -> FollowUpRuleSet:
    """Put the version in force from its day on and end the one before on that day, in one transaction.

    Whoever comes second finds it published and is refused. Raises PermissionDenied (the own request), DomainError
    (it does not wait, the day has passed).
    """
    before = _latest_locked()
    rule_set = FollowUpRuleSet.objects.select_for_update(no_key=True).get(pk=rule_set_id)
    RULE_SET_MACHINE.check(rule_set.state, RuleSetState.PUBLISHED)
    if rule_set.asked_by_id == by.pk:
        raise PermissionDenied(_("Somebody else decides what you asked for."))
    _ensure_ahead(rule_set)
    before.valid_to = rule_set.valid_from
    before.save(update_fields=["valid_to", "updated_at"])
    rule_set.state, rule_set.published_by, rule_set.published_at = RuleSetState.PUBLISHED, by, clock.now()
    rule_set.full_clean(exclude=_PEOPLE)
    rule_set.save(update_fields=["state", "published_by", "published_at", "updated_at"])
    for reader_id in readers_of(rule_set).values_list("pk", flat=True):
        notice_create(
            recipient_id=reader_id,
            kind=NoticeKind.RULES_PUBLISHED,
            url=f"/followups/rules/versions/{rule_set.pk}/read/",
            subject=f"{SUBJECT}:{rule_set.pk}",
            dedupe_key=f"rules:{rule_set.pk}:{reader_id}",
            number=rule_set.number,
            valid_from=rule_set.valid_from.isoformat(),
        )
    return rule_set


@service
def rule_set_confirm(*, rule_set_id: int, by: User) -> RuleReading:
    """The person has read the version (R-878); twice is once. Raises PermissionDenied when it does not concern them."""
    rule_set = FollowUpRuleSet.objects.get(pk=rule_set_id)
    if not is_concerned(by) or rule_set.state != RuleSetState.PUBLISHED:
        raise PermissionDenied(_("There is nothing for you to confirm here."))
    row, _made = RuleReading.objects.get_or_create(rule_set=rule_set, user=by)
    return row
