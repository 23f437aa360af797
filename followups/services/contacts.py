"""Recording what was said, in one step with what comes next (R-080, R-082; design 19)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from core import clock, events
from core.errors import DomainError, LimitReached
from core.text import clean_text
from core.transactions import service
from followups.enums import (
    EFFECTIVE_OUTCOMES,
    CancelReason,
    ContactChannel,
    ContactOutcome,
    FollowUpState,
    RuleCode,
    Step,
)
from followups.events import ContactRecorded
from followups.models import Contact, FollowUp
from followups.selectors import RuleBook, is_burst, rule_book
from followups.services.due import due_agreed, due_by_rule
from followups.services.planning import build, move, next_occurrence, point_to_next
from notifications.enums import MessageChannel
from notifications.services import message_queue, notices_done
from opportunities.enums import EventKind, Level, LostReason, VoidReason
from opportunities.models import Opportunity
from opportunities.services import close_request, journey_record, level_request, opportunity_lock
from opportunities.services.facts import apply_level, is_downgrade
from opportunities.stages import Outcome
from staff.models import User


@dataclass(frozen=True)
class Entry:
    """What the person typed; see contact_record. `is_proposed`: `next_at` was proposed and left as it was."""

    channel: str
    outcome: str
    sentence: str = ""
    tags: tuple[str, ...] = ()
    next_at: datetime | None = None
    is_proposed: bool = False
    level: str = ""
    duration_s: int | None = None
    evidence: dict[str, Any] = field(default_factory=dict)

    @property
    def is_effective(self) -> bool:
        """A talk that was had. A message sent is none: it keeps no ownership (D-02)."""
        return self.outcome in EFFECTIVE_OUTCOMES


@dataclass(frozen=True)
class ContactResult:
    """What happened: `completed` callbacks are done, `next_up` is what comes next, `is_repeat` = stored before."""

    contact: Contact
    completed: tuple[int, ...]
    next_up: FollowUp | None
    is_repeat: bool = False
    level: str = "same"  # same, set, requested


@service
def contact_record(
    *, opportunity_id: int, entry: Entry, by: User, idempotency_key: str, follow_up_id: int | None = None
) -> ContactResult:
    """Store a contact, complete the callbacks it fulfils and make sure that there is a next one.

    An effective contact fulfils every callback that was due until today, and the one it was opened from. Without an
    answer nothing is fulfilled: the callback comes back after the store's retry time (or at `next_at`), and an attempt
    before the deadline moves the deadline to the end of that day. The same key again changes nothing.
    Raises PermissionDenied, DomainError (closed, next date in the past), LimitReached (next date too far).
    """
    opportunity = opportunity_lock(opportunity_id, by=by)
    if not opportunity.is_open:
        raise DomainError(_("This opportunity is closed."), code="closed")
    now = clock.now()
    pending = list(
        FollowUp.objects.pending()
        .filter(opportunity=opportunity)
        .select_for_update(of=("self",))
        .select_related("rule")
        .order_by("due_at", "id")
    )
    sentence = clean_text(entry.sentence)
    book = rule_book(
        store_id=opportunity.store_id,
        on=clock.local_date(now),
        key=idempotency_key,
        by_id=by.pk,
        sentence=sentence,
        outcome=entry.outcome,
    )
    if book.earlier_contact_id is not None:
        return _stored_before(book.earlier_contact_id, pending)
    _ensure_next(entry, now=now, book=book)
    contact = _contact_create(opportunity, entry, sentence, by=by, key=idempotency_key, now=now, book=book)
    done = _complete(pending, contact, entry, follow_up_id=follow_up_id, now=now)
    dropped = _drop_old_messages(pending, now=now) if entry.is_effective else []
    left = [row for row in pending if row.pk not in done and row.pk not in dropped]
    next_up = _plan_next(opportunity, entry, left, contact=contact, now=now, book=book)
    level = _level(opportunity, entry.level, by=by)
    _close_out(opportunity, contact, [*left, next_up], by=by, entry=entry)
    notices_done(subjects=[f"followups.FollowUp:{pk}" for pk in [*done, *dropped]])
    if entry.outcome in _CLOSING and not opportunity.close_requested:
        outcome, reason = _CLOSING[entry.outcome]
        close_request(opportunity_id=opportunity.pk, outcome=outcome, reason=reason, note=sentence, by=by)
    return ContactResult(contact=contact, completed=tuple(done), next_up=next_up, level=level)


_CLOSING: dict[str, tuple[str, str]] = {
    ContactOutcome.BOUGHT_ELSEWHERE: (Outcome.LOST, LostReason.COMPETITOR),
    ContactOutcome.WRONG_NUMBER: (Outcome.VOID, VoidReason.WRONG_NUMBER),
}


def _stored_before(contact_id: int, pending: list[FollowUp]) -> ContactResult:
    contact = Contact.objects.get(pk=contact_id)
    return ContactResult(contact=contact, completed=(), next_up=pending[0] if pending else None, is_repeat=True)


def _ensure_next(entry: Entry, *, now: datetime, book: RuleBook) -> None:
    if entry.outcome in (ContactOutcome.INVITED, ContactOutcome.INCONVENIENT) and entry.next_at is None:
        raise DomainError(_("Choose the time you agreed on."), field="next_at")
    if entry.next_at is None:
        return
    if entry.next_at <= now:
        raise DomainError(_("Choose a time in the future."), field="next_at")
    if entry.next_at > now + timedelta(days=book.policy.next_max_days):
        raise LimitReached(
            _("At most %(days)s days ahead."), field="next_at", params={"days": book.policy.next_max_days}
        )


def _contact_create(
    opportunity: Opportunity, entry: Entry, sentence: str, *, by: User, key: str, now: datetime, book: RuleBook
) -> Contact:
    before = {
        "last_contact_at": opportunity.last_contact_at.isoformat() if opportunity.last_contact_at else None,
        "last_note": opportunity.last_note,
        "level": opportunity.level,
    }
    contact = Contact(
        store_id=opportunity.store_id,
        opportunity=opportunity,
        customer_id=opportunity.customer_id,
        by=by,
        channel=entry.channel,
        outcome=entry.outcome,
        sentence=sentence,
        tags=list(entry.tags),
        duration_s=entry.duration_s,
        is_effective=entry.is_effective,
        is_suspicious=bool(sentence or entry.is_effective) and is_burst(book, at=now),
        occurred_at=now,
        evidence={**entry.evidence, "before": before},
        idempotency_key=idempotency_key_clean(key),
    )
    contact.clean_fields(exclude=["store", "opportunity", "customer", "by"])
    contact.save(force_insert=True)
    return contact


def idempotency_key_clean(key: str) -> str:
    """Raises DomainError for an empty key: without one a double submit would count twice."""
    if not key:
        raise DomainError(_("The page is out of date; open it again."), code="no_key")
    return key[:60]


def _complete(
    pending: list[FollowUp], contact: Contact, entry: Entry, *, follow_up_id: int | None, now: datetime
) -> list[int]:
    """Mark what the contact fulfils as done, with one statement; returns the ids."""
    today = clock.local_date(now)
    if entry.is_effective:
        done = [
            row.pk
            for row in pending
            if row.rule_code != RuleCode.SAME_DAY_SMS and (row.due_on <= today or row.pk == follow_up_id)
        ]
    elif entry.outcome == ContactOutcome.SENT:
        done = [row.pk for row in pending if row.rule_code == RuleCode.SAME_DAY_SMS or row.pk == follow_up_id]
    else:
        done = []
    if done:
        late = Q(deadline_at__lt=now) | Q(missed_at__isnull=False)
        FollowUp.objects.filter(pk__in=done).update(
            state=FollowUpState.DONE,
            done_at=now,
            done_by=contact.by,
            contact=contact,
            is_late=ExpressionWrapper(late, output_field=BooleanField()),
            remind_at=None,
            remind_step=Step.NONE,
            updated_at=now,
        )
    return done


def _drop_old_messages(pending: list[FollowUp], *, now: datetime) -> list[int]:
    """A message that was due on an earlier day is pointless after a talk: it ends, its miss stays on record."""
    today = clock.local_date(now)
    old = [row.pk for row in pending if row.rule_code == RuleCode.SAME_DAY_SMS and row.due_on < today]
    if old:
        FollowUp.objects.filter(pk__in=old).update(
            state=FollowUpState.CANCELLED,
            cancel_reason=CancelReason.SUPERSEDED,
            missed_at=Coalesce("missed_at", "deadline_at"),
            remind_at=None,
            remind_step=Step.NONE,
            updated_at=now,
        )
    return old


def _plan_next(
    opportunity: Opportunity, entry: Entry, left: list[FollowUp], *, contact: Contact, now: datetime, book: RuleBook
) -> FollowUp | None:
    """The next callback: an earlier promise is moved to the agreed time, otherwise a new one is made (R-071)."""
    calls = [row for row in left if row.rule_code != RuleCode.SAME_DAY_SMS]
    if entry.outcome in (ContactOutcome.NO_ANSWER, ContactOutcome.INCONVENIENT, ContactOutcome.WRONG_NUMBER):
        return _try_again(opportunity, entry, calls, contact=contact, now=now, book=book)
    if calls:
        if entry.next_at is not None and not entry.is_proposed and entry.next_at != calls[0].due_at:
            _remember_move(contact, calls[0])
            move(calls[0], due_agreed(entry.next_at), now=now)
            calls[0].save()
        return calls[0]
    is_by_rule = entry.next_at is None or entry.is_proposed
    code = RuleCode.CADENCE if is_by_rule else RuleCode.MANUAL
    rule = book.rule(code, opportunity.level)
    if entry.next_at is not None:
        limit = due_by_rule(rule, at=now, store=opportunity.store).deadline_at if is_by_rule and rule else None
        due = due_agreed(entry.next_at, deadline=limit)
    elif rule is not None:
        due = due_by_rule(rule, at=now, store=opportunity.store)
    else:
        raise DomainError(_("No rule says when to call next: choose a time."), field="next_at")
    follow_up = build(
        opportunity, code, due, book=book, occurrence=next_occurrence(opportunity, code), note=contact.sentence
    )
    if entry.outcome == ContactOutcome.INVITED:
        follow_up.channel = ContactChannel.VISIT
    follow_up.planned_from = contact
    follow_up.save(force_insert=True)
    return follow_up


def _try_again(
    opportunity: Opportunity, entry: Entry, calls: list[FollowUp], *, contact: Contact, now: datetime, book: RuleBook
) -> FollowUp:
    """Nobody answered: the same callback comes back; a new one only when none was planned."""
    rule = book.rule(RuleCode.RETRY, opportunity.level)
    if entry.next_at is not None:
        due = due_agreed(entry.next_at)
    elif rule is not None:
        due = due_by_rule(rule, at=now, store=opportunity.store)
    else:
        due = due_agreed(now + timedelta(hours=book.policy.retry_after_hours))
    if calls and calls[0].due_on <= max(clock.local_date(now), due.due_on):
        _remember_move(contact, calls[0])
        if calls[0].deadline_at < now and calls[0].missed_at is None:
            calls[0].missed_at = now
        move(calls[0], due_agreed(due.due_at, deadline=calls[0].deadline_at), now=now)
        calls[0].save()
        return calls[0]
    follow_up = build(
        opportunity, RuleCode.RETRY, due, book=book, occurrence=next_occurrence(opportunity, RuleCode.RETRY)
    )
    follow_up.planned_from = contact
    follow_up.save(force_insert=True)
    return follow_up


def _remember_move(contact: Contact, follow_up: FollowUp) -> None:
    """Keep the old times with the contact, so that taking it back can restore them."""
    contact.evidence.setdefault("moved", []).append(
        {
            "id": follow_up.pk,
            "due_at": follow_up.due_at.isoformat(),
            "deadline_at": follow_up.deadline_at.isoformat(),
            "missed": follow_up.missed_at is not None,
        }
    )
    Contact.objects.filter(pk=contact.pk).update(evidence=contact.evidence)


def _level(opportunity: Opportunity, level: str, *, by: User) -> str:
    if not level or level == opportunity.level or level not in Level.values:
        return "same"
    if is_downgrade(opportunity.level, level) and not by.is_leader:
        level_request(opportunity=opportunity, level=level, by=by)
        return "requested"
    apply_level(opportunity, level, by=by)
    return "set"


def _close_out(
    opportunity: Opportunity, contact: Contact, pending: list[FollowUp | None], *, by: User, entry: Entry
) -> None:
    """Write the read models of the opportunity, the log and the event."""
    if contact.is_effective:
        opportunity.last_contact_at = contact.occurred_at
    if contact.sentence:
        opportunity.last_note = contact.sentence[:200]
    point_to_next(opportunity, [row for row in pending if row is not None])
    opportunity.save(
        update_fields=["last_contact_at", "last_note", "next_action_at", "next_action_label", "updated_at"]
    )
    journey_record(
        opportunity,
        EventKind.CONTACTED,
        by=by,
        at=contact.occurred_at,
        subject=f"followups.Contact:{contact.pk}",
        channel=entry.channel,
        outcome=entry.outcome,
        sentence=contact.sentence,
        tags=contact.tags,
        duration_s=contact.duration_s,
        is_suspicious=contact.is_suspicious,
    ).save(force_insert=True)
    events.emit(
        ContactRecorded(
            contact_id=contact.pk,
            opportunity_id=opportunity.pk,
            by_id=by.pk,
            is_effective=contact.is_effective,
            at=contact.occurred_at,
        )
    )


@service
def message_send(
    *, opportunity_id: int, body: str, is_by_system: bool, by: User, idempotency_key: str, follow_up_id: int | None
) -> ContactResult:
    """Send the same-day message (R-077) through the outbox, or note that it was sent from the own phone.

    Raises DomainError (empty, customer does not want to be contacted, no mobile number).
    """
    body = clean_text(body)
    if not body:
        raise DomainError(_("Write the message first."), field="body")
    opportunity = opportunity_lock(opportunity_id, by=by)
    if opportunity.customer.is_do_not_contact:
        raise DomainError(_("The customer does not want to be contacted."), field="body")
    entry = Entry(
        channel=ContactChannel.SMS,
        outcome=ContactOutcome.SENT,
        sentence=body,
        evidence={"via": "system" if is_by_system else "own_phone"},
    )
    result = contact_record(
        opportunity_id=opportunity_id, entry=entry, by=by, idempotency_key=idempotency_key, follow_up_id=follow_up_id
    )
    if is_by_system and not result.is_repeat:
        mobile = opportunity.customer.phones.filter(kind="MOBILE").order_by("-is_primary", "id").first()
        if mobile is None:
            raise DomainError(_("There is no mobile number for a message."), field="body")
        message_queue(
            channel=MessageChannel.SMS,
            recipient=mobile.number,
            body=body,
            subject=f"followups.Contact:{result.contact.pk}",
            idempotency_key=f"contact:{result.contact.uid}",
            by=by,
        )
    return result
