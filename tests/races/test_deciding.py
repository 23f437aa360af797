"""Two leaders, one decision."""

import pytest

from opportunities.enums import EventKind
from opportunities.models import JourneyEvent, Opportunity, Ownership
from opportunities.services import (
    close_confirm,
    close_request,
    close_send_back,
    closing,
    facts,
    level_decide,
    level_set,
    opportunity_assign,
    ownership,
)
from tests.journeys import open_one
from tests.races.threads import Meeting, kinds, race, remove_locks, without_constraint

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def opportunity(people, noon):
    return open_one(people)


def meet_at(monkeypatch, module, name):
    point = Meeting()
    monkeypatch.setattr(module, name, point.after(getattr(module, name)))
    return point


# ---- who owns it --------------------------------------------------------------------------------------------


def assigning(opportunity, by, owner):
    return lambda: opportunity_assign(opportunity_id=opportunity.pk, owner_id=owner.pk, by=by, reason="调整")


def assign_both(people, opportunity):
    return race(
        assigning(opportunity, people.supervisor, people.colleague),
        assigning(opportunity, people.manager, people.rival),
    )


def open_owners(opportunity):
    return Ownership.objects.filter(opportunity=opportunity, until_at=None).values_list("owner", flat=True)


def test_two_leaders_assign_one_after_the_other(people, opportunity, monkeypatch):
    meet_at(monkeypatch, ownership, "ensure_may_own")

    results = assign_both(people, opportunity)

    # When the manager is first, the customer is out of the supervisor's sight.
    assert kinds(results) in (["ok", "ok"], ["PermissionDenied", "ok"])
    opportunity.refresh_from_db()
    assert list(open_owners(opportunity)) == [opportunity.owner_id]
    assert Ownership.objects.count() == 1 + kinds(results).count("ok")


def test_control_without_the_lock_the_index_stops_the_second(people, opportunity, monkeypatch):
    meet_at(monkeypatch, ownership, "ensure_may_own")
    remove_locks(monkeypatch)

    assert kinds(assign_both(people, opportunity)) == ["IntegrityError", "ok"]


def test_control_without_lock_and_index_there_are_two_owners(people, opportunity, monkeypatch):
    meet_at(monkeypatch, ownership, "ensure_may_own")
    remove_locks(monkeypatch)
    with without_constraint("opportunities_ownership", "ownership_one_at_a_time"):
        assert kinds(assign_both(people, opportunity)) == ["ok", "ok"]
        assert len(open_owners(opportunity)) == 2


# ---- lost, and lower --------------------------------------------------------------------------------------------


def closers(people, opportunity, decide=close_confirm):
    close_request(opportunity_id=opportunity.pk, outcome="lost", reason="price", by=people.owner)
    return (
        lambda: close_confirm(opportunity_id=opportunity.pk, by=people.supervisor),
        lambda: decide(opportunity_id=opportunity.pk, by=people.manager),
    )


def logged(kind):
    return JourneyEvent.objects.filter(kind=kind).count()


@pytest.mark.req("R-072")
@pytest.mark.parametrize("other", [close_confirm, close_send_back])
def test_one_leader_decides_a_close(people, opportunity, monkeypatch, other):
    meet_at(monkeypatch, closing, "can_decide_close")

    results = race(*closers(people, opportunity, other))

    assert kinds(results) == ["DomainError", "ok"]
    is_closed = not isinstance(results[0], Exception) or other is close_confirm
    assert (logged(EventKind.CLOSED), Opportunity.objects.open().exists()) == (int(is_closed), not is_closed)


def test_control_without_the_lock_it_is_closed_twice(people, opportunity, monkeypatch):
    meet_at(monkeypatch, closing, "can_decide_close")
    actions = closers(people, opportunity)
    remove_locks(monkeypatch)

    assert kinds(race(*actions)) == ["ok", "ok"]
    assert logged(EventKind.CLOSED) == 2


def levellers(people, opportunity):
    level_set(opportunity_id=opportunity.pk, level="C", by=people.owner)
    return (
        lambda: level_decide(opportunity_id=opportunity.pk, is_accepted=True, by=people.supervisor),
        lambda: level_decide(opportunity_id=opportunity.pk, is_accepted=True, by=people.manager),
    )


@pytest.mark.req("D-27")
def test_one_leader_decides_a_level(people, opportunity, monkeypatch):
    meet_at(monkeypatch, facts, "can_decide_level")

    assert kinds(race(*levellers(people, opportunity))) == ["DomainError", "ok"]
    assert logged(EventKind.LEVEL_CHANGED) == 1


def test_control_without_the_lock_it_is_decided_twice(people, opportunity, monkeypatch):
    meet_at(monkeypatch, facts, "can_decide_level")
    actions = levellers(people, opportunity)
    remove_locks(monkeypatch)

    assert kinds(race(*actions)) == ["ok", "ok"]
    assert logged(EventKind.LEVEL_CHANGED) == 2
