"""The page of one customer: who sees it, what it says, and that it stays one page of fixed cost."""

from datetime import timedelta

import pytest
from django.urls import reverse

from core import clock
from followups.services import Entry, contact_record
from opportunities.models import Opportunity
from opportunities.services import level_set, note_add, opportunity_advance, opportunity_assign
from opportunities.stages import Outcome, Stage
from tests.factories import ContactFactory, OpportunityFactory
from tests.workbench.conftest import HTMX
from workbench.selectors.detail import opportunity_page, place_of, stage_steps

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def url_of(opportunity: Opportunity, name: str = "opportunity-detail") -> str:
    return reverse(f"workbench:{name}", args=[opportunity.pk])


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("owner", 200),
        ("supervisor", 200),
        ("manager", 200),
        ("general_manager", 200),
        ("dcc", 200),
        ("colleague", 404),
        ("rival", 404),
        ("stranger", 404),
        ("stranger_manager", 404),
        ("finance", 404),
        ("administrator", 404),
    ],
)
def test_page_exists_only_for_those_who_may_see_it(people, sign_in, customer_of, person, status):
    row = customer_of(people.owner, registered_by=people.dcc)

    assert sign_in(getattr(people, person)).get(url_of(row)).status_code == status


@pytest.mark.parametrize(
    "name",
    [
        "opportunity-timeline",
        "opportunity-facts",
        "opportunity-level",
        "opportunity-close",
        "opportunity-profile",
        "phone-add",
        "opportunity-assign",
    ],
)
def test_every_form_is_missing_for_a_stranger(people, sign_in, customer_of, name):
    row = customer_of(people.owner)

    assert sign_in(people.stranger_manager).get(url_of(row, name)).status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "opportunity-note",
        "opportunity-contactable",
        "phone-reveal",
    ],
)
def test_every_button_is_missing_for_a_stranger(people, sign_in, customer_of, name):
    row = customer_of(people.owner)

    assert sign_in(people.stranger_manager).post(url_of(row, name), {"text": "x"}).status_code == 404


def test_page_shows_facts_next_action_and_masked_number(people, sign_in, customer_of):
    row = customer_of(people.owner, late=timedelta(days=2), colour="星云灰", concerns=["二排空间"], decision_makers=2)
    number = row.customer.phones.get().number

    html = sign_in(people.owner).get(url_of(row)).content.decode()

    for words in ("王建国", "2 days overdue", "星云灰", "二排空间", "2 people decide", "not asked yet"):
        assert words in html
    assert number[3:] not in html
    assert html.count("btn-primary") == 1


@pytest.mark.parametrize(("target", "has_shell"), [("c360", False), ("", True)])
def test_page_and_fragment_are_the_same_content(people, sign_in, customer_of, target, has_shell):
    row = customer_of(people.owner)

    html = sign_in(people.owner).get(url_of(row), headers=HTMX | {"HX-Target": target}).content.decode()

    assert ("<html" in html) is has_shell
    assert 'id="c360"' in html


@pytest.mark.req("R-087")
def test_tabs_show_contacts_and_data(people, sign_in, customer_of):
    row = customer_of(people.owner)
    ContactFactory(opportunity=row)
    client = sign_in(people.owner)

    data = client.get(url_of(row), {"tab": "profile"}).content.decode()
    contacts = client.get(url_of(row, "opportunity-timeline"), {"tab": "contacts"}, headers=HTMX).content.decode()

    assert "Preferred contact time" in data
    assert "<html" not in contacts
    assert '<span class="n num">1</span>' in contacts


def test_timeline_filter_and_earlier_entries(people, sign_in, customer_of):
    row = customer_of(people.owner)
    for number in range(25):
        note_add(opportunity_id=row.pk, text=f"note {number:02}", by=people.owner)
    client = sign_in(people.owner)

    page = client.get(url_of(row), {"kind": "notes"})
    cursor = page.context["timeline"].next_cursor
    more = client.get(
        url_of(row, "opportunity-timeline"),
        {"kind": "notes", "cursor": cursor},
        headers=HTMX | {"HX-Target": "tl-more"},
    ).content.decode()

    assert page.content.decode().count('<li class="tl-i') == 20
    assert more.count('<li class="tl-i') == 5
    assert "composer" not in more


