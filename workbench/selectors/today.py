"""The Today page: whom to call now, what is agreed for today, and how the month goes so far."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Count, DateTimeField, ExpressionWrapper, F, Max, Min, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from core import clock
from core.lookups import any_of
from core.statements import row_of, rows_of
from core.weekdays import LETTERS
from followups.enums import ContactChannel, FollowUpState, RuleCode
from followups.models import FollowUp
from notifications.models import Notification
from opportunities.enums import EventKind
from opportunities.models import JourneyEvent, Opportunity
from opportunities.stages import Outcome, Stage
from staff.enums import Scope
from staff.models import User
from workbench.selectors.tallies import tally

FIRST_ROWS = 15  # two screens of a tablet; the others follow when somebody scrolls there
ROWS_LIMIT = 40
PEOPLE_LIMIT = 30
UNASSIGNED_LIMIT = 5
SCHEDULE_LIMIT = 12
NOTICES_LIMIT = 3
SEGMENTS = ("all", "overdue", "today")
MINE, TEAM = "mine", "team"


@dataclass(frozen=True)
class CallbackRow:
    """One line: `shown_at` is the deadline of an overdue one, else the time by which it should be done.

    `stand_in_for` is the colleague on leave whose callback it is, `owner` the name shown to a leader; both may be "".
    """

    follow_up: FollowUp
    is_overdue: bool
    shown_at: datetime
    stand_in_for: str
    owner: str

    @property
    def is_grace(self) -> bool:
        """The due time has passed, the deadline has not: `shown_at` is the last moment."""
        return not self.is_overdue and self.shown_at != self.follow_up.due_at

    @property
    def is_message(self) -> bool:
        return self.follow_up.channel == ContactChannel.SMS


@dataclass(frozen=True)
class Callbacks:
    """The card: both groups, how many there are in all, and whether the lists were cut.

    `people`: who of a team is late. `told_count`: of how many late ones the supervisor was told. `rest_after`: the row
    behind which there are more.
    """

    overdue: list[CallbackRow]
    due: list[CallbackRow]
    overdue_count: int
    due_count: int
    told_count: int
    last_id: int
    people: list[dict[str, Any]]
    rest_after: int | None
    is_cut: bool

    @property
    def total(self) -> int:
        return self.overdue_count + self.due_count


@dataclass(frozen=True)
class Appointment:
    """A line of today's schedule: one customer (`follow_up`), or how many callbacks are due at that time (`count`)."""

    at: datetime
    is_done: bool
    is_next: bool
    follow_up: FollowUp | None
    count: int = 0


@dataclass(frozen=True)
class DayFigure:
    on: date
    contacts: int
    is_today: bool
    is_future: bool

    @property
    def letter(self) -> str:
        return str(LETTERS[self.on.weekday()])


@dataclass(frozen=True)
class Month:
    """This month so far. Punctual: callbacks done before their deadline, of all that were done or are late."""

    in_time: int
    late: int
    overdue: int
    customers: int
    visits: int
    contacts: int
    week: list[DayFigure]

    @property
    def promised(self) -> int:
        return self.in_time + self.late + self.overdue

    @property
    def percent(self) -> int:
        return round(self.in_time * 100 / self.promised) if self.promised else 0


def callbacks_of(user: User) -> QuerySet[FollowUp]:
    """Callbacks the person has to make: the own ones, those of colleagues the person stands in for, and, for a DCC
    agent or the reception, those of customers they registered whom nobody owns yet (R-053)."""
    rows = FollowUp.objects.work_of(user)
    if user.scope == Scope.OWN and not user.may_own:
        rows = rows | FollowUp.objects.pending().filter(assignee=None, opportunity__registered_by=user)
    return rows


def overdue_callbacks_of(user: User) -> QuerySet[FollowUp]:
    """Those past their deadline; the bound on the due time follows from it and lets the index be used."""
    now = clock.now()
    return callbacks_of(user).filter(deadline_at__lt=now, due_at__lt=now)


def default_view(user: User) -> str:
    """A leader who owns no customers begins with the team."""
    return TEAM if user.is_leader and not user.may_own else MINE


