"""Where am I signed in, and ending it (reliability.md 36)."""

from datetime import timedelta

import pytest
from django.test import Client

from core import clock
from staff.models import UserSession
from tests.conftest import NOON
from tests.factories import UserFactory
from tests.staff.signing_in import PAGE, password

pytestmark = pytest.mark.django_db
SECURITY, END = "/staff/security/", "/staff/security/sessions/end/"
IPAD = (
    "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/604.1"
)


@pytest.fixture
def person(noon):
    return UserFactory(employee_number="linyue")


@pytest.fixture
def browsers(person):
    made = [Client(), Client(HTTP_USER_AGENT=IPAD, REMOTE_ADDR="10.0.0.7"), Client()]
    for browser in made:
        password(browser, person)
    return made


def test_the_page_lists_the_own_sessions_and_no_keys(browsers, person):
    other = Client()
    password(other, UserFactory(employee_number="zhao"))

    page = browsers[0].get(SECURITY)

    rows = page.context["sessions"]
    assert len(rows) == 3
    assert [row["is_here"] for row in rows].count(True) == 1
    assert ("Safari · iPad", "10.0.0.7") in [(row["row"].agent, row["row"].ip) for row in rows]
    assert not [browser for browser in [*browsers, other] if browser.session.session_key in page.text]


def test_one_other_session_ends(browsers):
    rows = browsers[0].get(SECURITY).context["sessions"]
    name = next(row["name"] for row in rows if row["row"].agent == "Safari · iPad")

    browsers[0].post(END, {"name": name})

    assert [browser.get(PAGE).status_code for browser in browsers] == [200, 302, 200]


def test_all_others_end(browsers):
    browsers[0].post(END)

    assert [browser.get(PAGE).status_code for browser in browsers] == [200, 302, 302]


def test_nobody_ends_the_session_of_somebody_else(browsers):
    other = Client()
    password(other, UserFactory(employee_number="zhao"))
    name = other.get(SECURITY).context["sessions"][0]["name"]

    browsers[0].post(END, {"name": name})

    assert other.get(PAGE).status_code == 200


def test_the_own_present_session_stays(browsers):
    row = next(row for row in browsers[0].get(SECURITY).context["sessions"] if row["is_here"])

    browsers[0].post(END, {"name": row["name"]})

    assert browsers[0].get(PAGE).status_code == 200


def test_the_list_costs_the_same_for_one_and_three(person, django_assert_num_queries):
    first = Client()
    password(first, person)
    first.get(SECURITY)
    with django_assert_num_queries(6):
        first.get(SECURITY)
    for _number in range(2):
        password(Client(), person)

    with django_assert_num_queries(6):
        first.get(SECURITY)


def test_the_row_follows_the_session(person):
    browser = Client()
    password(browser, person)
    key = browser.session.session_key
    with clock.travel(NOON + timedelta(minutes=20)):
        browser.get(PAGE)
    row = UserSession.objects.get()
    browser.post("/staff/logout/")

    assert (row.session_key, row.user, row.started_at, row.last_seen_at) == (
        key, person, NOON, NOON + timedelta(minutes=20),
    )  # fmt: skip
    assert not UserSession.objects.exists()
