"""Who looked at whom: filters, pages, whose log one reads, and the index that answers."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from core import clock
from core.access_log import RequestMeta, log_access, log_view
from core.models import AccessLogEntry
from tests.conftest import NOON

pytestmark = pytest.mark.django_db
LOG = reverse("workbench:audit-log")
META = RequestMeta(ip="10.0.0.9", device="平板 3", user_agent="Chrome 130 · Android")


@pytest.fixture
def row(people, customer_of):
    return customer_of(people.owner)


def look(person, row, at=NOON, **fields):
    values = {"action": "reveal", "field": "id_card", "reason": "contract"} | fields
    with clock.travel(at):
        log_access(actor=person, customer_id=row.customer_id, request_meta=META, **values)


def of_customer(row) -> str:
    return reverse("workbench:customer-access", args=[row.pk])


@pytest.mark.req("R-877")
def test_a_manager_reads_who_looked_at_a_customer(people, sign_in, row):
    look(people.owner, row)
    look(people.rival, row, NOON - timedelta(days=1), action="lookup", field="owner", reason="")

    page = sign_in(people.manager).get(of_customer(row)).text

    for words in ("林悦", "周子昂", "Looked at a full number · ID card", "Contract", "平板 3", "10.0.0.9"):
        assert words in page
    assert page.index("林悦") < page.index("周子昂")


def test_the_owner_reads_no_log_and_the_link_is_for_those_who_may(people, sign_in, row):
    data = reverse("workbench:opportunity-detail", args=[row.pk]) + "?tab=profile"

    assert sign_in(people.owner).get(of_customer(row)).status_code == 403
    assert of_customer(row) not in sign_in(people.owner).get(data).text
    assert of_customer(row) in sign_in(people.manager).get(data).text


def test_a_look_that_was_refused_stands_out(people, sign_in, row):
    look(people.owner, row, result="wrong_password")

    assert "Refused: wrong password" in sign_in(people.manager).get(of_customer(row)).text


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({}, {"reveal", "lookup", "view"}),
        ({"action": "lookup"}, {"lookup"}),
        ({"result": "limited"}, {"lookup"}),
        ({"since": "2026-11-17"}, {"reveal"}),
        ({"until": "2026-11-16"}, {"lookup", "view"}),
        ({"since": "not a day"}, {"reveal", "lookup", "view"}),
        ({"customer": "999999"}, set()),
    ],
)
def test_the_log_is_narrowed(people, sign_in, row, query, shown):
    look(people.owner, row)
    look(people.rival, row, NOON - timedelta(days=1), action="lookup", result="limited")
    with clock.travel(NOON - timedelta(days=2)):
        log_view(actor=people.colleague, customer_id=row.customer_id, request_meta=META)

    lines = sign_in(people.manager).get(LOG, query).context["lines"]

    assert {line.entry.action for line in lines} == shown


def test_what_did_this_person_look_at(people, sign_in, row):
    look(people.owner, row)
    look(people.rival, row)

    lines = sign_in(people.manager).get(LOG, {"person": people.rival.pk}).context["lines"]

    assert [line.entry.actor for line in lines] == [people.rival]
    assert [line.customer_name for line in lines] == ["王建国"]


def test_an_administrator_reads_the_log_without_names(people, sign_in, row):
    look(people.owner, row)

    page = sign_in(people.administrator).get(LOG).text

    assert f"No. {row.customer_id}" in page
    assert "王建国" not in page


def test_another_stores_log_is_not_read(people, sign_in, row, customer_of):
    look(people.owner, row)
    look(people.stranger, customer_of(people.stranger, "外人"))

    assert len(sign_in(people.stranger_manager).get(LOG).context["lines"]) == 1
    assert sign_in(people.stranger_manager).get(of_customer(row)).status_code == 404
    people.general_manager.scope_override = "group"
    people.general_manager.save()
    assert len(sign_in(people.general_manager).get(LOG).context["lines"]) == 2


@pytest.mark.parametrize("rows", [1, 3])
def test_pages_take_the_same_queries_however_many_rows(people, sign_in, row, django_assert_num_queries, rows):
    for number in range(rows):
        look(people.owner, row, NOON + timedelta(minutes=number))
    client = sign_in(people.manager)
    client.get(LOG), client.get(of_customer(row))

    with django_assert_num_queries(QUERIES_OF_THE_LOG):
        client.get(LOG)
    with django_assert_num_queries(QUERIES_OF_A_CUSTOMER):
        client.get(of_customer(row))


QUERIES_OF_THE_LOG = 7
QUERIES_OF_A_CUSTOMER = 7


def test_rows_from_before_stand_in_the_same_list(people, sign_in, row):
    old = {"actor": people.owner, "action": "reveal", "subject_type": "customers.Customer"}
    AccessLogEntry.objects.create(**old, subject_id=row.customer_id, customer_id=row.customer_id, store_id=1)

    assert "林悦" in sign_in(people.manager).get(of_customer(row)).text


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (AccessLogEntry.objects.filter(customer_id=17), "accesslog_customer"),
        (AccessLogEntry.objects.filter(store_id=3), "accesslog_store"),
        (AccessLogEntry.objects.filter(store_id=3, actor_id=5), "accesslog_actor_time"),
    ],
)
def test_an_index_answers_in_the_order_of_the_page(people, rows, index):
    """A log of some size: the planner walks the index and sorts nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO core_accesslogentry (actor_id, action, subject_type, subject_id, customer_id, store_id,
                                             occurred_at, field, reason)
            SELECT %s, 'view', 'customers.Customer', number %% 997, number %% 997, number %% 7,
                   now() - make_interval(secs => number), '', ''
            FROM generate_series(1, 20000) number
            """,
            [people.owner.pk],
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ANALYZE core_accesslogentry")

    if index == "accesslog_actor_time":
        rows = AccessLogEntry.objects.filter(actor_id=people.owner.pk)
    plan = rows.order_by("-occurred_at", "-id")[:51].explain()

    assert index in plan
    assert "Sort" not in plan
