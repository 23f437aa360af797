"""Profile, password, theme and language."""

import pytest
from django.conf import settings
from django.urls import reverse

from staff.models import User
from tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "rain-over-west-lake-8"


@pytest.fixture
def signed_in(client, people):
    client.force_login(people.owner)
    return client


def fresh(user):
    return User.objects.get(pk=user.pk)


@pytest.mark.req("R-001")
def test_profile_shows_roles_team_and_the_reporting_line(signed_in, people):
    page = signed_in.get("/staff/profile/")

    assert page.context["line"] == [people.supervisor, people.manager, people.general_manager]
    for word in ("林悦", "一组", "owner", "钱文博", "沈立峰", "高远"):
        assert word in page.text


def change(client, old=PASSWORD, new=NEW_PASSWORD, again=None):
    data = {"old_password": old, "new_password1": new, "new_password2": new if again is None else again}
    return client.post("/staff/password/", data)


def test_password_change_keeps_the_session_and_goes_back_to_the_profile(signed_in, people):
    response = change(signed_in)

    assert response["Location"] == "/staff/profile/"
    assert fresh(people.owner).check_password(NEW_PASSWORD)
    assert signed_in.get("/staff/profile/").status_code == 200


def test_a_temporary_password_is_replaced_and_the_person_goes_on(client):
    person = UserFactory(must_change_password=True)
    client.force_login(person)

    response = change(client)

    assert response["Location"] == reverse(settings.LOGIN_REDIRECT_URL)
    assert not fresh(person).must_change_password


@pytest.mark.parametrize(
    ("old", "new", "again", "field"),
    [
        ("wrong", NEW_PASSWORD, None, "old_password"),
        (PASSWORD, NEW_PASSWORD, "something-else-9", "new_password2"),
        (PASSWORD, "short-1", None, "new_password2"),
        (PASSWORD, "password1234", None, "new_password2"),
        (PASSWORD, PASSWORD, None, "new_password2"),
        (PASSWORD, "", None, "new_password1"),
        (PASSWORD, "x" * 600, None, "new_password1"),
    ],
)
def test_weak_and_wrong_passwords_are_refused_at_the_field(signed_in, people, old, new, again, field):
    response = change(signed_in, old, new, again)

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert fresh(people.owner).check_password(PASSWORD)
    if new:
        assert new not in response.text


def test_a_password_like_the_own_name_is_refused(client):
    person = UserFactory(employee_number="wangjianguo88")
    client.force_login(person)

    assert change(client, new="wangjianguo88x").status_code == 422


def test_refusals_are_chinese_for_chinese_readers(signed_in):
    response = change(signed_in, new="short-1")

    assert "12" in response.text.split("error_1_id_new_password2")[1][:200]


def test_theme_is_kept_and_the_page_comes_back(signed_in, people):
    response = signed_in.post("/staff/theme/", {"theme": "dark", "next": "/staff/leaves/"})

    assert response["Location"] == "/staff/leaves/"
    assert fresh(people.owner).theme == "dark"
    assert 'data-bs-theme="dark"' in signed_in.get("/staff/profile/").text


def test_language_is_kept_for_the_person_and_the_device(signed_in, people):
    signed_in.post("/staff/language/", {"language": "en", "next": "//evil.example"})
    english = signed_in.get("/staff/profile/")
    signed_in.post("/staff/logout/")
    login = signed_in.get("/staff/login/")

    assert fresh(people.owner).language == "en"
    assert '<html lang="en"' in english.text
    assert "My profile" in english.text
    assert '<html lang="en"' in login.text


def test_the_own_language_counts_more_than_the_browsers(signed_in):
    page = signed_in.get("/staff/profile/", headers={"accept-language": "en"})

    assert '<html lang="zh-hans"' in page.text


def test_preferences_by_htmx_reload_the_page(signed_in):
    response = signed_in.post("/staff/theme/", {"theme": "light"}, headers={"HX-Request": "true"})

    assert (response.status_code, response["HX-Refresh"]) == (204, "true")


@pytest.mark.parametrize(
    ("url", "data"),
    [("/staff/theme/", {"theme": "pink"}), ("/staff/language/", {"language": "fr"}), ("/staff/theme/", {})],
)
def test_unknown_preferences_change_nothing(signed_in, people, url, data):
    response = signed_in.post(url, data)

    assert response.status_code == 422
    assert (fresh(people.owner).theme, fresh(people.owner).language) == ("auto", "zh-hans")


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_preferences_never_lead_elsewhere(signed_in, target):
    response = signed_in.post("/staff/theme/", {"theme": "dark", "next": target})

    assert response["Location"] == reverse(settings.LOGIN_REDIRECT_URL)


@pytest.mark.parametrize("status", [400, 403, 404])
def test_error_pages_speak_the_persons_language_and_name_the_request(signed_in, people, status):
    people.owner.language = "en"
    people.owner.save()
    urls = {400: "/staff/leaves/?cursor=x", 403: "/customers/assign/", 404: "/nothing/here/"}
    headers = {"host": "evil.example"} if status == 400 else {}

    page = signed_in.get(urls[status], headers={"accept-language": "en", **headers})

    assert page.status_code == status
    assert '<html lang="en"' in page.text
    assert page["X-Request-ID"] in page.text