def test_stage_steps_tell_when_each_was_reached(people, customer_of):
    row = customer_of(people.owner)
    opportunity_advance(opportunity_id=row.pk, to=Stage.PRESENTED, by=people.owner, source="test")

    steps = stage_steps(opportunity_page(people.owner).get(pk=row.pk))

    assert [step.state for step in steps[:6]] == ["done", "done", "done", "cur", "next", ""]
    assert steps[3].at == clock.now()
    assert steps[2].at is None


def test_ownership_card_names_rule_reason_and_actor(people, sign_in, customer_of):
    row = customer_of(people.owner)
    opportunity_assign(opportunity_id=row.pk, owner_id=people.colleague.pk, by=people.supervisor, reason="rota")

    html = sign_in(people.supervisor).get(url_of(row)).content.decode()

    for words in ("赵启明", "Assigned by a leader", "钱文博", "rota", "Handed over from 林悦 to 赵启明"):
        assert words in html


@pytest.mark.req("R-071")
def test_plan_tells_what_comes_by_the_rules(people, sign_in, customer_of):
    row = customer_of(people.owner, level="H")
    entry = Entry(channel="phone", outcome="talked", sentence="wants a test drive")
    contact_record(opportunity_id=row.pk, entry=entry, by=people.owner, idempotency_key="k")

    html = sign_in(people.owner).get(url_of(row)).content.decode()

    assert "Every 2 days, until won or lost" in html
    assert "in time" in html
    assert "wants a test drive" in html


def test_other_opportunities_are_listed_within_the_scope(people, sign_in, customer_of):
    row = customer_of(people.owner)
    now = clock.now()
    old = {
        "customer": row.customer,
        "store": people.store,
        "outcome": Outcome.VOID,
        "closed_at": now,
        "follow_up": False,
    }
    mine = OpportunityFactory(owner=people.owner, model_text="旧意向", series=None, **old)
    OpportunityFactory(owner=people.rival, model_text="别人的", series=None, **old)

    html = sign_in(people.owner).get(url_of(row)).content.decode()

    assert url_of(mine) in html
    assert "别人的" not in html


def test_closed_customer_can_be_read_but_not_worked(people, sign_in, customer_of):
    row = customer_of(people.owner)
    row.follow_ups.update(state="cancelled", remind_at=None)
    Opportunity.objects.filter(pk=row.pk).update(outcome=Outcome.WON, closed_at=clock.now())

    html = sign_in(people.owner).get(url_of(row)).content.decode()

    assert "Won" in html
    assert "composer" not in html
    assert url_of(row, "opportunity-close") not in html


def test_neighbours_are_the_overdue_ones(people, customer_of):
    first = customer_of(people.owner, "一", late=timedelta(days=3))
    second = customer_of(people.owner, "二", late=timedelta(days=2))
    third = customer_of(people.owner, "三")

    place = place_of(people.owner, second)

    assert (place.number, place.total, place.previous_id, place.next_id) == (2, 2, first.pk, None)
    assert place_of(people.owner, third) is None


def test_leader_gets_the_decision_and_the_owner_does_not(people, sign_in, customer_of):
    row = customer_of(people.owner, level="A")
    level_set(opportunity_id=row.pk, level="C", by=people.owner)

    leader = sign_in(people.supervisor).get(url_of(row)).content.decode()
    owner = sign_in(people.owner).get(url_of(row)).content.decode()

    assert ">Decide<" in leader
    assert ">Decide<" not in owner
    assert "the supervisor decides" in owner


@pytest.mark.parametrize("rows", [1, 3])
def test_page_takes_the_same_queries_however_many_rows(people, sign_in, customer_of, django_assert_num_queries, rows):
    row = customer_of(people.owner, late=timedelta(days=1))
    for number in range(rows):
        customer_of(people.owner, f"客户{number}", late=timedelta(days=1))
        note_add(opportunity_id=row.pk, text=f"note {number}", by=people.owner)
        ContactFactory(opportunity=row)
    client = sign_in(people.owner)
    client.get(url_of(row))

    with django_assert_num_queries(12):  # eleven to read, one to note who read
        client.get(url_of(row))
