"""Shifts of a week: who plans whom, what is counted, and taking it back (R-041)."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from core.errors import Conflict, DomainError
from staff.enums import LeaveState, Role, StaffGroup
from staff.models import RosterChange, RosterEntry, StaffMinimum, User
from staff.selectors.roster import roster_of, roster_table
from staff.services import minimum_set, roster_copy_week, roster_fill, roster_set, roster_undo, shift_save
from tests.conftest import NOON
from tests.factories import LeaveFactory, ShiftTypeFactory

MONDAY = date(2026, 11, 16)
TUESDAY = date(2026, 11, 17)
WEEK = timedelta(days=7)

pytestmark = pytest.mark.usefixtures("noon")


@pytest.fixture
def early(people):
    return ShiftTypeFactory(store=people.store)


@pytest.fixture
def late(people):
    return ShiftTypeFactory(store=people.store, letter="晚", name="晚班")


@pytest.fixture
def off(people):
    return ShiftTypeFactory(store=people.store, letter="休", name="休息", starts_at=None, ends_at=None, is_day_off=True)


def put(person, on, shift, by, was=None):
    return roster_set(user_id=person.pk, on=on, shift_id=shift and shift.pk, was_id=was and was.pk, by=by)


def planned(person):
    return {entry.on: entry.shift.letter for entry in RosterEntry.objects.filter(user=person).select_related("shift")}


@pytest.mark.req("R-041")
@pytest.mark.parametrize("by", ["supervisor", "manager", "administrator"])
def test_working_hours_are_planned_day_by_day(people, early, late, by):
    put(people.owner, MONDAY, early, getattr(people, by))
    put(people.owner, TUESDAY, late, getattr(people, by))
    put(people.owner, MONDAY, late, getattr(people, by), was=early)

    assert planned(people.owner) == {MONDAY: "晚", TUESDAY: "晚"}


@pytest.mark.parametrize(
    ("by", "whom"),
    [
        ("owner", "owner"), ("colleague", "owner"), ("general_manager", "owner"), ("supervisor", "rival"),
        ("manager", "finance"), ("administrator", "stranger"), ("stranger_manager", "owner"),
    ],
)  # fmt: skip
def test_nobody_plans_for_others_out_of_reach(people, early, by, whom):
    with pytest.raises(PermissionDenied):
        put(getattr(people, whom), MONDAY, early, getattr(people, by))

    assert not RosterEntry.objects.exists()


def test_whoever_saw_something_else_is_told(people, early, late):
    put(people.owner, MONDAY, early, people.supervisor)

    with pytest.raises(Conflict) as refused:
        put(people.owner, MONDAY, late, people.manager)
    assert refused.value.current.shift == early
    assert planned(people.owner) == {MONDAY: "早"}


def test_what_cannot_be_is_refused(people, early):
    foreign = ShiftTypeFactory(store=people.other_store)
    for shift, on in ((foreign, MONDAY), (early, MONDAY + timedelta(days=400))):
        with pytest.raises(DomainError):
            put(people.owner, on, shift, people.manager)
    User.objects.filter(pk=people.owner.pk).update(is_active=False)
    with pytest.raises(DomainError):
        put(people.owner, MONDAY, early, people.manager)


def test_the_database_keeps_one_entry_a_day(people, early, late):
    put(people.owner, MONDAY, early, people.manager)
    with pytest.raises(IntegrityError), transaction.atomic():
        RosterEntry.objects.create(store=people.store, user=people.owner, on=MONDAY, shift=late)


def test_filling_days_leaves_what_is_planned(people, early, late):
    put(people.owner, TUESDAY, late, people.manager)
    ids = [people.owner.pk, people.rival.pk]
    values = {"user_ids": ids, "first": MONDAY, "last": MONDAY + WEEK, "weekdays": [0, 1], "shift_id": early.pk}

    written = roster_fill(**values, is_overwriting=False, by=people.manager)

    assert (written.changed, written.kept) == (5, 1)
    assert planned(people.owner) == {MONDAY: "早", TUESDAY: "晚", MONDAY + WEEK: "早"}
    assert roster_fill(**values, is_overwriting=True, by=people.manager).changed == 1
    assert planned(people.owner)[TUESDAY] == "早"


@pytest.mark.parametrize(("days", "ids"), [(-1, True), (70, True), (3, False)])
def test_impossible_fillings_are_refused(people, early, days, ids):
    with pytest.raises(DomainError):
        roster_fill(
            user_ids=[people.owner.pk] if ids else [], first=MONDAY, last=MONDAY + timedelta(days=days),
            weekdays=range(7), shift_id=early.pk, is_overwriting=False, by=people.manager,
        )  # fmt: skip


def test_last_week_again(people, early, late):
    with pytest.raises(DomainError):
        roster_copy_week(user_ids=[people.owner.pk], first=MONDAY, by=people.supervisor)
    put(people.owner, MONDAY - WEEK, early, people.supervisor)
    put(people.owner, TUESDAY - WEEK, early, people.supervisor)
    put(people.owner, TUESDAY, late, people.supervisor)

    written = roster_copy_week(user_ids=[people.owner.pk], first=MONDAY, by=people.supervisor)

    assert (written.changed, written.kept) == (1, 1)
    assert planned(people.owner)[MONDAY] == "早"
    assert planned(people.owner)[TUESDAY] == "晚"


def test_an_act_is_taken_back_once_and_what_others_changed_stays(people, early, late):
    put(people.owner, MONDAY, late, people.manager)
    change = roster_fill(
        user_ids=[people.owner.pk], first=MONDAY, last=TUESDAY, weekdays=range(7), shift_id=early.pk,
        is_overwriting=True, by=people.manager,
    ).change  # fmt: skip
    put(people.owner, TUESDAY, late, people.supervisor, was=early)
    with pytest.raises(PermissionDenied):
        roster_undo(change_id=change.pk, by=people.supervisor)

    written = roster_undo(change_id=change.pk, by=people.manager)

    assert (written.changed, written.kept) == (1, 1)
    assert planned(people.owner) == {MONDAY: "晚", TUESDAY: "晚"}
    with pytest.raises(DomainError):
        roster_undo(change_id=change.pk, by=people.manager)


def test_every_act_says_what_it_changed(people, early):
    put(people.owner, MONDAY, early, people.manager)
    change = put(people.owner, MONDAY, None, people.manager, was=early).change

    assert change.cells == [[people.owner.pk, "2026-11-16", early.pk, None]]
    assert [row.by for row in RosterChange.objects.all()] == [people.manager] * 2
    assert put(people.owner, MONDAY, None, people.manager).change is None


# ---- what the week shows ---------------------------------------------------------------------------------


def week_of(people, *persons, viewer=None):
    return roster_of(people.store, persons, first=MONDAY, viewer=viewer or people.manager)


def test_a_day_off_a_leave_and_no_plan_do_not_count(people, early, off):
    put(people.owner, MONDAY, early, people.manager)
    put(people.colleague, MONDAY, off, people.manager)
    put(people.rival, MONDAY, early, people.manager)
    leave = LeaveFactory(user=people.rival, starts_at=NOON - timedelta(days=2), ends_at=NOON)
    leave.state = LeaveState.REQUESTED
    leave.save()

    week = week_of(people, people.owner, people.colleague, people.rival, people.supervisor)

    assert [foot.there for foot in week.parts[0].feet] == [1, 0, 0, 0, 0, 0, 0]
    cell = next(line for line in week.lines if line.person == people.rival).cells[0]
    assert (cell.shift, cell.leave, cell.is_waiting, cell.is_there) == (early, leave, True, False)


def test_a_withdrawn_leave_is_no_leave(people, early):
    LeaveFactory(user=people.owner, starts_at=NOON, ends_at=NOON + timedelta(days=1), state=LeaveState.WITHDRAWN)

    assert [cell.leave for cell in week_of(people, people.owner).lines[0].cells] == [None] * 7


def test_days_below_the_minimum_are_marked_by_the_number_of_that_day(people, early):
    StaffMinimum.objects.create(
        store=people.store, group=StaffGroup.FLOOR, on_weekdays=1, on_weekends=2, valid_from=date(2026, 1, 1)
    )
    minimum_set(
        store_id=people.store.pk, group=StaffGroup.FLOOR, on_weekdays=3, on_weekends=3,
        valid_from=date(2026, 11, 20), by=people.administrator,
    )  # fmt: skip
    roster_fill(
        user_ids=[people.owner.pk, people.rival.pk], first=MONDAY, last=MONDAY + timedelta(days=6),
        weekdays=range(7), shift_id=early.pk, is_overwriting=False, by=people.manager,
    )  # fmt: skip

    feet = week_of(people, people.owner, people.rival).parts[0].feet

    assert [foot.minimum for foot in feet] == [1, 1, 1, 1, 3, 3, 3]
    assert [foot.is_low for foot in feet] == [False] * 4 + [True] * 3


def test_a_past_minimum_is_not_rewritten(people):
    values = {"store_id": people.store.pk, "group": StaffGroup.FLOOR, "on_weekdays": 3, "on_weekends": 3}
    with pytest.raises(DomainError):
        minimum_set(**values, valid_from=MONDAY, by=people.administrator)
    with pytest.raises(PermissionDenied):
        minimum_set(**values, valid_from=TUESDAY, by=people.manager)
    minimum_set(**values, valid_from=TUESDAY, by=people.administrator)
    minimum_set(**values | {"on_weekdays": 4}, valid_from=TUESDAY, by=people.administrator)
    assert [row.on_weekdays for row in StaffMinimum.objects.all()] == [4]


def test_shifts_are_data_of_the_store(people, early):
    values = {"store_id": people.store.pk, "shift_id": None, "letter": "中", "name": "中班", "tone": "teal"}
    made = shift_save(**values, starts_at=early.starts_at, ends_at=early.ends_at, by=people.administrator)
    assert not made.is_day_off
    for wrong in ({"letter": "早"}, {"starts_at": early.ends_at, "ends_at": early.starts_at}, {"ends_at": None}):
        with pytest.raises(ValidationError):
            shift_save(
                **values | {"starts_at": early.starts_at, "ends_at": early.ends_at, "letter": "夜"} | wrong,
                by=people.administrator,
            )
    with pytest.raises(PermissionDenied):
        shift_save(**values, starts_at=None, ends_at=None, by=people.manager)


def test_the_sheet_has_everybody_with_the_words_of_every_day(people, early):
    User.objects.filter(pk=people.owner.pk).update(roles=[Role.SALES_CONSULTANT])
    put(people.owner, MONDAY, early, people.manager)
    LeaveFactory(user=people.owner, starts_at=NOON, ends_at=NOON + timedelta(days=1))

    rows = roster_table(week_of(people, people.owner))

    assert rows[1] == ["林悦", "owner", "销售顾问", "早班", "年假", "", "", "", "", ""]
    assert rows[2][3:5] == ["1", "0"]
