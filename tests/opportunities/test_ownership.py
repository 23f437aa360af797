"""One owner at a time; every change has a rule, a reason and an actor (invariant 3)."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from core import clock, events
from core.errors import DomainError
from followups.models import FollowUp
from notifications.models import Notification
from opportunities.enums import EventKind
from opportunities.events import OwnerChanged
from opportunities.models import JourneyEvent, Opportunity, Ownership
from opportunities.services import opportunity_assign
from tests.conftest import NOON
from tests.factories import OpportunityFactory
from tests.journeys import open_one

pytestmark = pytest.mark.django_db


@pytest.fixture
def opportunity(people, noon):
    return open_one(people)


def assign(opportunity, by, owner, reason="调整"):
    return opportunity_assign(opportunity_id=opportunity.pk, owner_id=owner.pk if owner else 0, by=by, reason=reason)


def state(opportunity):
    row = Opportunity.objects.get(pk=opportunity.pk)
    return row.owner, row.version, Ownership.objects.count(), JourneyEvent.objects.count()


def test_a_leader_hands_a_customer_over(people, opportunity):
    heard = []
    with clock.travel(NOON + timedelta(days=1)), events.isolated_registry(is_empty=False):
        events.on(OwnerChanged)(heard.append)
        assign(opportunity, people.supervisor, people.colleague, reason=" 林悦\u200b调岗 ")

    before, after = Ownership.objects.order_by("id")
    assert (before.owner, before.until_at) == (people.owner, NOON + timedelta(days=1))
    assert (after.owner, after.actor, after.reason, after.until_at) == (
        people.colleague,
        people.supervisor,
        "林悦调岗",
        None,
    )
    row = Opportunity.objects.get(pk=opportunity.pk)
    assert (row.owner, row.version) == (people.colleague, 2)
    assert set(FollowUp.objects.values_list("assignee", flat=True)) == {people.colleague.pk}
    event = JourneyEvent.objects.get(kind=EventKind.OWNER_CHANGED)
    assert event.data == {"rule": "assigned", "reason": "林悦调岗", "previous_owner": people.owner.pk}
    assert Notification.objects.get().recipient == people.colleague
    assert [(item.previous_owner_id, item.owner_id) for item in heard] == [(people.owner.pk, people.colleague.pk)]


def test_the_first_owner_needs_no_reason(people, noon):
    opportunity = open_one(people, owner=None)

    assign(opportunity, people.manager, people.rival, reason="")

    assert Ownership.objects.get().owner == people.rival


@pytest.mark.parametrize("who", ["supervisor", "manager", "general_manager"])
def test_leaders_assign(people, opportunity, who):
    assert assign(opportunity, getattr(people, who), people.colleague).owner == people.colleague


@pytest.mark.parametrize("who", ["owner", "colleague", "dcc", "finance", "administrator", "stranger_manager"])
def test_nobody_else_assigns(people, opportunity, who):
    before = state(opportunity)

    with pytest.raises(PermissionDenied):
        assign(opportunity, getattr(people, who), people.colleague)

    assert state(opportunity) == before


@pytest.mark.req("R-036", "R-093")
@pytest.mark.parametrize("who", ["manager", "supervisor", "dcc", "finance", "stranger"])
def test_who_may_not_own_gets_nothing(people, opportunity, who):
    before = state(opportunity)

    with pytest.raises(DomainError) as refused:
        assign(opportunity, people.manager, getattr(people, who))

    assert refused.value.field == "owner"
    assert state(opportunity) == before


@pytest.mark.parametrize(
    ("owner", "reason", "field"),
    [("owner", "x", "owner"), ("colleague", "", "reason"), ("colleague", " \u200b", "reason"), (None, "x", "owner")],
)
def test_a_hand_over_needs_somebody_else_and_a_reason(people, opportunity, owner, reason, field):
    before = state(opportunity)

    with pytest.raises(DomainError) as refused:
        assign(opportunity, people.manager, getattr(people, owner) if owner else None, reason=reason)

    assert refused.value.field == field
    assert state(opportunity) == before


def test_who_left_gets_nothing(people, opportunity):
    people.colleague.is_active = False
    people.colleague.save()

    with pytest.raises(DomainError):
        assign(opportunity, people.manager, people.colleague)


def test_a_closed_opportunity_keeps_its_owner(people, noon):
    opportunity = OpportunityFactory(
        store=people.store, customer__store=people.store, owner=people.owner, outcome="lost", closed_at=NOON
    )

    with pytest.raises(DomainError) as refused:
        assign(opportunity, people.manager, people.colleague)

    assert refused.value.code == "closed"
    assert Opportunity.objects.get().owner == people.owner


def test_an_endless_reason_is_shortened(people, opportunity):
    assign(opportunity, people.manager, people.colleague, reason="长" * 500)

    assert Ownership.objects.get(until_at=None).reason == "长" * 200


def test_a_clock_that_went_back_does_not_stop_a_hand_over(people, opportunity):
    with clock.travel(NOON - timedelta(minutes=5)):
        assign(opportunity, people.manager, people.colleague)

    assert Ownership.objects.get(owner=people.owner).until_at == NOON
