"""The roster of a week: who works which shift, who is away, and whether enough people are there (R-041)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core import clock
from core.business_calendar import day_status
from core.models import BusinessDay
from core.weekdays import LETTERS
from staff.enums import SALES_ROLES, LeaveState, Role, RosterAct, StaffGroup
from staff.models import Leave, RosterChange, RosterEntry, ShiftType, StaffMinimum, Store, User
from staff.policies import can_administer_store, can_edit_roster_of, can_open_people, is_administrator
from staff.selectors.leave import OPEN_STATES
from staff.selectors.organisation import people_visible_to

DAYS = 7
SATURDAY = 5
_NOON = time(12)  # a leave that covers noon takes the day


@dataclass(frozen=True)
class Day:
    """`is_free`: a weekend or public holiday, on which another minimum holds."""

    on: date
    is_free: bool
    is_today: bool

    @property
    def letter(self) -> str:
        return str(LETTERS[self.on.weekday()])


@dataclass(frozen=True)
class Cell:
    """One person on one day. `leave` covers the shift planned underneath."""

    on: date
    shift: ShiftType | None
    leave: Leave | None
    can_edit: bool

    @property
    def digits(self) -> str:
        return f"{self.on:%Y%m%d}"

    @property
    def is_waiting(self) -> bool:
        return self.leave is not None and self.leave.state == LeaveState.REQUESTED

    @property
    def is_there(self) -> bool:
        return self.leave is None and self.shift is not None and not self.shift.is_day_off


@dataclass(frozen=True)
class Line:
    person: User
    cells: list[Cell]
    load: int | None


@dataclass(frozen=True)
class Foot:
    """How many of the group are there on a day; `minimum` None: any number is enough."""

    there: int
    minimum: int | None

    @property
    def is_low(self) -> bool:
        return self.minimum is not None and self.there < self.minimum


@dataclass(frozen=True)
class Part:
    """One group of the roster with the minimum in force at the end of the week."""

    group: str
    lines: list[Line]
    feet: list[Foot]
    minimum: StaffMinimum | None

    @property
    def label(self) -> str:
        return str(StaffGroup(self.group).label)

    @property
    def is_low(self) -> bool:
        return any(foot.is_low for foot in self.feet)


@dataclass(frozen=True)
class Roster:
    store: Store
    days: list[Day]
    shifts: list[ShiftType]
    parts: list[Part]
    can_edit: bool

    @property
    def lines(self) -> list[Line]:
        return [line for part in self.parts for line in part.lines]

    @property
    def first(self) -> date:
        return self.days[0].on

    @property
    def last(self) -> date:
        return self.days[-1].on

    @property
    def previous(self) -> date:
        return self.first - timedelta(days=DAYS)

    @property
    def following(self) -> date:
        return self.first + timedelta(days=DAYS)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def roster_of(
    store: Store, people: Sequence[User], *, first: date, viewer: User, loads: Mapping[int, int] | None = None
) -> Roster:
    """A week of these people; a constant number of queries. The feet count the people that are shown."""
    days = week_days(first)
    last = days[-1].on
    entries = entries_between(people, first, last)
    away = leaves_between(people, first, last)
    book = minimums_of(store, until=last)
    lines: dict[str, list[Line]] = {group: [] for group in StaffGroup.values}
    for person in sorted(people, key=_order):
        group = StaffGroup.FLOOR if person.sells_on_the_floor else StaffGroup.OTHER
        can_edit = can_edit_roster_of(viewer, person) and person.is_active
        cells = [
            Cell(day.on, entries.get((person.pk, day.on)), away.get((person.pk, day.on)), can_edit) for day in days
        ]
        load = (loads or {}).get(person.pk)
        lines[group].append(Line(person=person, cells=cells, load=load))
    parts = [_part(group, lines[group], days, book) for group in StaffGroup.values if lines[group]]
    return Roster(
        store=store,
        days=days,
        shifts=shifts_of(store),
        parts=parts,
        can_edit=any(line.cells[0].can_edit for part in parts for line in part.lines),
    )


def _part(group: str, lines: list[Line], days: list[Day], book: "Minimums") -> Part:
    feet = [
        Foot(there=sum(line.cells[number].is_there for line in lines), minimum=minimum_on(book, group, day))
        for number, day in enumerate(days)
    ]
    return Part(group=group, lines=lines, feet=feet, minimum=minimum_row(book, group, days[-1].on))


def _order(person: User) -> tuple[int, int, int, str]:
    """The sales manager, then team by team with its leader first, then everybody else by number."""
    rank = 0 if person.has_role(Role.SALES_MANAGER) else 1
    team = person.team
    is_leader = team is not None and team.supervisor_id == person.pk
    return rank, person.team_id or 10**9, 0 if is_leader else 1, person.employee_number


def week_days(first: date, number_of_days: int = DAYS) -> list[Day]:
    last = first + timedelta(days=number_of_days - 1)
    overrides = dict(BusinessDay.objects.filter(on__range=(first, last)).values_list("on", "is_workday"))
    today = clock.today()
    days = [first + timedelta(days=number) for number in range(number_of_days)]
    return [Day(on=day, is_free=_is_free(day, overrides), is_today=day == today) for day in days]


def _is_free(day: date, overrides: Mapping[date, bool]) -> bool:
    """Weekends and public holidays: the days on which customers have time. A make-up Saturday is still a Saturday."""
    return day.weekday() >= SATURDAY or not day_status(day, overrides).is_workday


def entries_between(people: Collection[User], first: date, last: date) -> dict[tuple[int, date], ShiftType]:
    rows = RosterEntry.objects.filter(user__in=[person.pk for person in people], on__range=(first, last))
    return {(row.user_id, row.on): row.shift for row in rows.select_related("shift")}


def leaves_between(people: Collection[User], first: date, last: date) -> dict[tuple[int, date], Leave]:
    """The leave of a person on a day, asked for or approved, when it covers noon of that day."""
    start, end = clock.at_time(first, _NOON), clock.at_time(last, _NOON)
    rows = Leave.objects.filter(
        user__in=[person.pk for person in people], state__in=OPEN_STATES, starts_at__lte=end, ends_at__gt=start
    )
    found: dict[tuple[int, date], Leave] = {}
    for row in rows:
        day = max(clock.local_date(row.starts_at), first)
        while day <= last and clock.at_time(day, _NOON) < row.ends_at:
            if row.starts_at <= clock.at_time(day, _NOON):
                found[row.user_id, day] = row
            day += timedelta(days=1)
    return found


def shifts_of(store: Store) -> list[ShiftType]:
    """The shifts in use, in their order."""
    return list(ShiftType.objects.filter(store=store, is_active=True))


# ---- minimum staffing ------------------------------------------------------------------------------------

Minimums = dict[str, list[StaffMinimum]]


def minimums_of(store: Store, *, until: date) -> Minimums:
    """By group, the newest first."""
    book: Minimums = defaultdict(list)
    for row in StaffMinimum.objects.filter(store=store, valid_from__lte=until).order_by("-valid_from"):
        book[row.group].append(row)
    return book


def minimum_row(book: Minimums, group: str, on: date) -> StaffMinimum | None:
    return next((row for row in book.get(group, []) if row.valid_from <= on), None)


def minimum_on(book: Minimums, group: str, day: Day) -> int | None:
    row = minimum_row(book, group, day.on)
    if row is None:
        return None
    return row.on_weekends if day.is_free else row.on_weekdays


# ---- who may see and change it ---------------------------------------------------------------------------


def roster_people_of(user: User) -> QuerySet[User]:
    """Whose roster the user reads: the people the user may open, else the own team (read only)."""
    if can_open_people(user):
        people = people_visible_to(user)
    elif user.team_id is not None:
        people = User.objects.filter(team=user.team_id, store=user.store_id)
    else:
        people = User.objects.filter(pk=user.pk)
    return people.filter(is_active=True).select_related("store", "team__parent").order_by("employee_number")


def changes_of(user: User) -> QuerySet[RosterChange]:
    """What the user did to rosters, newest first."""
    return RosterChange.objects.filter(by=user).exclude(act=RosterAct.UNDONE).order_by("-created_at", "-id")


def last_change_of(user: User, store: Store) -> RosterChange | None:
    """The newest act of the user that can still be taken back."""
    return changes_of(user).filter(store=store, undone_at=None).first()


def editable_people(user: User, store: Store) -> QuerySet[User]:
    """Whose roster the user plans in the store; the same people as staff.policies.can_edit_roster_of."""
    people = people_visible_to(user).filter(store=store, is_active=True)
    if is_administrator(user):
        allowed = people if can_administer_store(user, store) else people.none()
    elif user.has_role(Role.SALES_MANAGER):
        allowed = people.filter(roles__overlap=sorted(SALES_ROLES))
    elif user.has_role(Role.SALES_SUPERVISOR):
        allowed = people.filter(Q(team__supervisor=user) | Q(team__parent__supervisor=user))
    else:
        allowed = people.none()
    return allowed.select_related("store", "team__parent").order_by("employee_number")


def shift_choices(store: Store) -> QuerySet[ShiftType]:
    return ShiftType.objects.filter(store=store, is_active=True)


def entry_on(person: User, on: date) -> RosterEntry | None:
    return RosterEntry.objects.filter(user=person, on=on).select_related("shift").first()


def roster_table(week: Roster) -> list[list[str]]:
    """The week as rows of a spreadsheet, the heading first, the counted feet last."""
    days = [f"{day.on:%m-%d} {day.letter}" for day in week.days]
    rows = [[str(_("Person")), str(_("Employee number")), str(_("Role")), *days]]
    for part in week.parts:
        for line in part.lines:
            person = line.person
            cells = [_cell_words(cell) for cell in line.cells]
            rows.append([person.name, person.employee_number, " / ".join(person.role_labels), *cells])
        rows.append([part.label, "", "", *(str(foot.there) for foot in part.feet)])
    return rows


def _cell_words(cell: Cell) -> str:
    if cell.leave is not None:
        return str(cell.leave.get_kind_display())
    return cell.shift.name if cell.shift is not None else ""
