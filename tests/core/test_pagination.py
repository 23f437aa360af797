from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core import signing
from django.db import connection
from django.db.models import Value
from django.db.models.functions import NullIf

from core.models import BusinessDay
from core.pagination import Key, keyset_page

START = date(2026, 1, 1)
BY_DAY = [Key("on"), Key("id")]
BY_NAME = [Key("name", nulls_last=True), Key("id")]
BY_NAME_DOWN = [Key("name", desc=True, nulls_last=True), Key("id", desc=True)]

pytestmark = pytest.mark.django_db


def make_days(*labels):
    BusinessDay.objects.bulk_create(
        BusinessDay(on=START + timedelta(days=n), is_workday=True, label=label) for n, label in enumerate(labels)
    )


def named():
    """Days whose empty label counts as NULL: the shape of `next_action_at NULLS LAST`."""
    return BusinessDay.objects.annotate(name=NullIf("label", Value("")))


def walk(queryset, order, size, *, is_backward=False):
    """Return the pages from one end of the list to the other."""
    page = keyset_page(queryset, order=order, size=size)
    pages = [page]
    while page.next_cursor:
        page = keyset_page(queryset, order=order, cursor=page.next_cursor, size=size)
        pages.append(page)
    if not is_backward:
        return pages
    pages = [page]
    while page.previous_cursor:
        page = keyset_page(queryset, order=order, cursor=page.previous_cursor, size=size)
        pages.insert(0, page)
    return pages


def flat(pages):
    return [row.pk for page in pages for row in page.items]


@pytest.mark.parametrize("is_backward", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 12, 13, 50])
@pytest.mark.parametrize(
    ("order", "sql_order"),
    [(BY_NAME, "name ASC NULLS LAST, id"), (BY_NAME_DOWN, "name DESC NULLS LAST, id DESC")],
)
def test_keyset_page_walks_over_every_row_once(order, sql_order, size, is_backward):
    make_days("b", "", "a", "b", "", "c", "b", "", "", "a", "d", "b", "")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM (SELECT id, NULLIF(label, '') AS name FROM core_businessday) d ORDER BY {sql_order}"  # noqa: S608
        )
        expected = [row[0] for row in cursor.fetchall()]

    pages = walk(named(), order, size, is_backward=is_backward)

    assert flat(pages) == expected


@pytest.mark.parametrize("is_backward", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("is_down", [False, True])
def test_keyset_page_walks_over_null_in_a_later_column(is_down, size, is_backward):
    make_days("b", "", "a", "b", "", "c", "", "a")
    BusinessDay.objects.filter(on__gt=START + timedelta(days=4)).update(is_workday=False)
    order = [Key("is_workday", desc=True), Key("name", desc=is_down, nulls_last=True)]
    expected = sorted(
        named(),
        key=lambda day: (
            not day.is_workday,
            day.name is None,
            ord(day.name or "0") * (-1 if is_down else 1),
            day.pk * (-1 if is_down else 1),
        ),
    )

    pages = walk(named(), order, size, is_backward=is_backward)

    assert flat(pages) == [day.pk for day in expected]


def test_keyset_page_counts_rows_and_knows_its_neighbours():
    make_days(*"abcde")

    # The signature of a cursor holds the second.
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False):
        first, second, third = walk(BusinessDay.objects.all(), BY_DAY, 2)
        back = keyset_page(BusinessDay.objects.all(), order=BY_DAY, cursor=third.previous_cursor, size=2)

    assert [page.first_no for page in (first, second, third, back)] == [1, 3, 5, 3]
    assert (first.previous_cursor, third.next_cursor) == (None, None)
    assert back.items == second.items
    assert back.next_cursor == second.next_cursor


def test_keyset_page_of_an_empty_list():
    page = keyset_page(BusinessDay.objects.all(), order=BY_DAY)

    assert (page.items, page.next_cursor, page.previous_cursor, page.first_no) == ([], None, None, 0)


def test_keyset_page_adds_the_primary_key_to_the_order():
    make_days(*"aaaaa")

    pages = walk(BusinessDay.objects.all(), [Key("label", desc=True)], 2)

    assert flat(pages) == sorted(BusinessDay.objects.values_list("pk", flat=True), reverse=True)


