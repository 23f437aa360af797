"""Recording what was said, in one step with what comes next (R-080, R-082; design 19)."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils.translation import gettext_lazy as _

from core import clock, events
from core.errors import DomainError
from core.text import clean_text
from core.transactions import service
from followups.enums import CancelReason, ContactChannel, ContactOutcome, FollowUpState, RuleCode, Step
from followups.events import ContactRecorded
from followups.models import Contact, FollowUp
from followups.selectors import MessageChoice, RuleBook, burst_size, is_burst, message_choices, rule_book
from followups.services.misses import miss_note
from followups.services.next_up import Entry, ensure_next, plan_next, remember_move
from followups.services.planning import point_to_next
from notifications.enums import MessageChannel, MessagePurpose, NoticeKind
from notifications.services import message_queue, notice_create, notices_done
from opportunities.enums import EventKind, LostReason, VoidReason
from opportunities.models import Opportunity
from opportunities.services import close_request, ensure_can_work, journey_record, level_change, opportunity_lock
from opportunities.services.notices import tell_leader
from opportunities.stages import Outcome
from staff.models import User

_WRITTEN: frozenset[str] = frozenset({ContactChannel.SMS, ContactChannel.WECHAT})


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
    key = idempotency_key_clean(idempotency_key)
    opportunity = opportunity_lock(opportunity_id, by=by)
    now = clock.now()
    pending = _lock_pending(opportunity)
    sentence = clean_text(entry.sentence)
    words = {"sentence": sentence, "outcome": entry.outcome}
    book = rule_book(store_id=opportunity.store_id, on=clock.local_date(now), key=key, by_id=by.pk, **words)
    if book.earlier_contact_id is not None:
        return _stored_before(book.earlier_contact_id, opportunity, pending, by=by)
    ensure_can_work(by, opportunity)
    ensure_next(entry, now=now, book=book)
    contact = _contact_create(opportunity, entry, sentence, by=by, key=key, now=now, book=book)
    stored = deepcopy(contact.evidence)
    done = _complete(pending, contact, entry, follow_up_id=follow_up_id, now=now)
    dropped = _drop_old_messages(pending, contact, now=now) if entry.is_effective else []
    left = [row for row in pending if row.pk not in done and row.pk not in dropped]
    level = _level(opportunity, contact, entry, left, by=by)  # first: the next callback goes by the new level
    next_up = plan_next(opportunity, entry, left, contact=contact, now=now, book=book)
    _close_out(opportunity, contact, [*left, next_up], by=by, entry=entry)
    notices_done(subjects=[f"followups.FollowUp:{pk}" for pk in [*done, *dropped, *contact.evidence.get("moved", ())]])
    _propose_close(opportunity, contact, by=by)
    if contact.is_suspicious and burst_size(book, at=now) == book.policy.burst_entries:
        tell_leader(opportunity, NoticeKind.SUSPICIOUS_ENTRIES, by=by)  # once for a burst, not for every entry
    if contact.evidence != stored:
        Contact.objects.filter(pk=contact.pk).update(evidence=contact.evidence)
    return ContactResult(contact=contact, completed=tuple(done), next_up=next_up, level=level)


_CLOSING: dict[str, tuple[str, str]] = {
    ContactOutcome.BOUGHT_ELSEWHERE: (Outcome.LOST, LostReason.COMPETITOR),
    ContactOutcome.WRONG_NUMBER: (Outcome.VOID, VoidReason.WRONG_NUMBER),
}


def _propose_close(opportunity: Opportunity, contact: Contact, *, by: User) -> None:
    if contact.outcome not in _CLOSING or opportunity.close_requested:
        return
    outcome, reason = _CLOSING[contact.outcome]
    close_request(opportunity_id=opportunity.pk, outcome=outcome, reason=reason, note=contact.sentence, by=by)
    contact.evidence["proposed_close"] = outcome


def _lock_pending(opportunity: Opportunity, pks: Iterable[int] | None = None) -> list[FollowUp]:
    rows = FollowUp.objects.pending().filter(opportunity=opportunity)
    if pks is not None:
        rows = rows.filter(pk__in=pks)
    return list(rows.select_for_update(no_key=True, of=("self",)).select_related("rule").order_by("due_at", "id"))


def _stored_before(contact_id: int, opportunity: Opportunity, pending: list[FollowUp], *, by: User) -> ContactResult:
    """The answer of the first time. A key of somebody else, of another customer or of an entry that was taken back
    belongs to an old page: nothing is stored and nothing is told."""
    contact = Contact.objects.filter(pk=contact_id, opportunity=opportunity, by=by, correction=None).first()
    if contact is None:
        raise _out_of_date()
    return ContactResult(contact=contact, completed=(), next_up=pending[0] if pending else None, is_repeat=True)


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
        idempotency_key=key,
    )
    contact.clean_fields(exclude=["store", "opportunity", "customer", "by"])
    contact.save(force_insert=True)
    return contact


def idempotency_key_clean(key: str) -> str:
    """Raises DomainError for an empty key: without one a double submit would count twice."""
    if not key:
        raise _out_of_date()
    return key[:60]


def _out_of_date() -> DomainError:
    return DomainError(_("The page is out of date; open it again."), code="no_key")


def _complete(
    pending: list[FollowUp], contact: Contact, entry: Entry, *, follow_up_id: int | None, now: datetime
) -> list[int]:
    """Mark what the contact fulfils as done, with one statement; returns the ids."""
    today = clock.local_date(now)
    if entry.is_effective:
        fulfilled = [
            row
            for row in pending
            if (row.rule_code != RuleCode.SAME_DAY_SMS or entry.channel in _ways(row))
            and (row.due_on <= today or row.pk == follow_up_id)
        ]
    elif entry.outcome == ContactOutcome.SENT:
        fulfilled = [
            row
            for row in pending
            if row.rule_code == RuleCode.SAME_DAY_SMS or (row.pk == follow_up_id and entry.channel in _ways(row))
        ]
    else:
        fulfilled = []
    if not fulfilled:
        return []
    done = [row.pk for row in fulfilled]
    _note_misses(fulfilled, contact, now=now)
    FollowUp.objects.filter(pk__in=done).update(
        state=FollowUpState.DONE,
        done_at=now,
        done_by=contact.by,
        contact=contact,
        is_late=ExpressionWrapper(Q(missed_at__isnull=False), output_field=BooleanField()),
        remind_at=None,
        remind_step=Step.NONE,
        updated_at=now,
    )
    return done


def _ways(row: FollowUp) -> set[str]:
    """How the callback may be made: any way of its rule; a message of one kind counts for the other."""
    ways = {row.channel, *(row.rule.channels if row.rule else ())}
    return ways | _WRITTEN if ways & _WRITTEN else ways


def _note_misses(rows: Iterable[FollowUp], contact: Contact, *, now: datetime) -> None:
    """A miss that the sweep has not seen yet is a miss all the same."""
    for row in rows:
        if miss_note(row, opportunity=contact.opportunity, now=now):
            FollowUp.objects.filter(pk=row.pk).update(missed_at=row.missed_at, excused=row.excused)


def _drop_old_messages(pending: list[FollowUp], contact: Contact, *, now: datetime) -> list[int]:
    """A message that was due on an earlier day is pointless after a talk: it ends, its miss stays on record."""
    today = clock.local_date(now)
    old = [row for row in pending if row.rule_code == RuleCode.SAME_DAY_SMS and row.due_on < today]
    if not old:
        return []
    _note_misses(old, contact, now=now)
    contact.evidence["dropped"] = dropped = [row.pk for row in old]
    FollowUp.objects.filter(pk__in=dropped).update(
        state=FollowUpState.CANCELLED,
        cancel_reason=CancelReason.SUPERSEDED,
        remind_at=None,
        remind_step=Step.NONE,
        updated_at=now,
    )
    return dropped


def _level(opportunity: Opportunity, contact: Contact, entry: Entry, left: list[FollowUp], *, by: User) -> str:
    """Change the level as level_set does. Planned callbacks may move by it: `left` holds the new times afterwards."""
    if not entry.level:
        return "same"
    answer = level_change(opportunity, entry.level, by=by)
    if answer != "same":
        contact.evidence["level"] = {"to": entry.level, "answer": answer}
    if answer == "set" and left:
        before = {row.pk: row for row in left}
        left[:] = _lock_pending(opportunity, before)
        for row in left:
            old = before[row.pk]
            if row.due_at != old.due_at:
                remember_move(contact, row, due_at=old.due_at, deadline_at=old.deadline_at)
    return answer


def _close_out(
    opportunity: Opportunity, contact: Contact, pending: list[FollowUp | None], *, by: User, entry: Entry
) -> None:
    """Write the read models of the opportunity, the log and the event."""
    if contact.is_effective:
        opportunity.last_contact_at = contact.occurred_at
    if contact.sentence and entry.outcome != ContactOutcome.SENT:  # our own message says nothing about the customer
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
        _hand_over(result.contact, opportunity, body, by=by)
    return result


def _hand_over(contact: Contact, opportunity: Opportunity, body: str, *, by: User) -> None:
    """Into the outbox. A text that was left as it was proposed goes as the template that the provider approved."""
    mobile = opportunity.customer.phones.filter(kind="MOBILE").order_by("-is_primary", "id").first()
    if mobile is None:
        raise DomainError(_("There is no mobile number for a message."), field="body")
    choices = message_choices(opportunity=opportunity, by=by)
    chosen = next((choice for choice in choices if clean_text(choice.text) == body), None)
    message_queue(
        channel=MessageChannel.SMS,
        recipient=mobile.number,
        body=body,
        subject=f"followups.Contact:{contact.pk}",
        idempotency_key=f"contact:{contact.uid}",
        by=by,
        store_id=opportunity.store_id,
        addressee=f"customers.Customer:{opportunity.customer_id}",
        purpose=_purpose_of(chosen),
        template=chosen.template.code if chosen else "",
        values=chosen.values if chosen else None,
    )


def _purpose_of(chosen: MessageChoice | None) -> str:
    """An offer stays an offer and needs its consent; nothing to a customer counts as internal."""
    if chosen is None or chosen.template.purpose == MessagePurpose.INTERNAL:
        return MessagePurpose.SERVICE
    return chosen.template.purpose


@service
def message_failed_tell(*, contact_id: int) -> bool:
    """The one who wrote the message hears that the customer did not get it, once. Unknown contacts are ignored."""
    contact = Contact.objects.select_related("customer").filter(pk=contact_id).first()
    return contact is not None and notice_create(
        recipient_id=contact.by_id,
        kind=NoticeKind.MESSAGE_FAILED,
        url=f"/opportunities/{contact.opportunity_id}/",
        subject=f"followups.Contact:{contact.pk}",
        dedupe_key=f"message-failed:{contact.pk}",
        customer=contact.customer.name,
    )
