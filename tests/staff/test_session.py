"""When a session ends (reliability.md 36)."""

from datetime import timedelta

import pytest
from django.conf import settings

from core import clock
from staff.enums import Role, Scope
from staff.middleware import LAST_SEEN, PAUSE, SHIFT
from staff.services import password_set
from tests.conftest import NOON
from tests.factories import StoreFactory, UserFactory

PAGE = "/staff/leaves/"
IDLE = timedelta(seconds=settings.SESSION_IDLE_SECONDS)
SHIFT_LENGTH = timedelta(seconds=settings.SESSION_COOKIE_AGE)

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return UserFactory(employee_number="linyue")


def get(client, at, **headers):
    with clock.travel(at):
        return client.get(PAGE, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_a_pause_signs_out_and_says_so(client, person):
    client.force_login(person)
    first = get(client, NOON)
    in_time = get(client, NOON + IDLE)
    late = get(client, NOON + IDLE + IDLE + timedelta(seconds=1))
    login = client.get(late["Location"])

    assert (first.status_code, in_time.status_code) == (200, 200)
    assert late["Location"] == f"/staff/login/?next={PAGE}&ended={PAUSE}"
    assert login.status_code == 200
    assert login.context["notice"]
    assert str(login.context["notice"]) in login.text


def test_a_pause_moves_the_whole_page_on_an_htmx_call(client, person):
    client.force_login(person)
    get(client, NOON)

    late = get(
        client,
        NOON + IDLE + timedelta(seconds=1),
        HX_Request="true",
        HX_Current_URL="http://testserver/staff/profile/?tab=1",
    )

    assert late.status_code == 204
    assert late["HX-Redirect"] == f"/staff/login/?next=%2Fstaff%2Fprofile%2F%3Ftab%3D1&ended={PAUSE}"


def test_the_shift_ends_for_the_busiest_too(client, person):
    client.force_login(person)
    step = IDLE - timedelta(minutes=1)
    moment, statuses = NOON, []
    while moment <= NOON + SHIFT_LENGTH:
        statuses.append(get(client, moment).status_code)
        moment += step

    late = get(client, NOON + SHIFT_LENGTH + timedelta(seconds=1))

    assert set(statuses) == {200}
    assert late["Location"].endswith(f"ended={SHIFT}")


def test_a_page_that_refreshes_itself_is_no_activity(client, person):
    client.force_login(person)
    get(client, NOON)
    for minute in range(1, 30):
        get(client, NOON + timedelta(minutes=minute), HX_Request="true", X_Poll="1")

    late = get(client, NOON + IDLE + timedelta(seconds=1), HX_Request="true", X_Poll="1")

    assert late.status_code == 204
    assert late["HX-Redirect"].startswith("/staff/login/")


def test_the_session_is_written_once_a_minute(client, person):
    client.force_login(person)
    get(client, NOON)
    get(client, NOON + timedelta(seconds=50))
    unmoved = client.session[LAST_SEEN]
    get(client, NOON + timedelta(seconds=70))

    assert unmoved == NOON.timestamp()
    assert client.session[LAST_SEEN] == NOON.timestamp() + 70


def change(person, **fields):
    for name, value in fields.items():
        setattr(person, name, value)
    person.save()


@pytest.mark.parametrize(
    "fields",
    [
        {"is_active": False},
        {"roles": [Role.SALES_CONSULTANT, Role.SALES_MANAGER]},
        {"roles": [Role.FINANCE]},
        {"scope_override": Scope.STORE},
        {"is_staff": True},
    ],
)
def test_a_change_of_rights_ends_every_session(client, person, fields):
    client.force_login(person)
    before = get(client, NOON)

    change(person, **fields)

    after = get(client, NOON)
    assert before.status_code == 200
    assert after["Location"] == f"/staff/login/?next={PAGE}"


def test_a_move_to_another_store_ends_the_session(client, person):
    client.force_login(person)
    change(person, store=StoreFactory(code="xiaoshan", name="萧山店"))

    assert get(client, NOON).status_code == 302


def test_harmless_changes_keep_the_session(client, person):
    client.force_login(person)
    change(person, name="林月", theme="dark", phone="+8613800000000")

    assert get(client, NOON).status_code == 200


def test_a_new_password_ends_the_other_sessions_only(client, person):
    other_device = client.__class__()
    client.force_login(person)
    other_device.force_login(person)
    data = {
        "old_password": "a-long-enough-password",
        "new_password1": "quite-another-password-7",
        "new_password2": "quite-another-password-7",
    }

    response = client.post("/staff/password/", data)

    assert response.status_code == 302
    assert get(client, NOON).status_code == 200
    assert get(other_device, NOON).status_code == 302


def test_a_password_set_by_somebody_else_ends_all_sessions(client, person):
    client.force_login(person)
    password_set(user_id=person.pk, password="temporary-password-1", is_temporary=True)

    person.refresh_from_db()
    assert get(client, NOON).status_code == 302
    assert person.must_change_password


def test_a_stolen_cookie_is_worth_nothing_after_sign_out(client, person):
    client.force_login(person)
    stolen = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.post("/staff/logout/")
    client.cookies[settings.SESSION_COOKIE_NAME] = stolen

    assert get(client, NOON).status_code == 302
