"""What the contact sheet proposes as the next callback, and why (design 19). Reads only; nothing is promised here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import clock
from core.business_calendar import clamp_to_contact_hours
from followups.enums import ContactOutcome, DueRule, RuleCode
from followups.models import FollowUp, FollowUpRule
from followups.selectors import RuleBook, pending_of, rule_book
from followups.services.due import due_agreed, due_by_rule, suggested_moment
from opportunities.enums import Level
from opportunities.models import Opportunity
from opportunities.services.facts import is_downgrade
from staff.models import Store, User

# The customer names the time, so nothing is proposed.
ASKED_OUTCOMES: frozenset[str] = frozenset({ContactOutcome.INVITED, ContactOutcome.INCONVENIENT})
TRIED_OUTCOMES: frozenset[str] = frozenset({ContactOutcome.NO_ANSWER, ContactOutcome.WRONG_NUMBER})


@dataclass(frozen=True)
class Proposal:
    """The next callback if nobody says otherwise. `at`: None when the person has to choose; `is_planned`: it exists
    already and stays as it is."""

    at: datetime | None
    code: str
    reason: str
    is_planned: bool = False

    @property
    def label(self) -> str:
        return str(RuleCode(self.code).label)


@dataclass(frozen=True)
class ContactSheet:
    """Everything the sheet shows about one opportunity. `follow_up`: the callback it was opened from."""

    opportunity: Opportunity
    follow_up: FollowUp | None
    pending: tuple[FollowUp, ...]
    by_outcome: dict[str, Proposal]
    by_level: dict[str, Proposal]

    @property
    def message(self) -> FollowUp | None:
        """The same-day message that is still to be sent."""
        return next((row for row in self.pending if row.rule_code == RuleCode.SAME_DAY_SMS), None)

    @property
    def next_call(self) -> FollowUp | None:
        return next((row for row in self.pending if row.rule_code != RuleCode.SAME_DAY_SMS), None)


def contact_sheet(*, opportunity: Opportunity, by: User, follow_up_id: int | None = None) -> ContactSheet:
    """Read what the sheet needs, with two queries. Raises DomainError when no rules are in force."""
    now = clock.now()
    pending = tuple(pending_of(opportunity.pk))
    book = rule_book(store_id=opportunity.store_id, on=clock.local_date(now))
    opened_from = next((row for row in pending if row.pk == follow_up_id), None)
    if opened_from is None:
        opened_from = next((row for row in pending if row.rule_code != RuleCode.SAME_DAY_SMS), None)
    after_talk = propose_after_talk(opportunity, pending, book=book, now=now, follow_up_id=follow_up_id)
    again = propose_retry(opportunity, book=book, now=now)
    asked = Proposal(at=None, code=RuleCode.MANUAL, reason=_("The time you agreed on"))
    by_outcome = {
        outcome: asked if outcome in ASKED_OUTCOMES else again if outcome in TRIED_OUTCOMES else after_talk
        for outcome in ContactOutcome.values
    }
    return ContactSheet(
        opportunity=opportunity,
        follow_up=opened_from,
        pending=pending,
        by_outcome=by_outcome,
        by_level={level: _of_level(opportunity, level, after_talk, book=book, by=by) for level in Level.values},
    )


def propose_after_talk(
    opportunity: Opportunity,
    pending: Iterable[FollowUp],
    *,
    book: RuleBook,
    now: datetime,
    follow_up_id: int | None = None,
) -> Proposal:
    """A callback that is planned for a later day stays; otherwise the cadence of the level decides (R-071)."""
    today = clock.local_date(now)
    later = (
        row
        for row in pending
        if row.rule_code != RuleCode.SAME_DAY_SMS and row.due_on > today and row.pk != follow_up_id
    )
    planned = min(later, key=lambda row: (row.due_at, row.pk), default=None)
    if planned is not None:
        reason = rule_words(planned.rule) if planned.rule else _("As planned")
        return Proposal(at=planned.due_at, code=planned.rule_code, reason=reason, is_planned=True)
    return propose_cadence(opportunity, opportunity.level, book=book, now=now)


def propose_cadence(opportunity: Opportunity, level: str, *, book: RuleBook, now: datetime) -> Proposal:
    """A good moment on the day on which the level's cadence is due (R-071, R-837)."""
    rule = book.rule(RuleCode.CADENCE, level)
    if rule is None:
        return Proposal(at=None, code=RuleCode.MANUAL, reason=_("No rule says when to call next: choose a time."))
    due = due_by_rule(rule, at=now, store=opportunity.store, days=book.days)
    moment = suggested_moment(due, preferred=opportunity.customer.preferred_time, store=opportunity.store)
    return Proposal(at=moment if moment > now else due.due_at, code=RuleCode.CADENCE, reason=rule_words(rule, level))


