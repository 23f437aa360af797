"""Handing over the customers of somebody who leaves."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from core.errors import DomainError
from opportunities.models import Opportunity, Ownership
from tests.factories import LeaveFactory, OpportunityFactory
from workbench.selectors.handover import handover_choices
from workbench.services import customers_hand_over

pytestmark = pytest.mark.usefixtures("noon")


def owned(person):
    return Opportunity.objects.filter(owner=person, outcome="open").count()


def test_customers_go_to_whoever_has_fewest_with_reason_and_history(people):
    OpportunityFactory.create_batch(3, owner=people.owner)
    OpportunityFactory(owner=people.rival)

    number = customers_hand_over(
        from_id=people.owner.pk, to_ids=[people.colleague.pk, people.rival.pk], reason="离职", by=people.manager
    )

    assert (number, owned(people.owner), owned(people.colleague), owned(people.rival)) == (3, 0, 2, 2)
    assert set(Ownership.objects.filter(until_at=None, reason="离职").values_list("actor", flat=True)) == {
        people.manager.pk
    }


def test_callbacks_move_along(people):
    opportunity = OpportunityFactory(owner=people.owner)

    customers_hand_over(from_id=people.owner.pk, to_ids=[people.colleague.pk], reason="离职", by=people.manager)

    assert opportunity.follow_ups.get().assignee == people.colleague


@pytest.mark.parametrize(
    ("who", "error"), [("administrator", PermissionDenied), ("owner", PermissionDenied), ("dcc", PermissionDenied)]
)
def test_only_leaders_hand_over(people, who, error):
    OpportunityFactory(owner=people.owner)
    with pytest.raises(error):
        customers_hand_over(
            from_id=people.owner.pk, to_ids=[people.colleague.pk], reason="离职", by=getattr(people, who)
        )
    assert owned(people.owner) == 1


@pytest.mark.req("R-036")
def test_nobody_gets_half_and_the_manager_gets_none(people):
    OpportunityFactory.create_batch(2, owner=people.owner)
    for to_ids, reason in (([people.manager.pk], "离职"), ([], "离职"), ([people.colleague.pk], " ")):
        with pytest.raises(DomainError):
            customers_hand_over(from_id=people.owner.pk, to_ids=to_ids, reason=reason, by=people.general_manager)
    assert owned(people.owner) == 2


def test_whoever_is_away_is_offered_last_and_marked(people):
    LeaveFactory(user=people.colleague)
    OpportunityFactory(owner=people.rival)

    assert [(taker.person, taker.customers, taker.is_away) for taker in handover_choices(people.owner)] == [
        (people.rival, 1, False),
        (people.colleague, 0, True),
    ]


def test_the_page_hands_over(client, people):
    OpportunityFactory(owner=people.owner)
    client.force_login(people.supervisor)
    page = reverse("workbench:person-handover", args=[people.owner.pk])

    assert client.post(page, {"reason": "离职"}).status_code == 422
    assert client.post(page, {"people": [people.colleague.pk], "reason": "离职"}).status_code == 302
    assert owned(people.colleague) == 1