def _of_view(user: User, view: str) -> QuerySet[FollowUp]:
    return FollowUp.objects.visible_to(user).pending() if view == TEAM else callbacks_of(user)


def callbacks(
    user: User,
    *,
    view: str,
    segment: str,
    person_id: int | None = None,
    after: int | None = None,
    size: int = FIRST_ROWS,
) -> Callbacks:
    """Everything that is late or due until tonight, the oldest first, `size` rows behind `after`; two queries."""
    now = clock.now()
    numbers = [number for number in (person_id, after) if number is not None]
    has = (person_id is not None, after is not None)
    counted = rows_of(f"counts {view}", user, partial(_counted, user, view))
    asked = [row for row in counted if person_id is None or row["assignee_id"] == person_id]
    build = partial(_shown, user, view, segment, size, has)
    found = rows_of(f"callbacks {view} {segment} {size} {has}", user, build, *numbers)
    lines = [_line(row, user=user, view=view, now=now) for row in found[:size]]
    has_more, is_first = len(found) > size, after is None and size < ROWS_LIMIT
    return Callbacks(
        overdue=sorted((line for line in lines if line.is_overdue), key=lambda line: line.shown_at),
        due=[line for line in lines if not line.is_overdue],
        overdue_count=sum(row["overdue"] for row in asked),
        due_count=sum(row["due"] for row in asked),
        told_count=sum(row["told"] for row in asked),
        last_id=max((row["last"] for row in asked), default=0),
        people=_overdue_people(counted) if view == TEAM else [],
        rest_after=found[size - 1].pk if has_more and is_first else None,
        is_cut=has_more and not is_first,
    )


def _due_until_tonight(user: User, view: str, person_id: int | None) -> QuerySet[FollowUp]:
    rows = _of_view(user, view).filter(due_at__lte=clock.end_of_day(clock.today()))
    return rows if person_id is None else rows.filter(assignee=person_id)


def _counted(user: User, view: str) -> Any:
    """How many are late, due, known to the supervisor, and which is the youngest; for a team a row for each person."""
    is_late = Q(deadline_at__lt=clock.now())
    told = Count("pk", filter=is_late & Q(remind_step="")) if view == MINE else Value(0)  # the ladder has run out
    counts = {"overdue": Count("pk", filter=is_late), "due": Count("pk", filter=~is_late), "told": told}
    rows: Any = _due_until_tonight(user, view, None).order_by()
    if view == MINE:
        return rows.values(one=Value(1)).annotate(last=Max("pk"), **counts).values(*counts, "last")
    grouped = rows.values("assignee_id", "assignee__name")
    return grouped.annotate(last=Max("pk"), oldest_at=Min("deadline_at", filter=is_late), **counts)


