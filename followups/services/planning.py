"""Planning callbacks from rules, moving them, ending them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Max, QuerySet
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError, LimitReached
from core.text import clean_text
from core.transactions import service
from followups.enums import CancelReason, FollowUpState, RuleCode, Step, Trigger
from followups.models import FollowUp, FollowUpRule
from followups.selectors import RuleBook, rule_book
from followups.services.due import Due, arm, due_agreed, due_by_rule
from followups.services.misses import has_passed, miss_note
from notifications.services import notices_done
from opportunities.enums import EventKind
from opportunities.models import Opportunity
from opportunities.services import ensure_can_work, journey_record, opportunity_lock
from opportunities.services.facts import is_downgrade
from staff.models import Store, User

_LADDER_FIELDS = ["generation", "due_notified_at", "remind_step", "remind_at", "attempts", "last_error", "updated_at"]


def subject_of(follow_up: FollowUp) -> str:
    """What the inbox lines about a callback are filed under."""
    return f"followups.FollowUp:{follow_up.pk}"


def build(
    opportunity: Opportunity, code: str, due: Due, *, book: RuleBook, occurrence: int = 1, note: str = ""
) -> FollowUp:
    """Make one callback, unsaved, with its reminder ladder armed."""
    rule = book.rule(code, opportunity.level)
    follow_up = FollowUp(
        store_id=opportunity.store_id,
        opportunity=opportunity,
        customer_id=opportunity.customer_id,
        assignee_id=opportunity.owner_id,
        rule=rule,
        rule_code=code,
        occurrence=occurrence,
        note=note[:200],
        due_at=due.due_at,
        due_on=due.due_on,
        deadline_at=due.deadline_at,
        original_due_at=due.due_at,
    )
    if rule is not None:
        follow_up.channel = rule.channel
    rearm(follow_up, now=clock.now())
    return follow_up


def rearm(follow_up: FollowUp, *, now: datetime) -> None:
    """Point the ladder at the next step ahead; with the rule's minutes, else one hour each."""
    rule: FollowUpRule | None = follow_up.rule
    arm(
        follow_up,
        now=now,
        before_min=rule.remind_before_min if rule else 60,
        escalate_min=rule.escalate_after_min if rule else 60,
    )
    follow_up.attempts, follow_up.last_error = 0, ""


def point_to_next(opportunity: Opportunity, pending: Iterable[FollowUp]) -> None:
    """Set the opportunity's next action from its pending callbacks; the caller saves."""
    first = min(pending, key=lambda row: (row.due_at, row.pk or 0), default=None)
    opportunity.next_action_at = first.due_at if first else None
    opportunity.next_action_label = first.rule_code if first else ""


_NEXT_ACTION = """
UPDATE opportunities_opportunity opportunity
SET next_action_at = next.due_at, next_action_label = coalesce(next.rule_code, ''), updated_at = %s
FROM (SELECT %s::bigint AS id) asked LEFT JOIN LATERAL (
  SELECT due_at, rule_code FROM followups_followup
  WHERE opportunity_id = asked.id AND state = 'pending' ORDER BY due_at, id LIMIT 1
) next ON true
WHERE opportunity.id = asked.id RETURNING opportunity.next_action_at, opportunity.next_action_label
"""


def save_next_action(opportunity: Opportunity) -> None:
    """Store the next action as the pending callbacks say."""
    opportunity.updated_at = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_ACTION, [opportunity.updated_at, opportunity.pk])
        opportunity.next_action_at, opportunity.next_action_label = cursor.fetchone()


@service
def followups_plan(*, opportunity_id: int, trigger: str, at: datetime) -> int:
    """Plan what the rules promise for this trigger; repeating it changes nothing (invariant 8).

    Returns how many callbacks were promised. Raises DomainError when no rules are in force.
    """
    opportunity = opportunity_lock(opportunity_id, by=None)
    book = rule_book(store_id=opportunity.store_id, on=clock.local_date(at))
    rows = promised(opportunity, trigger=trigger, at=at, book=book, store=book.store or opportunity.store)
    FollowUp.objects.bulk_create(rows, ignore_conflicts=True)
    save_next_action(opportunity)
    return len(rows)


def promised(opportunity: Opportunity, *, trigger: str, at: datetime, book: RuleBook, store: Store) -> list[FollowUp]:
    """The callbacks that a book of rules promises for a trigger, unsaved; nothing is read or written."""
    rows = [
        build(opportunity, rule.code, due_by_rule(rule, at=at, store=store, days=book.days), book=book)
        for rule in book.triggered_by(trigger, opportunity.level)
    ]
    if not rows and trigger == Trigger.OPENED:
        rows = [_fallback(opportunity, at=at, book=book, store=store)]
    return rows


