"""Two leaders, one decision."""

import pytest

from approvals import services as approving
from opportunities.enums import CLOSE, LEVEL, EventKind
from opportunities.models import JourneyEvent, Opportunity, Ownership
from opportunities.services import close_request, facts, facts_update, level_set, opportunity_assign, ownership
from tests.journeys import decide, open_one
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


def closers(people, opportunity, *, approve=True):
    close_request(opportunity_id=opportunity.pk, outcome="lost", reason="price", by=people.owner)
    return (
        lambda: decide(opportunity, CLOSE, people.supervisor),
        lambda: decide(opportunity, CLOSE, people.manager, approve=approve),
    )


def logged(kind):
    return JourneyEvent.objects.filter(kind=kind).count()


@pytest.mark.req("R-072")
@pytest.mark.parametrize("approve", [True, False])
def test_one_leader_decides_a_close(people, opportunity, approve):
    results = race(*closers(people, opportunity, approve=approve))

    assert kinds(results) == ["Conflict", "ok"]
    is_closed = not isinstance(results[0], Exception) or approve
    assert (logged(EventKind.CLOSED), Opportunity.objects.open().exists()) == (int(is_closed), not is_closed)


@pytest.mark.req("D-27")
def test_one_leader_decides_a_level(people, opportunity):
    level_set(opportunity_id=opportunity.pk, level="C", by=people.owner)

    results = race(
        lambda: decide(opportunity, LEVEL, people.supervisor), lambda: decide(opportunity, LEVEL, people.manager)
    )

    assert kinds(results) == ["Conflict", "ok"]
    assert logged(EventKind.LEVEL_CHANGED) == 1


# ---- the owner changes what the leader is confirming -----------------------------------------------------------


def confirm_and_change(people, opportunity, monkeypatch):
    close_request(opportunity_id=opportunity.pk, outcome="lost", reason="price", by=people.owner)
    point = Meeting()
    for module, name in ((approving, "ensure_can_decide"), (facts, "ensure_can_work")):
        monkeypatch.setattr(module, name, point.after(getattr(module, name)))
    return race(
        lambda: decide(opportunity, CLOSE, people.supervisor),
        lambda: facts_update(opportunity_id=opportunity.pk, version=1, by=people.owner, colour="白"),
    )


@pytest.mark.req("R-072")
def test_what_is_confirmed_is_what_was_seen(people, opportunity, monkeypatch):
    results = confirm_and_change(people, opportunity, monkeypatch)

    assert kinds(results) in (["Conflict", "ok"], ["DomainError", "ok"])
    row = Opportunity.objects.get(pk=opportunity.pk)
    assert (row.outcome, row.colour) in {("lost", ""), ("open", "白")}


def test_control_without_lock_and_voiding_something_else_is_confirmed(people, opportunity, monkeypatch):
    remove_locks(monkeypatch)
    monkeypatch.setattr(facts, "proposals_void", lambda opportunity: None)

    results = confirm_and_change(people, opportunity, monkeypatch)

    assert kinds(results) == ["ok", "ok"]
    row = Opportunity.objects.get(pk=opportunity.pk)
    assert (row.outcome, row.colour) == ("lost", "白")
