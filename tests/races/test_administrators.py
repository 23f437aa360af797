"""Two administrators who remove each other in the same moment: one of them stays."""

from datetime import timedelta

import pgtrigger
import pytest

from staff.enums import Role
from staff.models import RosterChange, RosterEntry, User
from staff.services import people as people_services
from staff.services import person_leave, roster, roster_set
from tests.conftest import NOON
from tests.factories import ShiftTypeFactory, UserFactory
from tests.races.threads import Meeting, kinds, race, remove_locks

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = NOON.date()


@pytest.fixture
def second(people):
    return UserFactory(employee_number="second", name="丁二", roles=[Role.ADMINISTRATOR], store=people.store)


def remover(victim, by):
    return lambda: person_leave(user_id=victim.pk, left_on=TODAY, by=by)


def strippers_meet(monkeypatch):
    point = Meeting()
    check = point.after(people_services._ensure_other_administrator)
    monkeypatch.setattr(people_services, "_ensure_other_administrator", check)
    return point


def administrators():
    return User.objects.filter(is_active=True, roles__contains=[Role.ADMINISTRATOR]).count()


def test_two_administrators_cannot_remove_each_other(people, second, noon, monkeypatch):
    strippers_meet(monkeypatch)

    results = race(remover(second, people.administrator), remover(people.administrator, second))

    assert kinds(results) == ["DomainError", "ok"]
    assert administrators() == 1


def test_without_the_lock_the_trigger_still_keeps_one(people, second, noon, monkeypatch):
    point = strippers_meet(monkeypatch)
    monkeypatch.setattr(people_services, "_lock_administrators", lambda: None)

    results = race(remover(second, people.administrator), remover(people.administrator, second))

    assert point.took_place
    assert kinds(results) == ["IntegrityError", "ok"]
    assert administrators() == 1


def test_control_without_lock_and_trigger_nobody_is_left(people, second, noon, monkeypatch):
    strippers_meet(monkeypatch)
    monkeypatch.setattr(people_services, "_lock_administrators", lambda: None)

    def blindly(act):
        def run():
            with pgtrigger.ignore("staff.User:keep_an_administrator"):
                return act()

        return run

    results = race(blindly(remover(second, people.administrator)), blindly(remover(people.administrator, second)))

    assert kinds(results) == ["ok", "ok"]
    assert administrators() == 0


# ---- one cell of the roster ------------------------------------------------------------------------------


def writer(people, shift, by):
    on = TODAY + timedelta(days=1)
    return lambda: roster_set(user_id=people.owner.pk, on=on, shift_id=shift.pk, was_id=None, by=by)


def planners_meet(monkeypatch):
    point = Meeting()
    monkeypatch.setattr(roster, "_entries", point.after(roster._entries))
    return point


def test_two_planners_of_one_day_do_not_overwrite_each_other(people, noon, monkeypatch):
    early = ShiftTypeFactory(store=people.store)
    late = ShiftTypeFactory(store=people.store, letter="晚")
    planners_meet(monkeypatch)

    results = race(writer(people, early, people.supervisor), writer(people, late, people.manager))

    assert kinds(results) == ["Conflict", "ok"]
    assert (RosterEntry.objects.count(), RosterChange.objects.count()) == (1, 1)


def test_control_without_locks_only_the_constraint_is_left(people, noon, monkeypatch):
    early = ShiftTypeFactory(store=people.store)
    planners_meet(monkeypatch)
    remove_locks(monkeypatch)

    results = race(writer(people, early, people.supervisor), writer(people, early, people.manager))

    assert kinds(results) == ["IntegrityError", "ok"]
