"""Signing in and out (R-001; reliability.md 2.3, 35, 36, 38)."""

from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from staff.enums import Role
from tests.factories import PASSWORD, UserFactory

LOGIN = "/staff/login/"
HOME = "/staff/leaves/"  # a page of ours, to come back to
COOLOFF = settings.AXES_COOLOFF_TIME

pytestmark = pytest.mark.django_db


@pytest.fixture
def linyue():
    return UserFactory(employee_number="linyue", name="林悦", phone="+8613805715621")


def sign_in(client, username="linyue", password=PASSWORD, **extra):
    return client.post(LOGIN, {"username": username, "password": password, **extra})


def is_signed_in(client):
    return "_auth_user_id" in client.session


@pytest.mark.req("R-001")
@pytest.mark.parametrize(
    "username",
    [
        "linyue",
        " LinYue ",
        "13805715621",
        "138 0571 5621",
        "+86 138-0571-5621",
        "008613805715621",
        "１３８０５７１５６２１",
    ],
)
def test_sign_in_by_employee_number_or_phone_in_any_spelling(client, linyue, username):
    response = sign_in(client, username)

    assert (response.status_code, response["Location"]) == (302, reverse(settings.LOGIN_REDIRECT_URL))
    assert client.session["_auth_user_id"] == str(linyue.pk)


def test_wrong_password_says_how_many_tries_are_left_next_to_the_field(client, linyue):
    response = sign_in(client, password="wrong", headers={"accept-language": "en"})

    assert response.status_code == 422
    assert response.context["form"].errors["password"][0] in ("Wrong password, 4 more tries", "密码不对，还可以试 4 次")
    assert not is_signed_in(client)
    assert PASSWORD not in response.text


def test_unknown_inactive_and_known_people_look_the_same(client, linyue):
    UserFactory(employee_number="gone", is_active=False)

    pages = []
    for username, password in (("linyue", "wrong"), ("nobody", "wrong"), ("gone", PASSWORD), ("13900000000", "wrong")):
        response = sign_in(client, username, password)
        html = response.text.replace(f'value="{username}"', "")
        pages.append(
            (response.status_code, html.split("<form")[1].split("csrfmiddlewaretoken")[0], html.count("pw_err"))
        )

    assert pages[0][0] == 422
    assert len(set(pages)) == 1


def test_an_unknown_name_costs_one_hash_like_a_known_one(client, linyue, monkeypatch):
    hashed = []
    monkeypatch.setattr("staff.models.User.set_password", lambda self, raw: hashed.append(raw))

    sign_in(client, "nobody", "wrong")

    assert hashed == ["wrong"]


def test_five_wrong_passwords_lock_for_a_quarter_of_an_hour(client, linyue):
    statuses = [sign_in(client, password="wrong").status_code for _ in range(5)]
    locked = sign_in(client)

    assert statuses == [422, 422, 422, 422, 429]
    assert locked.status_code == 429
    assert locked["Retry-After"] == str(int(COOLOFF.total_seconds()))
    assert not is_signed_in(client)


def test_the_lock_page_speaks_the_language_of_the_reader(client, linyue):
    for _ in range(5):
        sign_in(client, password="wrong")

    english = client.post(LOGIN, {"username": "linyue", "password": "x"}, headers={"accept-language": "en"})
    chinese = client.post(LOGIN, {"username": "linyue", "password": "x"}, headers={"accept-language": "zh-CN"})

    assert "Too many wrong passwords. Try again in 15 minutes" in english.text
    assert 'lang="zh-hans"' in chinese.text


def test_an_unknown_name_is_locked_out_alike(client, linyue):
    statuses = [sign_in(client, "nobody", "wrong").status_code for _ in range(6)]

    assert statuses == [422, 422, 422, 422, 429, 429]


def test_other_spellings_do_not_give_more_tries(client, linyue):
    spellings = ["linyue", "LINYUE ", "13805715621", "138 0571 5621", "+86 138 0571 5621"]

    statuses = [sign_in(client, spelling, "wrong").status_code for spelling in spellings]

    assert statuses[-1] == 429
    assert AccessAttempt.objects.values_list("username", flat=True).distinct().get() == "linyue"


def test_a_thousand_guesses_reach_the_hasher_at_most_ten_times(client, linyue, monkeypatch):
    compared = []
    monkeypatch.setattr("staff.models.User.check_password", lambda self, raw: bool(compared.append(raw)))

    for number in range(60):
        sign_in(client, password=f"guess {number}")

    assert len(compared) == 5


