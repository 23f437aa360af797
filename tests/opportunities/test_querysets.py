"""Who sees which opportunities, and keeps seeing them."""

import pytest

from followups.models import FollowUp
from opportunities.models import Opportunity
from opportunities.policies import can_work
from tests.factories import OpportunityFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("registrar", "is_seen"), [("dcc", True), ("receptionist", True), ("colleague", False)])
def test_who_registered_a_customer_keeps_sight_only_at_the_desk(people, registrar, is_seen):
    """A consultant whose customer was handed over sees it no more; the DCC desk and reception do (D-15)."""
    person = getattr(people, registrar)
    opportunity = OpportunityFactory(customer__store=people.store, owner=people.owner, registered_by=person)

    assert Opportunity.objects.visible_to(person).filter(pk=opportunity.pk).exists() is is_seen
    assert FollowUp.objects.visible_to(person).filter(opportunity=opportunity).exists() is is_seen
    assert can_work(person, opportunity) is is_seen


def test_a_consultant_sees_what_he_registered_while_nobody_owns_it(people):
    opportunity = OpportunityFactory(customer__store=people.store, owner=None, registered_by=people.colleague)

    assert Opportunity.objects.visible_to(people.colleague).get() == opportunity
    assert can_work(people.colleague, opportunity)
