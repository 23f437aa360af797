"""The register form: phone first, with and without a script; the look-up tells who holds a number and nothing else."""

import json
import uuid

import pytest
from django.urls import reverse

from core.models import AccessLogEntry
from customers.models import Channel, Customer
from leads.models import Lead
from leads.selectors import sees
from opportunities.models import Opportunity
from opportunities.stages import Outcome
from staff.models import User
from tests.conftest import NOON
from tests.factories import CustomerFactory, FollowUpFactory, OpportunityFactory, SeriesFactory

HTMX = {"HX-Request": "true"}
NEW = reverse("leads:lead-register")
LOOKUP = reverse("leads:lead-lookup")
KEY = "8f0a4c5e-0000-4000-8000-000000000001"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "catalogue")]


@pytest.fixture
def desk(people, client):
    """The DCC agent is signed in and reads English."""
    User.objects.update(language="en")
    client.force_login(people.dcc)
    return client


def typed(**fields):
    return {"kind": "call", "key": KEY, "phone": "138 0571 5621", "name": "王建国", "gender": "male"} | fields


@pytest.mark.parametrize(
    ("kind", "title"), [("call", "a call"), ("online", "a lead"), ("walk_in", "a visit"), ("x", "a call")]
)
def test_the_form_opens_for_every_way_to_reach_us(desk, kind, title):
    response = desk.get(NEW, {"kind": kind, "phone": "13805715621"})

    assert f"Register {title}" in response.content.decode()
    assert 'value="13805715621"' in response.content.decode()


def test_saving_leads_to_the_page_with_the_promises(desk, people):
    response = desk.post(NEW, typed(owner=people.owner.pk), follow=True)

    page = response.content.decode()
    assert response.redirect_chain[-1][0] == reverse("leads:lead-registered", args=[Lead.objects.get().pk])
    assert "138****5621" in page
    assert "13805715621" not in page
    assert page.count('<em class="num">') == 3
    assert Opportunity.objects.get().owner == people.owner


def test_saving_in_the_sheet_answers_with_a_toast(desk):
    response = desk.post(NEW, typed(), headers=HTMX)

    toast = json.loads(response["HX-Trigger"])["toast"]
    assert response.status_code == 204
    assert toast["title"] == "王建国 registered"
    assert [part.rsplit(" ", 1)[0] for part in toast["text"].split(" · ")] == [
        "Same-day message Tue 17 Nov",
        "First callback Thu 19 Nov",
        "Second callback Tue 24 Nov",
    ]


def test_who_may_not_see_a_known_customer_learns_nothing_by_registering(people, client):
    customer = CustomerFactory(store=people.store, name="贺兰真", phone="+8613805715621")
    OpportunityFactory(customer=customer, owner=people.owner, store=people.store, model_text="暗号车")
    User.objects.update(language="en")
    client.force_login(people.rival)

    answer = client.post(NEW, typed(), headers=HTMX)
    page = client.get(reverse("leads:lead-registered", args=[Lead.objects.get().pk])).content.decode()

    toast = json.loads(answer["HX-Trigger"])["toast"]
    assert toast["title"] == "王建国 is known; the contact is noted"
    assert toast["text"] == "The owner stays and hears of this contact"
    assert "王建国" in page
    assert people.owner.name in page
    assert [word for word in ("贺兰真", "暗号车", "Planned callbacks", "First callback") if word in page] == []


