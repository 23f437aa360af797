"""Departments, teams, shifts and days off of the demo store, made through the services."""

from collections import defaultdict
from datetime import date, timedelta

from core import clock
from staff import defaults
from staff.enums import LeaveKind, Role, StaffGroup
from staff.models import ShiftType, Store, Team, User
from staff.selectors.roster import monday_of
from staff.services import (
    PersonInput,
    invitation_create,
    leave_record,
    minimum_set,
    person_add,
    person_leave,
    person_move,
    roster_copy_week,
    roster_fill,
    team_add,
)

WEEK = timedelta(days=7)

# team, leader, people
DEPARTMENT = ("销售部", "shenlifeng")
TEAMS = [
    ("展厅与 DCC", "xujingyi", ["xujingyi", "dingyuwei", "fangqing", "hejianing"]),
    ("交付中心", "fangweiguo", ["fangweiguo", "luyiming"]),
    ("财务与行政", "chenmolin", ["chenmolin", "fengyaqin"]),
    ("系统", "xujing", ["xujing"]),
]
# Monday to Sunday: 0 early, 1 late, 2 day off
WEEKS = {
    "shenlifeng": "0002000", "qianwenbo": "0020110", "linyue": "2010010", "zhaoqiming": "0200101",
    "sunxiaowen": "0102010", "zhouziang": "1002100", "wumengjie": "0201001", "xujingyi": "0000022",
    "dingyuwei": "1112211", "fangqing": "0020010", "hejianing": "0002000", "fangweiguo": "0000202",
    "chenmolin": "0000022", "luyiming": "0000022", "fengyaqin": "0000022", "xujing": "0000022",
}  # fmt: skip


def tell_organisation(store: Store, people: dict[str, User]) -> None:
    """Teams under their departments, a roster of three weeks, minimum staffing, and somebody who asks for days off."""
    by, today = people["xujing"], clock.today()
    defaults.ship(ShiftType, store)
    sales = team_add(store_id=store.pk, name=DEPARTMENT[0], supervisor_id=people[DEPARTMENT[1]].pk, by=by)
    first = Team.objects.get(store=store, name="一组")
    first.parent = sales
    first.save(update_fields=["parent", "updated_at"])
    second = team_add(store_id=store.pk, name="大客户组", parent_id=sales.pk, by=by)
    person_move(user_id=people["wumengjie"].pk, team_id=second.pk, on=today - timedelta(days=81), by=by)
    person_move(user_id=people["shenlifeng"].pk, team_id=sales.pk, on=today - timedelta(days=200), by=by)
    for name, leader, members in TEAMS:
        team = team_add(store_id=store.pk, name=name, supervisor_id=people[leader].pk, by=by)
        for number in members:
            person_move(user_id=people[number].pk, team_id=team.pk, on=today - timedelta(days=120), by=by)
    with clock.travel(timedelta(days=-60)):
        _need(store, by=by)
    _plan(store, people, by=by)
    _come_and_go(store, people, by=by)
    _ask_for_leave(people)


def _need(store: Store, *, by: User) -> None:
    for group, weekdays, weekends in ((StaffGroup.FLOOR, 5, 6), (StaffGroup.OTHER, 1, 1)):
        minimum_set(
            store_id=store.pk,
            group=group,
            on_weekdays=weekdays,
            on_weekends=weekends,
            valid_from=clock.today(),
            by=by,
        )


def _plan(store: Store, people: dict[str, User], *, by: User) -> None:
    shifts = list(ShiftType.objects.filter(store=store))
    first = monday_of(clock.today())
    same: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number, week in WEEKS.items():
        for weekday, digit in enumerate(week):
            same[weekday, int(digit)].append(people[number].pk)
    for (weekday, kind), ids in sorted(same.items()):
        roster_fill(
            user_ids=ids, first=first, last=first + WEEK - timedelta(days=1), weekdays=[weekday],
            shift_id=shifts[kind].pk, is_overwriting=True, by=by,
        )  # fmt: skip
    everybody = [people[number].pk for number in WEEKS]
    for week_no in (1, 2):
        roster_copy_week(user_ids=everybody, first=first + week_no * WEEK, by=by)


def _come_and_go(store: Store, people: dict[str, User], *, by: User) -> None:
    """Two who were invited and have not come yet, one who left."""
    rows = [("e0231", "夏语冰", Role.SALES_CONSULTANT), ("e0232", "孟子航", Role.SALES_CONSULTANT)]
    for number, name, role in rows:
        person = person_add(data=PersonInput(employee_number=number, name=name, roles=[role], store=store), by=by)
        invitation_create(user_id=person.pk, by=by)
    gone = person_add(
        data=PersonInput(
            employee_number="e0188",
            name="罗佳宁",
            roles=[Role.SALES_CONSULTANT],
            store=store,
            joined_on=date(2025, 3, 3),
        ),
        by=by,
    )
    person_leave(user_id=gone.pk, left_on=clock.today() - timedelta(days=40), by=by)


def _ask_for_leave(people: dict[str, User]) -> None:
    """A consultant asks for three days of the coming week; the leader has not answered."""
    person = people["zhouziang"]
    first = monday_of(clock.today()) + WEEK + timedelta(days=2)
    start = clock.at_time(first, clock.now().time().min)
    leave_record(
        user_id=person.pk,
        kind=LeaveKind.ANNUAL,
        starts_at=start,
        ends_at=start + timedelta(days=3) - timedelta(minutes=1),
        stand_in_id=people["sunxiaowen"].pk,
        by=person,
    )
