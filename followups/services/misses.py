"""A promised time that passed. Written once per callback, with the excuse that was true at the deadline (R-075)."""

from collections.abc import Callable
from datetime import datetime, timedelta

from core import events
from followups.events import FollowUpMissed
from followups.models import FollowUp
from opportunities.enums import EventKind
from opportunities.models import Opportunity
from opportunities.services import journey_record
from staff.selectors import leave_at

ONE_SECOND = timedelta(seconds=1)  # a deadline of 23:59:59 has passed at midnight, not half a second before


def has_passed(deadline_at: datetime, now: datetime) -> bool:
    return now >= deadline_at + ONE_SECOND


def miss_note(
    follow_up: FollowUp, *, opportunity: Opportunity, now: datetime, excuse: Callable[[], str] | None = None
) -> bool:
    """When the deadline has passed: set `missed_at` and `excused`, log it and tell the apps above.

    Whoever comes first after the deadline calls this, the sweep or somebody who completes, moves or ends the callback,
    so that a miss does not depend on who was faster. Returns whether it was noted now; the caller saves the row.
    `excuse`: for a caller who knows it already.
    """
    if follow_up.missed_at is not None or not has_passed(follow_up.deadline_at, now):
        return False
    follow_up.missed_at = follow_up.deadline_at
    follow_up.excused = excuse() if excuse is not None else excuse_of(follow_up, opportunity)
    journey_record(
        opportunity,
        EventKind.FOLLOW_UP_MISSED,
        by=None,
        at=follow_up.deadline_at,
        subject=f"followups.FollowUp:{follow_up.pk}",
        code=follow_up.rule_code,
        excused=follow_up.excused,
    ).save(force_insert=True)
    events.emit(
        FollowUpMissed(
            follow_up_id=follow_up.pk,
            opportunity_id=opportunity.pk,
            assignee_id=follow_up.assignee_id,
            excused=follow_up.excused,
            at=now,
        )
    )
    return True


def excuse_of(follow_up: FollowUp, opportunity: Opportunity) -> str:
    """Why a miss does not count: nobody owned the customer, or as `excuse_of_owner` says. Otherwise ""."""
    owner = opportunity.owner
    if owner is None or not owner.is_active:
        return "unassigned"
    return excuse_of_owner(follow_up, was_away=lambda moment: leave_at(owner.pk, moment) is not None)


def excuse_of_owner(follow_up: FollowUp, *, was_away: Callable[[datetime], bool]) -> str:
    """The owner was on leave when the time ran out (or when the reminder went out, to somebody else), or was reminded
    too late (reliability.md 2.1, 10)."""
    reminded_at = follow_up.due_notified_at
    is_in_time = reminded_at is not None and reminded_at <= follow_up.deadline_at
    moments = [follow_up.deadline_at] if is_in_time else [follow_up.deadline_at, follow_up.due_at]
    if any(was_away(moment) for moment in moments):
        return "leave"
    return "" if is_in_time else "system"
