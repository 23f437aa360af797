"""Guessing passwords, leading people elsewhere, pretending to be another site (reliability.md 35, 38)."""

import itertools

import pytest
from django.conf import settings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.urls import reverse

from core import clock
from tests.conftest import NOON
from tests.factories import UserFactory
from tests.staff.signing_in import CODE, LOGIN, PIN, app_code, is_signed_in, password, switch_on, tablet, with_pin

pytestmark = pytest.mark.django_db
HOME = reverse(settings.LOGIN_REDIRECT_URL)
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "http:evil.example",
    "http:/evil.example",
    "https:///evil.example",
    "http://testserver@evil.example/",
    "http://testserver.evil.example/",
    "javascript:alert('evil')",
    "JaVaScRiPt:alert('evil')",
    "data:text/html,evil",
    "vbscript:evil",
    "/evil\r\nSet-Cookie: x=1",
    "/evil\nLocation: //evil.example",
    "\t//evil.example",
    " //evil.example",
    "\x00//evil.example",
    "/\t/evil.example",
    "evil.example",
    "./evil",
    "%2f%2fevil.example",
    "ftp://evil.example",
]


@pytest.fixture
def person(noon):
    return UserFactory(employee_number="linyue", store__code="binjiang")


@pytest.fixture
def hashed(monkeypatch):
    """Every password that reaches the hasher."""
    seen = []
    encode = MD5PasswordHasher.encode

    def counting(self, word, salt):
        seen.append(word)
        return encode(self, word, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counting)
    return seen


def guesses(client, number, names):
    statuses = []
    for index, name in zip(range(number), itertools.cycle(names), strict=False):
        answer = client.post(LOGIN, {"username": name, "password": f"guess {index}"})
        statuses.append(answer.status_code)
    return statuses


@pytest.mark.slow
def test_of_a_thousand_guesses_at_most_ten_reach_the_hasher(client, person, hashed):
    statuses = guesses(client, 1000, ["linyue", " LinYue", "ＬＩＮＹＵＥ"])

    assert len(hashed) <= 10
    assert set(statuses[20:]) == {429}


def test_of_a_hundred_guesses_for_many_names_fifty_reach_it_from_one_address(client, person, hashed):
    statuses = guesses(client, 100, [f"e{number}" for number in range(100)])

    assert (len(hashed), statuses[:50], statuses[50:]) == (50, [422] * 50, [429] * 50)


def test_who_types_it_right_does_not_use_up_the_address(client, person, hashed):
    for _time in range(60):
        password(client, person)
        client.post("/staff/logout/")

    assert len(hashed) == 60


@pytest.mark.parametrize("name", ["linyue", "nobody", "13900000000", "gone"])
def test_known_and_unknown_cost_one_hash_and_look_alike(client, person, hashed, name):
    UserFactory(employee_number="gone", is_active=False)
    hashed.clear()

    answer = client.post(LOGIN, {"username": name, "password": "wrong"})

    assert hashed == ["wrong"]
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["password"]


# ---- next ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ELSEWHERE)
def test_next_never_leads_elsewhere(client, person, target):
    page = client.get(LOGIN, {"next": target})
    answer = password(client, person, next=target)

    assert "evil" not in page.text
    assert answer["Location"] == HOME
    assert "evil" not in str(answer.headers)


@pytest.mark.parametrize("target", ELSEWHERE)
def test_next_never_leads_elsewhere_after_the_code(client, person, target):
    switch_on(person)
    with clock.travel(NOON.replace(minute=10)):
        password(client, person, next=target)
        answer = client.post(CODE, {"code": app_code(person), "next": target})

    assert answer["Location"] == HOME


@pytest.fixture
def shared(person):
    browser = tablet(person.store)
    with_pin(person)
    password(browser, person)
    browser.post("/staff/lock/")
    return browser


@pytest.mark.parametrize("target", ELSEWHERE)
def test_next_never_leads_elsewhere_from_the_locked_screen(person, shared, target):
    screen = shared.get("/staff/lock/screen/", {"next": target})
    login = shared.get(LOGIN, {"next": target})
    answer = shared.post("/staff/lock/open/", {"person": person.pk, "pin": PIN, "next": target})

    assert "evil" not in screen.text
    assert "evil" not in login["Location"]
    assert answer["Location"] == HOME


@pytest.mark.parametrize("target", ELSEWHERE)
@pytest.mark.parametrize("url", ["/staff/theme/", "/staff/language/"])
def test_next_never_leads_elsewhere_from_the_preferences(client, person, url, target):
    client.force_login(person)

    answer = client.post(url, {"theme": "dark", "language": "en", "next": target})

    assert answer["Location"] == HOME


# ---- host ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver@evil.example", "testserver:x"])
@pytest.mark.parametrize("url", [LOGIN, "/staff/profile/", "/staff/devices/pair/"])
def test_another_host_is_no_site_of_ours(client, person, url, host):
    client.force_login(person)

    answers = [client.get(url, headers={"host": host}), client.post(LOGIN, headers={"host": host})]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert "evil" not in answers[0].text


def test_a_forwarded_host_is_not_believed(client, person):
    answer = client.get("/staff/profile/", headers={"x-forwarded-host": "evil.example"})

    assert answer["Location"].startswith(LOGIN)


def test_nobody_is_signed_in_by_a_wrong_password_at_the_thousandth_time(client, person):
    guesses(client, 12, ["linyue"])

    right = password(client, person)

    assert right.status_code == 429
    assert not is_signed_in(client)
