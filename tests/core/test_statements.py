"""A kept statement answers what its queryset would: for the person, the day and the moment."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Count, Q, Value
from django.test.utils import CaptureQueriesContext

from core import clock, statements
from core.statements import row_of, rows_of
from opportunities.models import Opportunity
from staff.models import User
from tests.conftest import NOON
from tests.factories import NotificationFactory, OpportunityFactory
from workbench.context_processors import _counted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept():
    statements._kept.clear()


def overdue(user):
    """How many notices of the person are older than the moment."""
    now = clock.now()
    return (
        User.objects.filter(pk=user.pk)
        .values("name")
        .annotate(old=Count("notifications", Q(notifications__created_at__lt=now)))
    )


def asked(user, name="old", build=overdue):
    return row_of(name, user, lambda: build(user))


def test_it_is_built_once_and_asks_anew_each_time(people):
    NotificationFactory(recipient=people.owner)
    with clock.travel(clock.now() + timedelta(minutes=1)):
        first = asked(people.owner)
        NotificationFactory(recipient=people.owner)
        with clock.travel(timedelta(minutes=1)), CaptureQueriesContext(connection) as sent:
            second = asked(people.owner)

    assert (first, second) == ({"name": people.owner.name, "old": 1}, {"name": people.owner.name, "old": 2})
    assert (len(sent), len(statements._kept)) == (1, 1)


def test_the_moment_is_the_moment_of_the_question(people):
    with clock.travel(NOON):
        NotificationFactory(recipient=people.owner)
        assert asked(people.owner)["old"] == 0  # written at this very moment
    with clock.travel(NOON + timedelta(seconds=1)):
        assert asked(people.owner)["old"] == 1
    assert len(statements._kept) == 1


@pytest.mark.parametrize(("field", "value"), [("roles", ["sales_manager"]), ("name", "x"), ("is_active", False)])
def test_who_changed_is_somebody_else(people, field, value):
    asked(people.owner)
    setattr(people.owner, field, value)
    asked(people.owner)

    assert len(statements._kept) == 2


def test_the_next_day_is_another_question(people):
    with clock.travel(NOON):
        asked(people.owner)
    with clock.travel(NOON + timedelta(days=1)):
        asked(people.owner)

    assert len(statements._kept) == 2


def test_what_needs_the_database_to_be_built_is_not_kept(people):
    def build(user):
        return User.objects.filter(pk=user.pk).values("name").annotate(size=Value(User.objects.count()))

    NotificationFactory()
    before = asked(people.owner, build=build)["size"]
    NotificationFactory()

    assert asked(people.owner, build=build)["size"] == before + 1
    assert not statements._kept


def test_only_so_many_are_kept(people, monkeypatch):
    monkeypatch.setattr(statements, "LIMIT", 2)
    for name in ("a", "b", "c"):
        asked(people.owner, name)

    assert [key[0] for key in statements._kept] == ["b", "c"]


def test_objects_come_with_everything_their_queryset_gives_them(people):
    """Related rows, missing ones, annotations and converted values; with other numbers than those it was built with."""
    rows = [
        OpportunityFactory(store=people.store, customer__store=people.store, owner=owner)
        for owner in (people.owner, None, people.colleague)
    ]

    def build(one, other):
        found = Opportunity.objects.select_related("customer", "owner", "trim").filter(pk__in=[one, other])
        return found.annotate(double=Count("pk") * 2).order_by("pk")

    for one, other in [(rows[0], rows[1]), (rows[1], rows[2])]:
        kept, plain = rows_of("test", None, build, one.pk, other.pk), list(build(one.pk, other.pk))
        with CaptureQueriesContext(connection) as sent:
            assert [vars_of(row) for row in kept] == [vars_of(row) for row in plain]
        assert len(sent) == 0
    assert len(statements._kept) == 1


def vars_of(row):
    """All columns and what hangs on the row."""
    columns = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return columns | {"customer": row.customer.name, "owner": row.owner and row.owner.name, "double": row.double}


def test_values_keep_their_names_in_any_order(people):
    def build():
        rows = User.objects.filter(pk=people.owner.pk).annotate(b=Value("b"), a=Value("a"))
        return rows.values("a", "name", "b", "employee_number")

    assert rows_of("test", None, build) == list(build())


def test_a_number_that_is_not_sent_keeps_nothing(people):
    def build(number):
        return User.objects.filter(pk__gt=number + 1).order_by("pk").values_list("pk", flat=True)

    assert rows_of("test", None, build, people.owner.pk) == list(build(people.owner.pk))
    assert not statements._kept


@pytest.mark.parametrize(
    "person",
    ["owner", "colleague", "dcc", "supervisor", "manager", "general_manager", "finance", "administrator", "stranger"],
)
def test_the_counts_of_the_shell_are_those_of_the_queryset(people, person):
    user = getattr(people, person)
    NotificationFactory(recipient=user)
    for _time in range(2):
        assert row_of("shell", user, lambda: _counted(user)) == _counted(user).get()


def test_texts_and_moments_are_given_anew_each_time(people):
    def named(name, before):
        return User.objects.filter(name=name, created_at__lt=before).values_list("name", flat=True)

    later, earlier = clock.now() + timedelta(days=1), clock.now() - timedelta(days=9_000)
    found = [
        rows_of("named", None, named, name, before)
        for name, before in [(people.owner.name, later), ("nobody", later), (people.owner.name, earlier)]
    ]

    assert found == [[people.owner.name], [], []]
    assert len(statements._kept) == 1
