"""Search finds within the person's scope only, by everything people type."""

import pytest
from django.urls import reverse

from core.pinyin import search_keys
from customers.models import Customer, CustomerPhone
from tests.factories import StoreFactory
from tests.workbench.conftest import HTMX
from workbench.selectors.search import search

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
SEARCH = "/search/"


@pytest.mark.parametrize(
    "text", ["王建国", "建国", "王", "wangjianguo", "wangjian", "wjg", "WJG", "0001", "199 0000 0001"]
)
def test_found_by_characters_pinyin_initials_and_number(people, sign_in, customer_of, text):
    row = customer_of(people.owner)
    CustomerPhone.objects.filter(customer=row.customer).update(number="+8619900000001")
    customer_of(people.owner, "李雪梅")
    CustomerPhone.objects.filter(customer__name="李雪梅").update(number="+8619900007777")

    html = sign_in(people.owner).get(SEARCH, {"q": text}, headers=HTMX).content.decode()

    assert reverse("workbench:opportunity-detail", args=[row.pk]) in html
    assert "199****0001" in html
    assert "李雪梅" not in html


def test_nothing_outside_the_scope_is_found(people, sign_in, customer_of):
    row = customer_of(people.colleague)
    number = row.customer.phones.get().number
    client = sign_in(people.owner)

    for text in ("王建国", "wjg", number[-4:], number):
        html = client.get(SEARCH, {"q": text}).content.decode()
        assert "opportunities/" not in html
        assert "赵启明" not in html


def test_page_and_palette_offer_to_register_who_was_not_found(people, sign_in):
    client = sign_in(people.owner)

    by_number = client.get(SEARCH, {"q": "13900001111"}, headers=HTMX).content.decode()
    by_name = client.get(SEARCH, {"q": "新客户"}).content.decode()

    assert "/leads/new/?kind=call&amp;phone=13900001111" in by_number
    assert "/leads/new/?kind=call&amp;name=%E6%96%B0" in by_name


def test_somebody_who_registers_nobody_gets_no_offer(people, sign_in):
    html = sign_in(people.finance).get(SEARCH, {"q": "王建国"}).content.decode()

    assert "/leads/new/" not in html


@pytest.mark.parametrize("text", ["", "   ", "12", "%", "_", "'", "(", "‮", "x" * 5000, "𠮷", "😀", "\x00a"])
def test_odd_input_finds_nothing_and_breaks_nothing(people, sign_in, customer_of, text):
    customer_of(people.owner)

    answer = sign_in(people.owner).get(SEARCH, {"q": text})

    assert answer.status_code == 200
    assert "199****" not in answer.content.decode()


def test_open_opportunity_comes_before_a_closed_one(people, sign_in, customer_of):
    row = customer_of(people.owner)

    html = sign_in(people.owner).get(SEARCH, {"q": "王建国"}, headers=HTMX).content.decode()

    assert html.count("<a ") == 1
    assert f"/opportunities/{row.pk}/" in html


@pytest.mark.parametrize("customers", [1, 3])
def test_search_takes_the_same_queries_however_many_hits(
    people, sign_in, customer_of, django_assert_num_queries, customers
):
    for _number in range(customers):
        customer_of(people.owner)
    client = sign_in(people.owner)
    client.get(SEARCH)

    with django_assert_num_queries(6):
        client.get(SEARCH, {"q": "王建国"})
    with django_assert_num_queries(5):
        client.get(SEARCH, {"q": "王建国"}, headers=HTMX)


@pytest.mark.parametrize("text", ["王", "wangjianguo", "wjg", "+8619900000001"])
@pytest.mark.parametrize("newest", [1, 2, 3])
def test_who_is_older_than_the_newest_customers_is_found_all_the_same(
    people, customer_of, monkeypatch, django_assert_max_num_queries, text, newest
):
    """Every way to an answer: among the newest, by the index, by what the person sees."""
    monkeypatch.setattr("workbench.selectors.search.NEWEST", newest)
    monkeypatch.setattr("workbench.selectors.search.NEWEST_OF_OTHERS", newest)
    mine = [customer_of(people.owner) for _n in range(2)]
    others = [customer_of(people.colleague) for _n in range(6)]
    customer_of(people.colleague, "李雪梅")
    for number, row in enumerate([*mine, *others]):
        CustomerPhone.objects.filter(customer=row.customer).update(number=f"+8619900000001{number}")

    def found(user, limit):
        with django_assert_max_num_queries(6):
            return [hit.opportunity for hit in search(user, text, limit=limit)]

    assert found(people.owner, 8) == mine[::-1]
    assert found(people.owner, 1) == mine[1:]
    assert found(people.manager, 3) == others[:2:-1]
    assert found(people.manager, 50) == [*others[::-1], *mine[::-1]]


def test_another_store_is_not_found_unless_it_is_of_the_group(people, sign_in, customer_of):
    row = customer_of(people.owner)
    elsewhere = customer_of(people.owner)
    other = StoreFactory(code="gongshu", group=people.store.group)
    Customer.objects.filter(pk=elsewhere.customer_id).update(store=other)
    CustomerPhone.objects.filter(customer=elsewhere.customer_id).update(store=other)
    type(elsewhere).objects.filter(pk=elsewhere.pk).update(store=other)

    assert [hit.opportunity for hit in search(people.manager, "王", limit=8)] == [row]
    people.manager.scope_override = "group"
    assert [hit.opportunity for hit in search(people.manager, "王", limit=8)] == [elsewhere, row]
    assert [hit.opportunity for hit in search(people.manager, "+86", limit=8)] == []
    people.manager.scope_override = "none"
    assert search(people.manager, "王", limit=8) == []


def test_search_keys_are_those_of_the_service(people, customer_of):
    row = customer_of(people.owner)

    assert Customer.objects.get(pk=row.customer_id).pinyin == search_keys("王建国").pinyin