def test_keyset_page_keeps_microseconds_and_text_keys():
    moment = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
    Session.objects.bulk_create(
        Session(session_key=f"key{n}", session_data="", expire_date=moment + timedelta(microseconds=n // 2))
        for n in range(6)
    )

    pages = walk(Session.objects.all(), [Key("expire_date", desc=True), Key("pk", desc=True)], 1)

    assert flat(pages) == ["key5", "key4", "key3", "key2", "key1", "key0"]


@pytest.mark.parametrize("rows", [1, 3, 13])
def test_keyset_page_is_one_query_without_offset_or_count(django_assert_num_queries, rows):
    make_days(*"abcdefghijklm"[:rows])

    with django_assert_num_queries(1) as queries:
        page = keyset_page(named(), order=BY_NAME, size=5)
    if page.next_cursor:
        with django_assert_num_queries(1) as queries:
            keyset_page(named(), order=BY_NAME, cursor=page.next_cursor, size=5)

    sql = queries.captured_queries[-1]["sql"]
    assert "OFFSET" not in sql
    assert "COUNT" not in sql


def test_keyset_page_gives_the_index_a_range_to_seek():
    make_days(*"abcdef")
    cursor = keyset_page(BusinessDay.objects.all(), order=BY_DAY, size=2).next_cursor

    with connection.execute_wrapper(explain_into := Explain()):
        keyset_page(BusinessDay.objects.all(), order=BY_DAY, cursor=cursor, size=2)

    assert 'Index Cond: ("on" >= ' in explain_into.plan
    assert "Sort Method" not in explain_into.plan


class Explain:
    """Runs each query and keeps the plan that PostgreSQL makes for it when tables are big."""

    plan = ""

    def __call__(self, execute, sql, params, many, context):
        with context["connection"].connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute(f"EXPLAIN {sql}", params)
            self.plan = "\n".join(row[0] for row in cursor.fetchall())
        return execute(sql, params, many, context)


# The signature holds the moment: an id of its own, or two test workers would not know the same tests.
@pytest.mark.parametrize(
    "cursor",
    ["", "nonsense", "x" * 5000, "1:2:3", pytest.param(signing.dumps([["2026-01-03", 1], 0, 3]), id="other salt")],
)
def test_keyset_page_shows_the_first_page_for_a_foreign_cursor(cursor):
    make_days(*"abc")

    page = keyset_page(BusinessDay.objects.all(), order=BY_DAY, cursor=cursor, size=2)

    assert (page.first_no, page.previous_cursor) == (1, None)


def test_keyset_page_shows_the_first_page_for_a_changed_cursor_or_that_of_another_order():
    make_days(*"abc")
    cursor = keyset_page(BusinessDay.objects.all(), order=BY_DAY, size=2).next_cursor

    other_order = keyset_page(BusinessDay.objects.all(), order=[Key("on", desc=True)], cursor=cursor, size=2)
    changed = keyset_page(BusinessDay.objects.all(), order=BY_DAY, cursor=f"A{cursor[1:]}", size=2)

    assert (other_order.first_no, changed.first_no) == (1, 1)


def test_keyset_page_shows_the_first_page_when_its_rows_are_gone():
    make_days(*"abcd")
    cursor = keyset_page(BusinessDay.objects.all(), order=BY_DAY, size=2).next_cursor
    BusinessDay.objects.filter(label__in="cd").delete()

    page = keyset_page(BusinessDay.objects.all(), order=BY_DAY, cursor=cursor, size=2)

    assert [row.label for row in page.items] == ["a", "b"]


def test_keyset_page_is_not_shifted_by_new_rows():
    make_days(*"abcd")
    cursor = keyset_page(BusinessDay.objects.all(), order=BY_DAY, size=2).next_cursor
    BusinessDay.objects.create(on=START - timedelta(days=1), is_workday=True, label="new")

    page = keyset_page(BusinessDay.objects.all(), order=BY_DAY, cursor=cursor, size=2)

    assert [row.label for row in page.items] == ["c", "d"]


def test_keyset_page_refuses_an_unannounced_null():
    make_days("", "")

    with pytest.raises(ValueError, match="nulls_last"):
        keyset_page(named(), order=[Key("name")], size=1)
