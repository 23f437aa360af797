"""The shell shows each role the rooms it has, and costs one query."""

from datetime import timedelta

import pytest
from django.test import RequestFactory

from opportunities.services import level_set
from staff.models import User
from tests.factories import NotificationFactory
from workbench import context_processors
from workbench.context_processors import shell

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def shell_of(user: User) -> dict:
    request = RequestFactory().get("/")
    request.user = user
    return shell(request)["shell"]


@pytest.mark.parametrize(
    ("person", "rooms", "actions"),
    [
        ("owner", ["today", "customers", "inbox"], 3),
        ("dcc", ["today", "customers", "import", "inbox"], 3),
        ("supervisor", ["today", "customers", "import", "approvals", "inbox"], 3),
        ("manager", ["today", "customers", "import", "approvals", "inbox"], 3),
        ("receptionist", ["today", "customers", "inbox"], 3),
        ("finance", ["today", "inbox"], 0),
        ("administrator", ["today", "inbox"], 0),
    ],
)
def test_each_role_has_its_rooms(people, person, rooms, actions):
    made = shell_of(getattr(people, person))

    work = next(group["items"] for group in made["nav"] if group["items"][0]["key"] == "today")
    assert [item["key"] for item in work] == rooms
    assert len(made["quick"]) == actions
    assert len(made["tabs"]) <= 3


def test_hot_count_is_the_own_overdue_and_the_bell_the_unread(people, customer_of):
    customer_of(people.owner, late=timedelta(days=1))
    customer_of(people.owner)
    customer_of(people.colleague, late=timedelta(days=1))
    NotificationFactory(recipient=people.owner)
    NotificationFactory(recipient=people.colleague)

    made = shell_of(people.owner)

    assert made["nav"][0]["items"][0]["hot"] == 1
    assert made["unread"] == 1
    assert made["store_name"] == "远岚汽车 · 杭州滨江店"


def test_who_asked_finds_the_answer_and_who_decides_sees_how_many_wait(people, customer_of):
    row = customer_of(people.owner, level="A")
    level_set(opportunity_id=row.pk, level="C", by=people.owner)

    found = {
        who: [(item["key"], item["hot"]) for item in shell_of(getattr(people, who))["nav"][0]["items"]][2:-1]
        for who in ("owner", "colleague", "supervisor", "stranger_manager")
    }

    assert found == {
        "owner": [("approvals", 0)],
        "colleague": [],
        "supervisor": [("import", 0), ("approvals", 1)],
        "stranger_manager": [("import", 0), ("approvals", 0)],
    }


def test_shell_costs_one_query_and_nothing_when_it_is_not_shown(people, django_assert_num_queries):
    request = RequestFactory().get("/")
    request.user = people.owner

    with django_assert_num_queries(0):
        made = shell(request)["shell"]
    with django_assert_num_queries(1):
        assert made["nav"]
        assert made["unread"] == 0


def test_hundred_and_more_are_99_plus(people, sign_in, customer_of):
    for _number in range(101):
        NotificationFactory(recipient=people.owner)

    assert shell_of(people.owner)["unread"] == 100
    assert "99+" in sign_in(people.owner).get("/today/").content.decode()


def test_settings_are_the_rooms_that_exist_and_that_the_person_may_open(people, monkeypatch):
    built = context_processors.SETTINGS[:2]
    monkeypatch.setattr(
        context_processors,
        "SETTINGS",
        (built[0]._replace(url="staff:profile"), built[1]._replace(url="staff:not-built-yet")),
    )

    made = shell_of(people.administrator)
    assert [item["key"] for item in made["settings"]] == ["people"]
    assert [[item["key"] for item in group["items"]] for group in made["nav"]] == [["people"], ["today", "inbox"]]
    assert shell_of(people.owner)["settings"] == []
    assert len(shell_of(people.owner)["nav"]) == 1


def test_superuser_without_a_store_gets_a_page():
    user = User.objects.create_superuser("root", "a-long-enough-password", name="Root")

    assert shell_of(user)["store_name"] == ""