def _fallback(opportunity: Opportunity, *, at: datetime, book: RuleBook, store: Store) -> FollowUp:
    """Somebody switched off every rule for new customers: all the same there is a next action (invariant 1)."""
    rule = book.rule(RuleCode.CADENCE, opportunity.level)
    due = due_by_rule(rule, at=at, store=store, days=book.days) if rule else due_agreed(clock.end_of_day(clock.today()))
    return build(opportunity, RuleCode.CADENCE, due, book=book)


@service
def message_plan_again(*, opportunity_id: int, at: datetime) -> FollowUp | None:
    """A customer who called or came again today gets a message the same day (R-077), unless one is planned."""
    opportunity = opportunity_lock(opportunity_id, by=None)
    if not opportunity.is_open:
        return None
    book = rule_book(store_id=opportunity.store_id, on=clock.local_date(at))
    rule = book.rule(RuleCode.SAME_DAY_SMS, opportunity.level)
    rows = FollowUp.objects.filter(opportunity=opportunity, rule_code=RuleCode.SAME_DAY_SMS)
    if rule is None or rows.filter(due_on=clock.local_date(at)).exclude(state=FollowUpState.CANCELLED).exists():
        return None
    due = due_by_rule(rule, at=at, store=opportunity.store, days=book.days)
    follow_up = build(opportunity, rule.code, due, book=book, occurrence=next_occurrence(opportunity, rule.code))
    follow_up.save(force_insert=True)
    save_next_action(opportunity)
    return follow_up


def next_occurrence(opportunity: Opportunity, code: str) -> int:
    """The next free number of this callback; the opportunity is locked, so nobody else takes it."""
    rows = FollowUp.objects.filter(opportunity=opportunity, rule_code=code)
    return (rows.aggregate(last=Max("occurrence"))["last"] or 0) + 1


@service
def followups_reassign(*, opportunity_id: int, owner_id: int | None, previous_owner_id: int | None = None) -> int:
    """Pending callbacks belong to the current owner (reliability.md 2.1, 9). Returns how many moved.

    The lines leave the previous owner's inbox. A callback whose deadline lies ahead begins a new ladder, so that the
    new owner is reminded as well; what was missed before stays with the previous owner, also when the sweep had not
    come by yet.
    """
    now = clock.now()
    opportunity = opportunity_lock(opportunity_id, by=None)
    opportunity.owner = User.objects.filter(pk=previous_owner_id).first()  # a miss belongs to who owned it then
    rows = list(_lock_pending(opportunity_id))
    for row in rows:
        miss_note(row, opportunity=opportunity, now=now)
        row.assignee_id = owner_id
        if not has_passed(row.deadline_at, now):
            row.generation += 1
            row.due_notified_at = None
            rearm(row, now=now)
            if row.due_at <= now:
                row.remind_step, row.remind_at = Step.DUE, now
        row.save(update_fields=[*_LADDER_FIELDS, "assignee", "missed_at", "excused"])
    if previous_owner_id is not None:
        notices_done(subjects=[subject_of(row) for row in rows], recipient_id=previous_owner_id)
    return len(rows)


@service
def followups_follow_level(*, opportunity_id: int, previous_level: str, level: str) -> int:
    """From today the cadence of another level applies (R-071): regular callbacks that are planned for a later day come
    nearer when the customer became hotter and further away when colder. Agreed times stay. Returns how many moved."""
    opportunity = opportunity_lock(opportunity_id, by=None)
    now = clock.now()
    book = rule_book(store_id=opportunity.store_id, on=clock.local_date(now))
    rule = book.rule(RuleCode.CADENCE, level)
    if rule is None or not opportunity.is_open:
        return 0
    due = due_by_rule(rule, at=now, store=opportunity.store, days=book.days)
    is_hotter = not is_downgrade(previous_level, level)
    moved = 0
    for row in _lock_pending(opportunity_id).filter(rule_code=RuleCode.CADENCE, due_on__gt=clock.local_date(now)):
        if (due.due_at < row.due_at) == is_hotter:
            row.rule = rule
            move(row, due, now=now)
            row.save()
            moved += 1
    if moved:
        save_next_action(opportunity)
    return moved


def _lock_pending(opportunity_id: int) -> QuerySet[FollowUp]:
    rows = FollowUp.objects.pending().filter(opportunity=opportunity_id)
    return rows.select_for_update(no_key=True, of=("self",)).select_related("rule").order_by("pk")


