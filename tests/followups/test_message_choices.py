"""Which text is proposed first."""

import pytest

from customers.models import Channel
from followups.selectors import message_choices
from tests.factories import OpportunityFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.mark.parametrize(
    ("channel", "first"),
    [("douyin", "thanks_online"), ("walk_in", "thanks_visit"), ("phone_in", "thanks_call"), ("other", "thanks_call")],
)
def test_the_text_that_fits_the_channel_comes_first(people, channel, first):
    opportunity = OpportunityFactory(
        store=people.store, customer__store=people.store, owner=people.owner, channel=Channel.objects.get(code=channel)
    )

    codes = [choice.template.code for choice in message_choices(opportunity=opportunity, by=people.owner)]

    assert codes[0] == first
    assert sorted(codes) == ["thanks_call", "thanks_online", "thanks_visit"]