def _overdue_people(counted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Who in the team has missed callbacks, how many and since when: the person with the oldest miss first."""
    people = [row for row in counted if row["overdue"] and row["assignee_id"] is not None]
    return sorted(people, key=lambda row: row["oldest_at"])[:PEOPLE_LIMIT]


def _shown(user: User, view: str, segment: str, size: int, has: tuple[bool, bool], *numbers: int) -> QuerySet[FollowUp]:
    """One more than `size`. `numbers`: the person and the row behind which they begin, as far as `has` says."""
    given = iter(numbers)
    person_id, after = (next(given) if is_given else None for is_given in has)
    rows = _due_until_tonight(user, view, person_id)
    if segment == "overdue":
        rows = rows.filter(deadline_at__lt=clock.now())
    elif segment == "today":
        rows = rows.filter(deadline_at__gte=clock.now())
    if after is not None:
        before = Subquery(FollowUp.objects.filter(pk=after).values("due_at"))
        rows = rows.filter(Q(due_at__gt=before) | Q(due_at=before, pk__gt=after))
    if view == TEAM:  # an index of the store gives them in this order
        return rows.select_related(*_SHOWN).order_by("due_at", "id")[: size + 1]
    # One person's rows are few: all of them first, then what the page shows of some. "+ 0": an index by time would be
    # walked through everybody's rows in the hope of an early end.
    at = ExpressionWrapper(F("due_at") + timedelta(0), DateTimeField())
    page = rows.order_by(at, "id").values("pk")[: size + 1]
    return FollowUp.objects.filter(any_of("pk", page)).select_related(*_SHOWN).order_by("due_at", "id")


_SHOWN = ("opportunity__customer", "opportunity__series", "opportunity__trim", "assignee")


def due_moments(user: User, *, view: str) -> list[tuple[int, datetime]]:
    """Number and last moment of what is due until tonight and not late; for a card that does not show all of it."""
    now = clock.now()

    def build() -> Any:
        rows = _of_view(user, view).filter(due_at__lte=clock.end_of_day(clock.today()), deadline_at__gte=clock.now())
        return rows.order_by("due_at", "id").values_list("pk", "due_at", "deadline_at")[:ROWS_LIMIT]

    found = rows_of(f"due moments {view}", user, build)
    return [(pk, deadline_at if due_at < now else due_at) for pk, due_at, deadline_at in found]


def _line(row: FollowUp, *, user: User, view: str, now: datetime) -> CallbackRow:
    is_overdue = row.deadline_at < now
    shown_at = row.deadline_at if is_overdue or row.due_at < now else row.due_at
    owner = row.assignee.name if row.assignee else ""
    is_other = row.assignee_id is not None and row.assignee_id != user.pk
    return CallbackRow(
        follow_up=row,
        is_overdue=is_overdue,
        shown_at=shown_at,
        stand_in_for=owner if is_other and view == MINE else "",
        owner=owner if view == TEAM else "",
    )


def news_count(user: User, *, view: str, seen_count: int, seen_last_id: int) -> int:
    """How many callbacks came into the list since it was shown; 0 when some only went away. One query."""
    rows = _of_view(user, view).filter(due_at__lte=clock.end_of_day(clock.today()))
    counts = rows.aggregate(total=Count("pk"), newer=Count("pk", filter=Q(pk__gt=seen_last_id)))
    newer, total = int(counts["newer"]), int(counts["total"])
    return max(newer, total - seen_count, 0)


def unassigned(user: User) -> list[Opportunity]:
    """Customers without an owner whom the person may see, the longest waiting first (R-058, R-094)."""

    def build() -> QuerySet[Opportunity]:
        rows = Opportunity.objects.visible_to(user).unassigned().select_related("customer", "series")
        return rows.order_by("opened_at", "id")[: UNASSIGNED_LIMIT + 1]

    return rows_of("unassigned", user, build)


def unread_notices(user: User) -> list[Notification]:
    """The latest lines of the inbox that were not opened yet."""

    def build() -> QuerySet[Notification]:
        return Notification.objects.inbox_of(user).unread().order_by("-created_at", "-id")[:NOTICES_LIMIT]

    return rows_of("unread", user, build)


def tomorrow(user: User) -> dict[str, object]:
    """How many callbacks tomorrow has and when the first is due, for an empty day."""
    found = rows_of("tomorrow", user, partial(_tomorrow, user))
    return found[0] if found else {"count": 0, "first_at": None}


def _tomorrow(user: User) -> Any:
    """At most one row."""
    start = clock.end_of_day(clock.today())
    rows = callbacks_of(user).filter(due_at__gt=start, due_at__lte=start + timedelta(days=1))
    found = rows.order_by().values(one=Value(1)).annotate(count=Count("*"), first_at=Min("due_at"))
    return found.values("count", "first_at")


def schedule(user: User, *, view: str, due: Iterable[tuple[int, datetime]]) -> list[Appointment]:
    """Visits and agreed calls of today, done ones included, and when the other callbacks are due; one query."""
    now, today = clock.now(), clock.today()
    rows = rows_of(f"schedule {view}", user, partial(_agreed, user, view))
    found = [_appointment(row, now=now) for row in rows]
    shown = {item.follow_up.pk for item in found if item.follow_up}
    times = Counter(at for pk, at in due if pk not in shown and clock.local_date(at) == today)
    found += [Appointment(at=at, is_done=False, is_next=False, follow_up=None, count=n) for at, n in times.items()]
    found.sort(key=lambda item: item.at)
    return _mark_next(found, now=now)


_DAWN = datetime.min.time()


def _agreed(user: User, view: str) -> QuerySet[FollowUp]:
    today = clock.today()
    people = FollowUp.objects.visible_to(user) if view == TEAM else FollowUp.objects.filter(assignee=user)
    agreed = Q(channel=ContactChannel.VISIT) | Q(rule_code=RuleCode.MANUAL)
    is_today = Q(state=FollowUpState.PENDING) | Q(state=FollowUpState.DONE, done_at__gte=clock.at_time(today, _DAWN))
    rows = people.filter(agreed, is_today, due_on=today)
    shown = rows.select_related("opportunity__customer", "opportunity__series", "opportunity__trim")
    return shown.order_by("due_at", "id")[:SCHEDULE_LIMIT]


def _appointment(row: FollowUp, *, now: datetime) -> Appointment:
    return Appointment(at=row.due_at, is_done=row.state == FollowUpState.DONE, is_next=False, follow_up=row)


def _mark_next(items: list[Appointment], *, now: datetime) -> list[Appointment]:
    """Mark the first appointment that still lies ahead."""
    for index, item in enumerate(items):
        if item.at > now and not item.is_done:
            items[index] = Appointment(item.at, item.is_done, True, item.follow_up, item.count)
            break
    return items


def month(user: User, *, view: str) -> Month:
    """The figures of the month and the contacts of this week; two queries. Days that are over are counted already."""
    today = clock.today()
    start = today.replace(day=1)
    monday = today - timedelta(days=today.weekday())
    past = tally(user, is_team=view == TEAM, first=min(start, monday), month=start)
    since = clock.at_time(max(start, past.since), _DAWN)
    counts = row_of(f"month {view} {since}", user, partial(_month_counted, user, view=view, start=since))
    week = [monday + timedelta(days=number) for number in range(7)]
    return Month(
        in_time=past.in_time + counts["in_time"],
        late=past.late + counts["late"],
        overdue=counts["overdue"],
        customers=past.customers + counts["customers"],
        visits=past.visits + counts["visits"],
        contacts=sum(count for on, count in past.contacts.items() if on >= start),
        week=[DayFigure(on, past.contacts.get(on, 0), on == today, on > today) for on in week],
    )


def _month_counted(user: User, *, view: str, start: datetime) -> Any:
    calls = FollowUp.objects.filter(_people(user, view, "assignee"))
    done = calls.filter(state=FollowUpState.DONE, done_at__gte=start)
    events = JourneyEvent.objects.filter(
        _people(user, view, "owner"), kind=EventKind.STAGE_REACHED, stage=Stage.RECEIVED, occurred_at__gte=start
    )
    opened = Opportunity.objects.filter(_people(user, view, "owner"), opened_at__gte=start).exclude(
        outcome=Outcome.VOID
    )
    return (
        User.objects.filter(pk=user.pk)
        .annotate(
            in_time=size_of(done.filter(is_late=False)),
            late=size_of(done.filter(is_late=True)),
            overdue=size_of(calls.overdue()),
            customers=size_of(opened),
            visits=size_of(events.filter(store=user.store_id)),
        )
        .values("in_time", "late", "overdue", "customers", "visits")
    )


def _people(user: User, view: str, field: str) -> Q:
    """The person, or everybody the person leads."""
    if view == TEAM and user.scope == Scope.TEAM:
        return any_of(field, user.team_member_ids())
    if view == TEAM and user.scope in (Scope.STORE, Scope.GROUP):
        return Q(store=user.store_id)
    return Q((field, user))


def size_of(rows: QuerySet) -> Coalesce:  # type: ignore[type-arg]
    """The number of rows as an expression, so that several counts are one statement."""
    counted = rows.order_by().values(one=Value(1)).annotate(size=Count("*")).values("size")
    return Coalesce(Subquery(counted), 0)
