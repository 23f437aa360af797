"""The panel of one person: who it is, what the person may see, days off and what they would cause."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core import clock
from staff.duties import Duty, all_duties, main_duty
from staff.enums import FLOOR_ROLES, LeaveKind, LeaveState, Scope, StaffGroup
from staff.models import Leave, TeamMembership, User, UserSession
from staff.policies import (
    can_administer,
    can_change_rights,
    can_decide_leave,
    can_manage_leave,
    can_reset_password,
    can_reset_second_factor,
)
from staff.selectors.approvers import leave_approver
from staff.selectors.leave import OPEN_STATES, stand_ins_for
from staff.selectors.roster import (
    entries_between,
    leaves_between,
    minimum_on,
    minimums_of,
    week_days,
)

SIGHT = {
    Scope.NONE: _("No customers"),
    Scope.OWN: _("Own customers; of others only the name when a number is taken"),
    Scope.TEAM: _("Customers of the team, and those of nobody"),
    Scope.STORE: _("All customers of the store"),
    Scope.GROUP: _("All customers of all stores of the group"),
}
LONGEST_LOOK_DAYS = 28


@dataclass(frozen=True)
class LowDay:
    on: date
    there: int
    minimum: int


@dataclass(frozen=True)
class LeaveCard:
    """A leave and its consequences. `handed`: what falls due in these days, as (duty, how many)."""

    leave: Leave
    days: int
    days_left: int | None
    approver: User | None
    stand_ins: list[User]
    handed: list[tuple[Duty, int]]
    low_days: list[LowDay]
    can_decide: bool
    can_cancel: bool


@dataclass(frozen=True)
class Panel:
    person: User
    membership: TeamMembership | None
    sight: str
    session: UserSession | None
    cards: list[LeaveCard]
    can_administer: bool
    can_change_rights: bool
    can_reset_password: bool
    can_reset_second_factor: bool


def panel_of(person: User, *, viewer: User) -> Panel:
    membership = TeamMembership.objects.filter(user=person, until_on=None).first()
    return Panel(
        person=person,
        membership=membership,
        sight=str(SIGHT[Scope(person.scope)]),
        session=last_session(person),
        cards=[leave_card(leave, person=person, viewer=viewer) for leave in leaves_ahead(person)],
        can_administer=can_administer(viewer, person),
        can_change_rights=can_change_rights(viewer, person),
        can_reset_password=can_reset_password(viewer, person),
        can_reset_second_factor=person.second_factor_at is not None and can_reset_second_factor(viewer, person),
    )


def last_session(person: User) -> UserSession | None:
    """Where the person signed in last, while that session lasts; the moment alone is kept longer (last_login)."""
    rows = UserSession.objects.filter(user=person, started_at__isnull=False).select_related("device")
    return rows.order_by("-started_at").first()


def leaves_ahead(person: User, limit: int = 2) -> QuerySet[Leave]:
    """Asked for or approved, not over: the next ones."""
    rows = Leave.objects.filter(user=person, state__in=OPEN_STATES, ends_at__gt=clock.now())
    return rows.select_related("stand_in", "decided_by").order_by("starts_at")[:limit]


def leave_card(leave: Leave, *, person: User, viewer: User) -> LeaveCard:
    is_waiting = leave.state == LeaveState.REQUESTED
    can_decide = is_waiting and can_decide_leave(viewer, person)
    handed = [
        (duty, duty.due_between(person.pk, leave.starts_at, leave.ends_at))
        for duty in all_duties()
        if duty.due_between is not None
    ]
    return LeaveCard(
        leave=leave,
        days=leave_days(leave.starts_at, leave.ends_at),
        days_left=annual_days_left(person) if leave.kind == LeaveKind.ANNUAL else None,
        approver=leave_approver(person) if is_waiting else None,
        stand_ins=stand_ins_for(person, leave.starts_at, leave.ends_at) if can_decide else [],
        handed=[(duty, number) for duty, number in handed if number],
        low_days=low_days(leave, person),
        can_decide=can_decide,
        can_cancel=can_manage_leave(viewer, person),
    )


def leave_days(starts_at: datetime, ends_at: datetime) -> int:
    """Calendar days that the leave touches."""
    last = clock.local_date(ends_at - timedelta(minutes=1))
    return (last - clock.local_date(starts_at)).days + 1


def annual_days_left(person: User) -> int | None:
    """What is left of this year's annual leave, those that wait included; None: no number was agreed."""
    if person.annual_leave_days is None:
        return None
    year = clock.today().year
    taken = Leave.objects.filter(
        user=person, kind=LeaveKind.ANNUAL, state__in=OPEN_STATES, starts_at__year=year
    ).values_list("starts_at", "ends_at")
    return person.annual_leave_days - sum(leave_days(starts_at, ends_at) for starts_at, ends_at in taken)


def low_days(leave: Leave, person: User) -> list[LowDay]:
    """Days of the leave on which fewer people of the person's group would be there than the store needs."""
    if person.store is None:
        return []
    first = max(clock.local_date(leave.starts_at), clock.today())
    last = min(clock.local_date(leave.ends_at - timedelta(minutes=1)), first + timedelta(days=LONGEST_LOOK_DAYS))
    book = minimums_of(person.store, until=last)
    group = StaffGroup.FLOOR if person.sells_on_the_floor else StaffGroup.OTHER
    if last < first or not book.get(group):
        return []
    people = [
        each
        for each in User.objects.filter(store=person.store_id, is_active=True)
        if each.has_role(*FLOOR_ROLES) == person.sells_on_the_floor
    ]
    entries, away = entries_between(people, first, last), leaves_between(people, first, last)
    found = []
    for day in week_days(first, (last - first).days + 1):
        shifts = [entries.get((each.pk, day.on)) for each in people if (each.pk, day.on) not in away]
        there = sum(shift is not None and not shift.is_day_off for shift in shifts)
        minimum = minimum_on(book, group, day)
        is_planned = any((each.pk, day.on) in entries for each in people)
        if minimum is not None and is_planned and there < minimum:
            found.append(LowDay(on=day.on, there=there, minimum=minimum))
    return found


def loads_of(people: list[User]) -> dict[int, int]:
    """The main duty of everybody with one query: the number beside the name."""
    duty = main_duty()
    return duty.count([person.pk for person in people]) if duty else {}


def burdens_of(person: User) -> list[tuple[Duty, int]]:
    """Everything that the person carries now."""
    return [(duty, duty.count([person.pk]).get(person.pk, 0)) for duty in all_duties()]
