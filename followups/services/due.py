"""When a callback is due, when it is late, and when the next reminder goes out. Pure functions, no database."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from core import clock
from core.business_calendar import Overrides, clamp_to_contact_hours, is_workday, next_workday, previous_workday
from followups.enums import ClosedDays, DueRule, Step
from followups.models import FollowUp, FollowUpRule
from staff.models import Store


@dataclass(frozen=True)
class Due:
    """`due_at`: should be done by then; `deadline_at`: is late after it; `due_on`: local calendar day of due_at."""

    due_at: datetime
    deadline_at: datetime

    @property
    def due_on(self) -> date:
        return clock.local_date(self.due_at)


def due_by_rule(rule: FollowUpRule, *, at: datetime, store: Store, days: Overrides | None = None) -> Due:
    """The due time of a rule that was triggered at a moment (D-01, R-070, R-071, R-077).

    SAME_DAY ends with the calendar day; DAYS counts local calendar days; HOURS counts hours and stays within the
    store's contact hours. A rule may move a day off to a workday; `days` is the own business calendar.
    """
    day = clock.local_date(at)
    if rule.due_rule == DueRule.SAME_DAY:
        deadline = clock.end_of_day(day)
        due = clock.at_time(day, rule.due_time)
        return Due(due_at=due if due > at else deadline, deadline_at=deadline)
    if rule.due_rule == DueRule.HOURS:
        due = clamp_to_contact_hours(
            at + timedelta(hours=rule.due_after), start=store.contact_from, end=store.contact_until
        )
        return Due(due_at=due, deadline_at=max(due, at + timedelta(hours=rule.overdue_after)))
    due = clock.at_time(_open_day(rule, day + timedelta(days=rule.due_after), day, days), rule.due_time)
    deadline = clock.end_of_day(_open_day(rule, day + timedelta(days=rule.overdue_after), day, days))
    return Due(due_at=max(due, at), deadline_at=max(deadline, due, at))


def _open_day(rule: FollowUpRule, day: date, start: date, days: Overrides | None) -> date:
    """The day itself or the workday that the rule takes instead; never before the start."""
    if not rule.closed_days or is_workday(day, days):
        return day
    if rule.closed_days == ClosedDays.EARLIER:
        return max(previous_workday(day, days), start)
    return next_workday(day, days)


def due_agreed(at: datetime, *, deadline: datetime | None = None) -> Due:
    """The due time of a moment that was agreed with the customer: late after the end of that day."""
    end = clock.end_of_day(clock.local_date(at))
    return Due(due_at=at, deadline_at=max(end, deadline) if deadline else end)


def suggested_moment(due: Due, *, preferred: str, store: Store) -> datetime:
    """A good moment on the due day: the customer's preferred slot (R-837), else 10:00."""
    slots = {"morning": time(10), "afternoon": time(15, 30), "evening": time(18, 30), "weekend": time(10)}
    moment = clock.at_time(due.due_on, slots.get(preferred, time(10)))
    return clamp_to_contact_hours(moment, start=store.contact_from, end=store.contact_until)


def step_times(
    follow_up: FollowUp, *, before_min: int, escalate_min: int, manager_min: int | None = None
) -> dict[str, datetime]:
    """When each step of the reminder ladder goes out; the last one only when the rule has it."""
    times: dict[str, datetime] = {
        Step.SOON: follow_up.due_at - timedelta(minutes=before_min),
        Step.DUE: follow_up.due_at,
        Step.OVERDUE: follow_up.deadline_at + timedelta(seconds=1),
        Step.ESCALATE: follow_up.deadline_at + timedelta(minutes=escalate_min, seconds=1),
    }
    if manager_min is not None:
        times[Step.MANAGER] = follow_up.deadline_at + timedelta(minutes=manager_min, seconds=1)
    return times


def arm(follow_up: FollowUp, *, now: datetime, before_min: int, escalate_min: int) -> None:
    """Set the first step that lies ahead. A callback that is born late still reminds: OVERDUE is never skipped."""
    times = step_times(follow_up, before_min=before_min, escalate_min=escalate_min)
    step = next((step for step in (Step.SOON, Step.DUE) if times[step] > now), Step.OVERDUE)
    follow_up.remind_step, follow_up.remind_at = step, times[step]