def test_the_lock_holds_for_one_person_at_one_address(client, linyue):
    UserFactory(employee_number="zhao")
    for _ in range(5):
        sign_in(client, password="wrong")

    elsewhere = client.post(LOGIN, {"username": "linyue", "password": PASSWORD}, REMOTE_ADDR="10.0.0.9")
    client.logout()
    other_person = sign_in(client, "zhao")

    assert (elsewhere.status_code, other_person.status_code) == (302, 302)


def test_the_lock_ends_by_itself_and_trying_on_does_not_prolong_it(client, linyue):
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        for _ in range(5):
            sign_in(client, password="wrong")
    with time_machine.travel(start + COOLOFF - timedelta(minutes=1), tick=False):
        early = sign_in(client)
    with time_machine.travel(start + COOLOFF + timedelta(minutes=1), tick=False):
        late = sign_in(client)

    assert (early.status_code, late.status_code) == (429, 302)


def test_a_right_password_forgets_the_wrong_ones(client, linyue):
    for _ in range(4):
        sign_in(client, password="wrong")
    sign_in(client, "13805715621")
    client.logout()

    assert [sign_in(client, password="wrong").status_code for _ in range(4)] == [422] * 4


def test_sign_in_makes_a_new_session_key(client, linyue):
    session = client.session
    session["before"] = 1
    session.save()
    before = session.session_key

    sign_in(client)

    assert client.session.session_key != before


@pytest.mark.parametrize(("data", "lives_on"), [({}, False), ({"remember": "on"}, True)])
def test_remember_keeps_the_session_until_the_end_of_the_shift(client, linyue, data, lives_on):
    response = sign_in(client, **data)

    cookie = response.cookies[settings.SESSION_COOKIE_NAME]
    assert bool(cookie["max-age"]) is lives_on
    assert client.session.get_expiry_age() <= settings.SESSION_COOKIE_AGE == 36_000
    assert cookie["httponly"]


def test_sign_in_comes_back_to_the_page_that_was_asked_for(client, linyue):
    asked = client.get(HOME)
    page = client.get(asked["Location"])
    response = sign_in(client, next=HOME)

    assert asked["Location"] == f"{LOGIN}?next={HOME}"
    assert f'name="next" value="{HOME}"' in page.text
    assert response["Location"] == HOME


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "/a\r\nSet-Cookie: x=1",
        "\t//evil.example",
        "https:///evil.example",
        "http://testserver@evil.example/",
        "evil.example",
    ],
)
def test_next_never_leads_elsewhere(client, linyue, target):
    page = client.get(LOGIN, {"next": target})
    response = sign_in(client, next=target)

    assert "evil" not in page.text
    assert response["Location"] == reverse(settings.LOGIN_REDIRECT_URL)
    assert "Set-Cookie: x" not in str(response.headers)


def test_who_is_signed_in_goes_home(client, linyue):
    client.force_login(linyue)

    response = client.get(LOGIN, {"next": HOME})

    assert response["Location"] == reverse(settings.LOGIN_REDIRECT_URL)


def test_sign_out_is_a_post_that_clears_the_tablet(client, linyue):
    sign_in(client, next=HOME)
    by_get = client.get("/staff/logout/")
    response = client.post("/staff/logout/")

    assert by_get.status_code == 405
    assert (response.status_code, response["Location"]) == (302, LOGIN)
    assert response["Clear-Site-Data"] == '"cache", "storage"'
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "username", ["\0", "a\0b", "x" * 5000, "😀" * 40, "𠮷", "'; DROP TABLE staff_user;--", "%s", "﷽"]
)
@pytest.mark.parametrize("query", ["", "?x=%00&y=%FF"])
def test_strange_names_are_refused_calmly(client, linyue, username, query):
    response = client.post(LOGIN + query, {"username": username, "password": "wrong\0"})

    assert response.status_code == 422
    assert not is_signed_in(client)


def test_the_sign_in_page_is_never_stored_and_names_the_only_store(client, linyue):
    response = client.get(LOGIN)

    assert "no-store" in response["Cache-Control"]
    assert response.context["store_name"] == "远岚汽车 · 杭州滨江店"


def test_a_temporary_password_must_be_changed_first(client):
    person = UserFactory(employee_number="new", must_change_password=True, roles=[Role.SALES_CONSULTANT])
    client.force_login(person)

    page = client.get(HOME)
    fragment = client.get(HOME, headers={"HX-Request": "true"})
    form = client.get("/staff/password/")

    assert page["Location"] == "/staff/password/"
    assert (fragment.status_code, fragment["HX-Redirect"]) == (204, "/staff/password/")
    assert form.status_code == 200
    assert client.post("/staff/logout/").status_code == 302
