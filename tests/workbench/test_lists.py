"""The customer list: views, filters, pages, and giving several customers to somebody."""

from datetime import timedelta

import pytest
from django.urls import reverse

from core import clock
from opportunities.enums import CLOSE, Level
from opportunities.models import Opportunity, Ownership
from opportunities.services import close_request
from opportunities.stages import Outcome
from tests.factories import ChannelFactory
from tests.journeys import decide
from tests.workbench.conftest import HTMX
from workbench.selectors.lists import dressed, list_lines, list_rows, saved_view

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
LIST = "/customers/"


def names(client, **params) -> list[str]:
    page = client.get(LIST, {"view": "all", **params}).context["rows"]
    return [row.opportunity.customer.name for row in page]


def test_list_holds_what_the_role_may_see(people, sign_in, customer_of):
    customer_of(people.owner, "自己客")
    customer_of(people.colleague, "同组客")
    customer_of(people.rival, "二组客")
    customer_of(people.stranger, "外店客")

    seen = {
        person: sorted(names(sign_in(getattr(people, person))))
        for person in ("owner", "supervisor", "manager", "stranger_manager", "finance", "administrator")
    }

    assert seen == {
        "owner": ["自己客"],
        "supervisor": sorted(["自己客", "同组客"]),
        "manager": sorted(["自己客", "同组客", "二组客"]),
        "stranger_manager": ["外店客"],
        "finance": [],
        "administrator": [],
    }


def test_list_goes_by_next_action(people, sign_in, customer_of):
    customer_of(people.owner, "后天客", due=timedelta(days=2))
    customer_of(people.owner, "逾期客", late=timedelta(days=1))
    customer_of(people.owner, "今天客")

    assert names(sign_in(people.owner)) == ["逾期客", "今天客", "后天客"]


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("overdue", ["逾期客"]),
        ("today", ["今天客"]),
        ("week", ["逾期客", "今天客", "后天客"]),
        ("stale", ["久未联系"]),
        ("unknown", ["逾期客", "今天客", "后天客", "久未联系"]),
    ],
)
def test_saved_views(people, sign_in, customer_of, view, expected):
    customer_of(people.owner, "逾期客", late=timedelta(days=1))
    customer_of(people.owner, "今天客")
    customer_of(people.owner, "后天客", due=timedelta(days=2))
    old = customer_of(people.owner, "久未联系", due=timedelta(days=12))
    Opportunity.objects.filter(pk=old.pk).update(last_contact_at=clock.now() - timedelta(days=9))

    assert names(sign_in(people.owner), view=view) == expected


def test_unassigned_view_is_for_leaders(people, sign_in, customer_of):
    customer_of(None, "待分配客")
    customer_of(people.owner, "自己客")

    assert names(sign_in(people.manager), view="unassigned") == ["待分配客"]
    assert names(sign_in(people.owner), view="unassigned") == ["自己客"]


@pytest.mark.req("R-072")
def test_closed_customers_leave_the_list_and_are_found_in_their_own(people, sign_in, customer_of):
    row = customer_of(people.owner, "战败客")
    close_request(opportunity_id=row.pk, outcome=Outcome.LOST, reason="price", by=people.owner)
    client = sign_in(people.owner)
    before = names(client)

    decide(row, CLOSE, people.supervisor)

    assert before == ["战败客"]
    assert names(client) == []
    assert names(client, view="closed") == ["战败客"]


def test_filters_narrow_and_are_remembered_until_cleared(people, sign_in, customer_of):
    customer_of(people.owner, "热客户", level=Level.H)
    customer_of(people.owner, "冷客户", level=Level.C, channel=ChannelFactory())
    client = sign_in(people.owner)

    assert names(client, level="H") == ["热客户"]
    again = client.get(LIST)
    assert "level=H" in again.headers["Location"]
    assert names(client) == ["冷客户", "热客户"] or names(client) == ["热客户", "冷客户"]
    assert client.get(LIST).status_code == 200


def test_filter_values_that_do_not_exist_change_nothing(people, sign_in, customer_of):
    customer_of(people.owner)
    client = sign_in(people.owner)

    assert names(client, level="Z", series="99999", channel="x", owner=str(people.stranger.pk)) == ["王建国"]


def test_leader_filters_by_owner(people, sign_in, customer_of):
    customer_of(people.owner, "林的客户")
    customer_of(people.colleague, "赵的客户")

    assert names(sign_in(people.manager), owner=str(people.colleague.pk)) == ["赵的客户"]