def test_a_form_sent_twice_is_stored_once(desk):
    answers = {desk.post(NEW, typed())["Location"] for _ in range(2)}

    assert (len(answers), Lead.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"phone": ""}, "phone"),
        ({"phone": "1380571"}, "phone"),
        ({"phone": "400-800-1234"}, "phone"),
        ({"phone": "😀" * 30}, "phone"),
        ({"name": "  "}, "name"),
        ({"name": "王" * 61}, "name"),
        ({"note": "长" * 2001}, "note"),
        ({"area": "<" * 61}, "area"),
        ({"purchase_window": "soon"}, "purchase_window"),
        ({"owner": "0"}, "owner"),
        ({"series": "-1"}, "series"),
        ({"kind": "smoke"}, "kind"),
        ({"key": "no-uuid"}, "key"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(desk, change, field):
    for headers in ({}, HTMX):
        response = desk.post(NEW, typed(**{"area": "滨江", **change}), headers=headers)

        assert response.status_code == 422
        assert list(response.context["form"].errors) == [field]
        assert "滨江" in response.content.decode() or field == "area"
    assert not Customer.objects.exists()


@pytest.mark.req("R-036")
def test_the_owner_list_has_sellers_of_the_store_and_their_load(desk, people):
    opportunity = OpportunityFactory(
        owner=people.owner, store=people.store, customer__store=people.store, follow_up=False
    )
    FollowUpFactory.create_batch(2, opportunity=opportunity)

    labels = [label for value, label in desk.get(NEW).context["form"].fields["owner"].choices if value]

    assert labels == ["赵启明 · 0 due today", "林悦 · 2 due today", "周子昂 · 0 due today"]


def test_a_consultant_has_no_owner_to_choose(people, client):
    client.force_login(people.owner)

    assert "owner" not in client.get(NEW).context["form"].fields
    client.post(NEW, typed(owner=people.rival.pk))
    assert Opportunity.objects.get().owner == people.owner


@pytest.mark.req("R-093")
@pytest.mark.parametrize("who", ["finance", "administrator"])
def test_others_may_not_register_or_look_up(people, client, who):
    client.force_login(getattr(people, who))

    assert [client.get(NEW).status_code, client.post(NEW, typed()).status_code] == [403, 403]
    assert client.post(LOOKUP, {"phone": "13805715621"}).status_code == 403


# ---- look-up -----------------------------------------------------------------------------------------------


@pytest.fixture
def held(people):
    customer = CustomerFactory(store=people.store, phone="+8613805715621", name="隐姓埋", area="秘密区")
    opportunity = OpportunityFactory(
        customer=customer, owner=people.owner, level="H", last_contact_at=NOON, model_text="秘密车", last_note="秘密话"
    )
    return opportunity


def test_the_look_up_tells_the_owner_and_nothing_about_the_customer(people, client, held):
    User.objects.update(language="en")
    client.force_login(people.rival)

    response = client.post(LOOKUP, {"phone": "+86 138-0571-5621"}, headers=HTMX)

    text = response.content.decode()
    assert "林悦" in text
    assert "17 Nov" in text
    for secret in ("隐姓埋", "秘密", "level", "lv-H", "S7", "5621", f"/opportunities/{held.pk}/"):
        assert secret not in text
    entry = AccessLogEntry.objects.get()
    assert (entry.actor, entry.action, entry.subject_id) == (people.rival, "lookup", held.customer_id)


def test_who_may_see_the_customer_gets_a_link(people, client, held):
    client.force_login(people.owner)

    text = client.post(LOOKUP, {"phone": "13805715621"}, headers=HTMX).content.decode()

    assert f"/opportunities/{held.pk}/" in text
    assert "隐姓埋" not in text


@pytest.mark.parametrize(
    ("phone", "words"),
    [
        ("138057", ""),
        ("1380571", "4 digits are missing."),
        ("13805715622", "Not registered in this store yet."),
        ("23805715622", "A mobile number begins with"),
        ("<script>1234567</script>", "This is not a phone number."),
    ],
)
def test_other_numbers_get_a_word_and_no_log(desk, held, phone, words):
    response = desk.post(LOOKUP, {"phone": phone}, headers=HTMX)

    text = response.content.decode()
    assert words in text or "remove" in text
    assert "<script>1" not in text
    assert not AccessLogEntry.objects.exists()


def test_a_customer_nobody_follows_and_one_without_owner(desk, people, held):
    Opportunity.objects.update(owner=None)
    waiting = desk.post(LOOKUP, {"phone": "13805715621"}, headers=HTMX).content.decode()
    Opportunity.objects.update(outcome=Outcome.LOST, closed_at=NOON)
    closed = desk.post(LOOKUP, {"phone": "13805715621"}, headers=HTMX).content.decode()

    assert "Waiting for assignment" in waiting
    assert "nobody is following" in closed


def test_without_a_script_the_form_comes_back_with_the_answer(desk, held):
    response = desk.post(LOOKUP, typed(area="滨江"))

    page = response.content.decode()
    assert "林悦" in page
    assert 'value="滨江"' in page
    assert 'value="王建国"' in page


def test_the_number_of_another_store_is_unknown_here(people, client, held):
    client.force_login(people.stranger)

    assert "林悦" not in client.post(LOOKUP, {"phone": "13805715621"}, headers=HTMX).content.decode()


def test_looking_never_writes_by_get(desk):
    assert desk.get(LOOKUP).status_code == 405


# ---- the page afterwards -----------------------------------------------------------------------------------


def test_the_page_afterwards_is_for_who_registered_or_sees_it(people, client):
    client.force_login(people.dcc)
    url = client.post(NEW, typed(owner=people.owner.pk))["Location"]
    seen = {}
    for who in ("dcc", "owner", "manager", "rival", "stranger"):
        client.force_login(getattr(people, who))
        seen[who] = client.get(url).status_code

    assert seen == {"dcc": 200, "owner": 200, "manager": 200, "rival": 404, "stranger": 404}


@pytest.mark.parametrize("rows", [1, 3])
def test_the_form_costs_a_fixed_number_of_queries(desk, people, rows, django_assert_num_queries):
    for number in range(rows):
        customer = CustomerFactory(store=people.store, phone=f"+86138057156{number:02}")
        opportunity = OpportunityFactory(customer=customer, owner=people.owner)
        Lead.objects.create(
            store=people.store, kind="call", result="created", customer=customer, opportunity=opportunity,
            phone="+8613805715621", area=f"区 {number}", occurred_at=NOON, channel=Channel.objects.first(),
        )  # fmt: skip
    desk.get(NEW)

    with django_assert_num_queries(7):
        desk.get(NEW)


@pytest.mark.parametrize("known", [1, 3])
@pytest.mark.parametrize(("who", "queries"), [("dcc", 16), ("owner", 17)])
def test_registering_costs_a_fixed_number_of_queries(client, people, known, who, queries, django_assert_num_queries):
    """Person and session, channel and series, customer, opportunity, log, callbacks, intake; an owner is noted as such.

    The savepoint within the transaction of the test, made and released, is not counted.
    """
    for number in range(known):
        OpportunityFactory(customer=CustomerFactory(store=people.store, phone=f"+86138057156{number:02}"))
    fields = {"channel": Channel.objects.first().pk, "series": SeriesFactory().pk, "area": "滨江"}
    client.force_login(getattr(people, who))
    client.post(NEW, typed(key=str(uuid.uuid4()), phone="13900001111", **fields), headers=HTMX)

    with django_assert_num_queries(queries + 2):
        assert client.post(NEW, typed(**fields), headers=HTMX).status_code == 204
    assert Lead.objects.filter(result="created").count() == 2


def test_who_sees_the_customer_is_told_without_asking_the_database_and_nobody_else(people):
    """The short answer is that of visible_to, for everybody."""
    owners = [None, people.owner, people.colleague, people.rival]
    registrars = [people.dcc, people.owner, people.colleague]
    rows = [
        OpportunityFactory(customer__store=people.store, owner=owner, registered_by=registrar)
        for owner in owners
        for registrar in registrars
    ]
    everybody = User.objects.all()

    answers = {(user.pk, row.pk): sees(user, row) for user in everybody for row in rows}

    assert answers == {
        (user.pk, row.pk): Opportunity.objects.visible_to(user).filter(pk=row.pk).exists()
        for user in everybody
        for row in rows
    }
    assert set(answers.values()) == {True, False}