def propose_retry(opportunity: Opportunity, *, book: RuleBook, now: datetime) -> Proposal:
    """Nobody answered: again after the retry time, within contact hours."""
    rule = book.rule(RuleCode.RETRY, opportunity.level)
    if rule is not None:
        due = due_by_rule(rule, at=now, store=opportunity.store, days=book.days)
        return Proposal(at=due.due_at, code=RuleCode.RETRY, reason=rule_words(rule))
    due = due_agreed(now + timedelta(hours=book.policy.retry_after_hours))
    return Proposal(at=due.due_at, code=RuleCode.RETRY, reason=_hours_words(book.policy.retry_after_hours))


def _of_level(opportunity: Opportunity, level: str, after_talk: Proposal, *, book: RuleBook, by: User) -> Proposal:
    """The proposal with another level. A lower one changes nothing until the supervisor agrees (D-27)."""
    is_waiting = is_downgrade(opportunity.level, level) and not by.is_leader
    if after_talk.is_planned or level == opportunity.level or is_waiting:
        return after_talk
    return propose_cadence(opportunity, level, book=book, now=clock.now())


def rule_words(rule: FollowUpRule, level: str = "") -> str:
    """The promise of a rule in one short sentence, computed from its numbers."""
    days = rule.due_after
    if rule.code == RuleCode.CADENCE:
        return _cadence_words(days, level or rule.level)
    if rule.due_rule == DueRule.HOURS:
        return _hours_words(days)
    if rule.due_rule == DueRule.SAME_DAY:
        return _("On the day itself")
    if rule.code == RuleCode.FIRST_CALLBACK:
        return _("New customer: first callback on day %(first)s–%(last)s") % {"first": days, "last": rule.overdue_after}
    return ngettext("Within %(days)s day", "Within %(days)s days", days) % {"days": days}


def _cadence_words(days: int, level: str) -> str:
    values = {"days": days, "level": level}
    if not level:
        return ngettext("Every %(days)s day", "Every %(days)s days", days) % values
    if days == 2:  # noqa: PLR2004 -- "every 1–2 days" is how the business says it (domain.md 6)
        return _("Level %(level)s: every 1–%(days)s days") % values
    return ngettext("Level %(level)s: every %(days)s day", "Level %(level)s: every %(days)s days", days) % values


def _hours_words(hours: int) -> str:
    return ngettext("Call again in %(hours)s hour", "Call again in %(hours)s hours", hours) % {"hours": hours}


def quick_picks(*, store: Store, now: datetime, latest: datetime | None = None) -> list[tuple[str, datetime]]:
    """Moments to move a callback to, ahead, within contact hours and not after `latest`."""
    today = clock.local_date(now)
    tomorrow = today + timedelta(days=1)
    monday = today + timedelta(days=7 - today.weekday())
    is_afternoon_over = now >= clock.at_time(today, time(14, 30))
    wanted = [
        (_("This evening"), clock.at_time(today, time(18, 30)))
        if is_afternoon_over
        else (_("This afternoon"), clock.at_time(today, time(15))),
        (_("Tomorrow"), clock.at_time(tomorrow, time(10))),
        (_("In two days"), clock.at_time(tomorrow + timedelta(days=1), time(10)))
        if monday == tomorrow
        else (_("Monday"), clock.at_time(monday, time(10))),
    ]
    picks: list[tuple[str, datetime]] = []
    for label, moment in wanted:
        kept = clamp_to_contact_hours(moment, start=store.contact_from, end=store.contact_until)
        is_same_day = clock.local_date(kept) == clock.local_date(moment)
        if kept > now and is_same_day and (latest is None or kept <= latest):
            picks.append((label, kept))
    return picks
