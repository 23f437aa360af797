"""Names of another team and of another store never appear on any page of somebody who may not see them."""

from datetime import timedelta

import pytest
from django.urls import reverse

from core import clock
from opportunities.models import Opportunity
from staff.models import User
from tests.workbench.conftest import HTMX

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
CANARIES = ("金丝雀甲", "金丝雀乙", "孙外", "李外", "萧山店")
PAGES = (
    "/today/",
    "/today/?view=team",
    "/today/callbacks/?view=team&segment=overdue",
    "/today/news/?count=0&last=0",
    *(f"/customers/?view={view}" for view in ("all", "overdue", "today", "week", "stale", "unassigned", "closed")),
    *(f"/search/?q={text}" for text in ("金丝雀", "jinsique", "jsq", "199")),
)
OWN_PAGES = ("detail", "timeline", "facts", "assign", "level", "close", "profile")


@pytest.fixture
def canaries(people, customer_of) -> Opportunity:
    """Late, closed and ownerless customers elsewhere; returns a customer of the own team."""
    customer_of(people.rival, "金丝雀甲", late=timedelta(days=2), registered_by=people.rival)
    customer_of(people.stranger, "金丝雀乙", late=timedelta(days=2), registered_by=people.stranger)
    lost = customer_of(people.stranger, "金丝雀乙")
    lost.follow_ups.update(state="cancelled", remind_at=None)
    Opportunity.objects.filter(pk=lost.pk).update(outcome="won", closed_at=clock.now())
    return customer_of(people.owner, "自己的客户", late=timedelta(days=1))


def text_of(client, url: str, headers: dict[str, str]) -> str:
    # What was searched for is repeated; what was found must not be.
    return client.get(url, headers=headers).content.decode().replace("金丝雀”", "")


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize("person", ["owner", "dcc", "supervisor", "finance", "administrator"])
def test_no_name_from_elsewhere_on_any_page(people, sign_in, canaries, person, headers):
    user: User = getattr(people, person)
    client = sign_in(user)
    own = [reverse(f"workbench:opportunity-{name}", args=[canaries.pk]) for name in OWN_PAGES]

    shown = {url: text_of(client, url, headers) for url in (*PAGES, *own)}

    found = {(url, name) for url, text in shown.items() for name in CANARIES if name in text}
    assert found == set()


def test_the_canaries_sing_for_those_who_may_hear_them(people, sign_in, canaries):
    client = sign_in(people.manager)

    assert "金丝雀甲" in client.get("/today/").content.decode()
    assert "金丝雀甲" in client.get("/customers/?view=all").content.decode()