def test_empty_and_no_result_say_different_things(people, sign_in, customer_of):
    client = sign_in(people.owner)
    empty = client.get(LIST).content.decode()
    customer_of(people.owner, level=Level.C)

    none = client.get(LIST, {"view": "all", "level": "H"}).content.decode()

    assert "No customers here" in empty
    assert "No customer fits these filters" in none


def test_pages_follow_each_other_without_gap_or_repeat(people, sign_in, customer_of, monkeypatch):
    monkeypatch.setattr("workbench.views.lists.PAGE_SIZE", 2)
    for number in range(5):
        customer_of(people.owner, f"客户{number}", due=timedelta(hours=number + 1))
    client = sign_in(people.owner)

    shown: list[str] = []
    cursor = ""
    while cursor is not None:
        context = client.get(LIST, {"view": "all", "cursor": cursor}).context
        shown += [row.opportunity.customer.name for row in context["rows"]]
        cursor = context["page"].next_cursor

    assert shown == [f"客户{number}" for number in range(5)]


def test_numbers_are_masked(people, sign_in, customer_of):
    row = customer_of(people.owner)
    number = row.customer.phones.get().number

    html = sign_in(people.owner).get(LIST).content.decode()

    assert number[3:] not in html
    assert "199****" in html


def test_row_marks_customers_without_contact_for_too_long(people, customer_of):
    customer_of(people.owner)
    Opportunity.objects.update(last_contact_at=clock.now() - timedelta(days=8))
    row = list_lines(dressed(list_rows(people.owner, saved_view(people.owner, "all"))))[0]

    assert (row.is_stale, row.stale_days, row.is_new) == (True, 8, False)


@pytest.mark.parametrize("customers", [1, 3])
@pytest.mark.parametrize(("person", "queries"), [("owner", 7), ("manager", 8)])
def test_list_takes_the_same_queries_however_many_rows(
    people, sign_in, customer_of, django_assert_num_queries, customers, person, queries
):
    for number in range(customers):
        customer_of(people.owner, f"客户{number}")
    client = sign_in(getattr(people, person))
    client.get(LIST)

    with django_assert_num_queries(queries):
        client.get(LIST)


# ---- several at once ---------------------------------------------------------------------------------------


@pytest.mark.req("R-094")
def test_manager_assigns_several_customers_at_once(people, sign_in, customer_of):
    rows = [customer_of(None, f"待分配{number}") for number in range(2)]
    url = reverse("workbench:opportunity-assign-many")
    client = sign_in(people.manager)
    ids = [row.pk for row in rows]

    sheet = client.get(url, {"ids": ids}, headers=HTMX)
    answer = client.post(url, {"ids": ids, "owner": people.owner.pk, "reason": ""}, headers=HTMX)

    assert "待分配0" in sheet.content.decode()
    assert answer.status_code == 204
    assert set(Opportunity.objects.values_list("owner", flat=True)) == {people.owner.pk}
    assert Ownership.objects.filter(owner=people.owner, actor=people.manager, rule="assigned").count() == 2


def test_one_refused_row_does_not_hold_up_the_others(people, sign_in, customer_of):
    free = customer_of(None, "待分配客")
    taken = customer_of(people.owner, "已有归属")
    url = reverse("workbench:opportunity-assign-many")

    data = {"ids": [free.pk, taken.pk], "owner": people.owner.pk, "reason": "rota"}
    html = sign_in(people.manager).post(url, data, headers=HTMX).content.decode()

    assert "1 assigned, 1 not" in html
    assert "林悦 owns this customer already." in html
    free.refresh_from_db()
    assert free.owner == people.owner


def test_consultant_may_not_assign(people, sign_in, customer_of):
    row = customer_of(people.owner)
    url = reverse("workbench:opportunity-assign-many")

    answer = sign_in(people.owner).post(url, {"ids": [row.pk], "owner": people.colleague.pk, "reason": "x"})

    assert answer.status_code == 403
    row.refresh_from_db()
    assert row.owner == people.owner


def test_rows_of_another_store_are_not_assigned(people, sign_in, customer_of):
    row = customer_of(people.stranger)
    url = reverse("workbench:opportunity-assign-many")

    html = (
        sign_in(people.manager).post(url, {"ids": [row.pk], "owner": people.owner.pk, "reason": "x"}).content.decode()
    )

    assert "Select at least one customer first." in html
    assert "王建国" not in html
    row.refresh_from_db()
    assert row.owner == people.stranger