@service
def followups_cancel_all(*, opportunity_id: int, reason: str = CancelReason.CLOSED) -> int:
    """End all pending callbacks of a closed opportunity; a miss before it stays on record (R-075). Returns how many."""
    opportunity = opportunity_lock(opportunity_id, by=None)
    now = clock.now()
    rows = list(_lock_pending(opportunity_id))
    for row in rows:
        miss_note(row, opportunity=opportunity, now=now)
        row.state, row.cancel_reason = FollowUpState.CANCELLED, reason
        row.remind_step, row.remind_at = Step.NONE, None
        row.save(update_fields=[*_LADDER_FIELDS, "state", "cancel_reason", "missed_at", "excused"])
    notices_done(subjects=[subject_of(row) for row in rows])
    save_next_action(opportunity)
    return len(rows)


@service
def followup_reschedule(*, followup_id: int, due_at: datetime, reason: str, by: User) -> FollowUp:
    """Move a callback. What was missed before stays missed.

    Raises PermissionDenied, LimitReached (moved too often, or too far from the first date, or the same-day message to
    another day), DomainError (no reason, in the past, done meanwhile, closed).
    """
    row = FollowUp.objects.filter(pk=followup_id).only("opportunity_id").first()
    if row is None:
        raise PermissionDenied(_("This callback is not yours to move."))
    opportunity = opportunity_lock(row.opportunity_id, by=by)
    ensure_can_work(by, opportunity)
    locked = FollowUp.objects.select_for_update(no_key=True, of=("self",)).select_related("rule")
    follow_up = locked.get(pk=followup_id)
    now = clock.now()
    book = rule_book(store_id=opportunity.store_id, on=clock.local_date(now))
    ensure_movable(follow_up, due_at=due_at, reason=reason, now=now, book=book)
    before = follow_up.due_at
    miss_note(follow_up, opportunity=opportunity, now=now)
    move(follow_up, due_agreed(due_at, deadline=follow_up.deadline_at), now=now)
    follow_up.moved_times += 1
    follow_up.save()
    journey_record(
        opportunity,
        EventKind.FOLLOW_UP_MOVED,
        by=by,
        subject=f"followups.FollowUp:{follow_up.pk}",
        code=follow_up.rule_code,
        before=before.isoformat(),
        after=due_at.isoformat(),
        reason=clean_text(reason)[:200],
    ).save(force_insert=True)
    notices_done(subjects=[subject_of(follow_up)])
    save_next_action(opportunity)
    return follow_up


def move(follow_up: FollowUp, due: Due, *, now: datetime) -> None:
    """Give a callback another time and a fresh ladder; the caller saves."""
    follow_up.due_at, follow_up.due_on, follow_up.deadline_at = due.due_at, due.due_on, due.deadline_at
    follow_up.generation += 1
    follow_up.due_notified_at = None
    rearm(follow_up, now=now)


def ensure_movable(follow_up: FollowUp, *, due_at: datetime, reason: str, now: datetime, book: RuleBook) -> None:
    """Raises LimitReached or DomainError with the field it is about."""
    if follow_up.state != FollowUpState.PENDING:
        raise DomainError(_("This callback is done already."), code="done")
    if not clean_text(reason):
        raise DomainError(_("Say why it is moved."), field="reason")
    if due_at <= now:
        raise DomainError(_("Choose a time in the future."), field="due_at")
    if follow_up.rule_code == RuleCode.SAME_DAY_SMS and due_at > follow_up.deadline_at:
        raise LimitReached(_("The message has to go out on the same day."), field="due_at")
    if follow_up.moved_times >= book.policy.reschedule_max_times:
        raise LimitReached(
            _("Moved %(times)s times already; call, or ask the supervisor."),
            field="due_at",
            params={"times": follow_up.moved_times},
        )
    if due_at > latest_moment(follow_up, now=now, book=book):
        raise LimitReached(
            _("At the latest %(days)s days after the first date."),
            field="due_at",
            params={"days": book.policy.reschedule_max_days},
        )


def latest_moment(follow_up: FollowUp, *, now: datetime, book: RuleBook) -> datetime:
    """The end of the last day to which a callback may be moved: so many days after its first date, else tomorrow."""
    last_day = clock.local_date(follow_up.original_due_at) + timedelta(days=book.policy.reschedule_max_days)
    return clock.end_of_day(max(last_day, clock.local_date(now) + timedelta(days=1)))
