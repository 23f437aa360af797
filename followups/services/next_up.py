"""What comes after a contact: an open opportunity always has a next callback (R-071)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError, LimitReached
from followups.enums import EFFECTIVE_OUTCOMES, ContactChannel, ContactOutcome, RuleCode
from followups.models import Contact, FollowUp
from followups.selectors import RuleBook
from followups.services.due import Due, due_agreed, due_by_rule
from followups.services.misses import miss_note
from followups.services.planning import build, move, next_occurrence
from opportunities.models import Opportunity

UNREACHED: frozenset[str] = frozenset(
    {ContactOutcome.NO_ANSWER, ContactOutcome.INCONVENIENT, ContactOutcome.WRONG_NUMBER}
)


@dataclass(frozen=True)
class Entry:
    """What the person typed; see contact_record. `is_proposed`: `next_at` is the sheet's proposal, left as it was."""

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


def ensure_next(entry: Entry, *, now: datetime, book: RuleBook) -> None:
    """Raises DomainError (no time although one was agreed, or in the past), LimitReached (too far)."""
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


def plan_next(
    opportunity: Opportunity, entry: Entry, left: list[FollowUp], *, contact: Contact, now: datetime, book: RuleBook
) -> FollowUp:
    """The next callback: an earlier promise is moved to the agreed time, otherwise a new one is made (R-071).

    `left` are the locked callbacks that the contact did not fulfil. Returns the earliest of all that are planned then.
    """
    calls = [row for row in left if row.rule_code != RuleCode.SAME_DAY_SMS]
    if entry.outcome in UNREACHED:
        planned = _try_again(opportunity, entry, calls, contact=contact, now=now, book=book)
    elif not calls:
        planned = _plan_new(opportunity, entry, contact=contact, now=now, book=book)
    else:
        planned = calls[0]
        if entry.next_at is not None and not entry.is_proposed and entry.next_at != planned.due_at:
            _move(planned, due_agreed(entry.next_at), contact=contact, now=now)
    return min([*calls, planned], key=lambda row: (row.due_at, row.pk))


def _plan_new(opportunity: Opportunity, entry: Entry, *, contact: Contact, now: datetime, book: RuleBook) -> FollowUp:
    """By the cadence of the level, or at the time that was agreed."""
    is_by_rule = entry.next_at is None or entry.is_proposed
    code = RuleCode.CADENCE if is_by_rule else RuleCode.MANUAL
    rule = book.rule(code, opportunity.level)
    if entry.next_at is not None:
        limit = (
            due_by_rule(rule, at=now, store=opportunity.store, days=book.days).deadline_at
            if is_by_rule and rule
            else None
        )
        due = due_agreed(entry.next_at, deadline=limit)
    elif rule is not None:
        due = due_by_rule(rule, at=now, store=opportunity.store, days=book.days)
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
    """Nobody answered: the same callback comes back; a new one only when none was planned until then."""
    rule = book.rule(RuleCode.RETRY, opportunity.level)
    if entry.next_at is not None:
        due = due_agreed(entry.next_at)
    elif rule is not None:
        due = due_by_rule(rule, at=now, store=opportunity.store, days=book.days)
    else:
        due = due_agreed(now + timedelta(hours=book.policy.retry_after_hours))
    if calls and calls[0].due_on <= max(clock.local_date(now), due.due_on):
        miss_note(calls[0], opportunity=opportunity, now=now)
        if not _stays_late(calls[0], book=book):
            _move(calls[0], due_agreed(due.due_at, deadline=calls[0].deadline_at), contact=contact, now=now)
        return calls[0]
    follow_up = build(
        opportunity, RuleCode.RETRY, due, book=book, occurrence=next_occurrence(opportunity, RuleCode.RETRY)
    )
    follow_up.planned_from = contact
    follow_up.save(force_insert=True)
    return follow_up


def _stays_late(follow_up: FollowUp, *, book: RuleBook) -> bool:
    """A missed callback that was tried in vain so often stays late until somebody is reached or closes it: trying on
    does not clear it any more. The present try is counted."""
    if follow_up.missed_at is None:
        return False
    tries = Contact.objects.filter(
        opportunity=follow_up.opportunity_id,
        outcome__in=UNREACHED,
        occurred_at__gte=follow_up.missed_at,
        correction=None,
    )
    return tries.count() > book.policy.retry_clears_times


def _move(follow_up: FollowUp, due: Due, *, contact: Contact, now: datetime) -> None:
    due_at, deadline_at = follow_up.due_at, follow_up.deadline_at
    move(follow_up, due, now=now)
    follow_up.save()
    remember_move(contact, follow_up, due_at=due_at, deadline_at=deadline_at)


def remember_move(contact: Contact, follow_up: FollowUp, *, due_at: datetime, deadline_at: datetime) -> None:
    """Keep the times before the contact with it, so that taking it back can restore them; the caller saves."""
    moved: dict[str, Any] = contact.evidence.setdefault("moved", {})
    moved.setdefault(str(follow_up.pk), {"due_at": due_at.isoformat(), "deadline_at": deadline_at.isoformat()})
    moved[str(follow_up.pk)]["generation"] = follow_up.generation
