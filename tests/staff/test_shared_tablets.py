"""Registered tablets, the locked screen, and coming back with a PIN (reliability.md 4.4)."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from core import clock
from core.errors import DomainError
from staff.enums import Role
from staff.enums import SecurityEventKind as Kind
from staff.models import Device, DeviceVisit, QuickPin, SecurityEvent, UserSession
from staff.selectors.security import people_of_today
from staff.services import password_set
from staff.services.devices import PinAnswer, device_pair, device_register, pin_check, pin_set, visits_sweep
from tests.conftest import NOON
from tests.factories import StoreFactory, UserFactory
from tests.staff.signing_in import LOGIN, PAGE, PIN, is_signed_in, password, tablet, unlock, with_pin

pytestmark = pytest.mark.django_db
SCREEN, OPEN, LOCK = "/staff/lock/screen/", "/staff/lock/open/", "/staff/lock/"
IDLE = timedelta(seconds=settings.SHARED_IDLE_SECONDS)
SECOND = timedelta(seconds=1)


@pytest.fixture
def store(noon):
    return StoreFactory()


@pytest.fixture
def linyue(store):
    return with_pin(UserFactory(employee_number="linyue", name="林悦", store=store))


@pytest.fixture
def zhao(store):
    return with_pin(UserFactory(employee_number="zhao", name="赵启明", store=store), "604173")


@pytest.fixture
def shared(store):
    return tablet(store)


# ---- registering and pairing -------------------------------------------------------------------------------


def test_the_pairing_code_works_once_and_for_a_quarter_of_an_hour(store):
    by = UserFactory(roles=[Role.ADMINISTRATOR], store=store)
    used = device_register(store_id=store.pk, name="一", by=by)
    late = device_register(store_id=store.pk, name="二", by=by)

    device_pair(code=used.code.lower().replace("-", " "))
    with pytest.raises(DomainError):
        device_pair(code=used.code)
    with clock.travel(NOON + timedelta(minutes=15)), pytest.raises(DomainError):
        device_pair(code=late.code)

    assert list(Device.objects.exclude(paired_at=None)) == [used.device]


def test_codes_and_cookies_are_kept_as_hashes_only(store, shared):
    device = Device.objects.get()
    cookie = shared.cookies[settings.DEVICE_COOKIE_NAME]

    assert len(device.token_digest) == 64
    assert device.token_digest not in cookie.value
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", settings.DEVICE_COOKIE_AGE)


def test_guessing_pairing_codes_is_slowed(client, noon):
    statuses = [client.post("/staff/devices/pair/", {"code": "AAAA-AAAA"}).status_code for _ in range(11)]

    assert statuses == [422] * 10 + [429]


def test_a_changed_cookie_is_no_device(shared, linyue):
    password(shared, linyue)
    shared.post(LOCK)
    shared.cookies[settings.DEVICE_COOKIE_NAME] = shared.cookies[settings.DEVICE_COOKIE_NAME].value + "x"

    assert unlock(shared, linyue)["Location"] == LOGIN


def test_an_administrator_registers_renews_and_revokes(client, store, shared, linyue):
    client.force_login(UserFactory(roles=[Role.ADMINISTRATOR], store=store))
    password(shared, linyue)
    device = Device.objects.get()

    made = client.post("/staff/devices/new/", {"store": store.pk, "name": "展厅 2 号"})
    again = client.post("/staff/devices/new/", {"store": store.pk, "name": "展厅 2 号"})
    fresh = client.post(f"/staff/devices/{device.pk}/code/")
    before = shared.get(PAGE).status_code
    client.post(f"/staff/devices/{device.pk}/revoke/")

    assert (made.status_code, again.status_code, fresh.status_code) == (200, 422, 200)
    assert made.context["code"] in made.text
    assert (before, shared.get(PAGE).status_code) == (200, 302)
    assert unlock(shared, linyue)["Location"] == LOGIN
    assert client.post(f"/staff/devices/{device.pk}/revoke/").status_code == 302
    assert "展厅 1 号" in client.get("/staff/devices/").text


def test_devices_of_another_store_do_not_exist(client, shared):
    other = StoreFactory(code="far", name="远店")
    client.force_login(UserFactory(roles=[Role.ADMINISTRATOR], store=other))
    device = Device.objects.get()

    assert client.post(f"/staff/devices/{device.pk}/revoke/").status_code == 404
    assert client.post("/staff/devices/new/", {"store": device.store_id, "name": "x"}).status_code == 422
    assert "展厅 1 号" not in client.get("/staff/devices/").text


def test_the_list_of_devices_costs_the_same_for_one_and_three(client, store, shared, django_assert_num_queries):
    client.force_login(UserFactory(roles=[Role.ADMINISTRATOR], store=store))
    client.get("/staff/devices/")
    with django_assert_num_queries(5):
        client.get("/staff/devices/")
    tablet(store, name="二")
    tablet(store, name="三")

    with django_assert_num_queries(5):
        client.get("/staff/devices/")


# ---- locking -----------------------------------------------------------------------------------------------


def test_a_pause_locks_a_shared_tablet_and_only_that(client, shared, linyue):
    password(shared, linyue)
    password(client, linyue)
    with clock.travel(NOON + IDLE):
        in_time = shared.get(PAGE)
    with clock.travel(NOON + IDLE + IDLE + SECOND):
        locked, desk = shared.get(PAGE), client.get(PAGE)
        screen = shared.get(locked["Location"], follow=True)

    assert in_time.status_code == desk.status_code == 200
    assert locked["Location"] == f"{LOGIN}?next={PAGE}"
    assert screen.redirect_chain[-1][0] == f"{SCREEN}?next=%2Fstaff%2Fprofile%2F"
    assert "林悦" in screen.text


def test_a_locked_session_opens_no_page_at_all(shared, linyue):
    password(shared, linyue)
    shared.post(LOCK)

    answers = [shared.get(url) for url in (PAGE, "/", "/staff/security/", "/admin/")]
    write = shared.post("/staff/theme/", {"theme": "dark"})
    fragment = shared.get(PAGE, headers={"HX-Request": "true"})

    linyue.refresh_from_db()
    assert {answer.status_code for answer in [*answers, write]} == {302}
    assert linyue.theme != "dark"
    assert (fragment.status_code, fragment.content) == (423, b"")


def test_typing_without_requests_keeps_the_tablet_open(shared, linyue):
    password(shared, linyue)
    for minute in range(1, 12):
        with clock.travel(NOON + timedelta(minutes=minute)):
            presence = shared.post("/staff/presence/")

    with clock.travel(NOON + timedelta(minutes=15)):
        assert (presence.status_code, shared.get(PAGE).status_code) == (204, 200)


def test_a_page_that_refreshes_itself_does_not(shared, linyue):
    password(shared, linyue)
    for minute in range(1, 6):
        with clock.travel(NOON + timedelta(minutes=minute, seconds=1)):
            answer = shared.get(PAGE, headers={"X-Poll": "1", "HX-Request": "true"})

    assert answer.status_code == 423


def test_locking_where_no_device_is_registered_signs_out(client, linyue):
    password(client, linyue)
    client.post(LOCK)

    assert not is_signed_in(client)


# ---- coming back -------------------------------------------------------------------------------------------


def test_the_same_person_goes_on_with_the_page(shared, linyue):
    password(shared, linyue)
    shared.post(LOCK, headers={"X-Lock": "1"})
    panel = shared.get(SCREEN, headers={"X-Lock": "1"})
    before = (shared.session.session_key, shared.cookies["csrftoken"].value)
    answer = unlock(shared, linyue, **{"X-Lock": "1"})

    assert "<html" not in panel.text
    assert (answer.status_code, answer["X-Unlocked"]) == (204, "1")
    assert shared.get(PAGE).status_code == 200
    assert shared.session.session_key != before[0]
    assert shared.cookies["csrftoken"].value == before[1]  # the form behind the lock can still be sent
    assert SecurityEvent.objects.filter(user=linyue, kind=Kind.PIN_USED).count() == 1


def test_somebody_else_starts_anew_and_the_first_comes_back_too(shared, linyue, zhao):
    password(shared, zhao)
    shared.post(LOCK)
    password(shared, linyue)
    shared.post(LOCK)
    by_script = unlock(shared, zhao, "604173", **{"X-Lock": "1"})
    as_zhao = shared.get(PAGE)
    shared.post(LOCK)
    back = unlock(shared, linyue)

    assert (by_script.status_code, by_script["X-Go"]) == (204, "/")
    assert as_zhao.context["user"] == zhao
    assert back["Location"] == "/"
    assert shared.get(PAGE).context["user"] == linyue
    assert UserSession.objects.filter(device=shared.device).count() == 1


def test_without_scripts_the_form_leads_back_to_the_page(shared, linyue):
    password(shared, linyue)
    shared.post(LOCK)

    answer = shared.post(OPEN, {"person": linyue.pk, "pin": PIN, "next": PAGE})

    assert answer["Location"] == PAGE


def test_a_wrong_pin_says_how_many_tries_are_left_and_after_five_the_password_is_needed(shared, linyue):
    password(shared, linyue)
    shared.post(LOCK)

    answers = [unlock(shared, linyue, "999999") for _ in range(5)]
    right = unlock(shared, linyue)
    password(shared, linyue)
    shared.post(LOCK)
    after_password = unlock(shared, linyue)

    assert {answer.status_code for answer in answers} == {422}
    assert "4" in answers[0].context["error"]
    assert right.status_code == 422
    assert after_password.status_code == 302
    assert SecurityEvent.objects.filter(kind=Kind.PIN_EXHAUSTED).count() == 1


def test_a_right_pin_forgets_the_wrong_ones(shared, linyue):
    password(shared, linyue)
    for _round in range(3):
        shared.post(LOCK)
        for _try in range(4):
            unlock(shared, linyue, "999999")
        assert unlock(shared, linyue).status_code == 302


def check(shared, person, pin=PIN):
    return pin_check(device_id=shared.device.pk, user_id=person.pk, pin=pin).answer


def test_the_pin_opens_nothing_without_the_password_of_the_day(store, shared, linyue):
    never = check(shared, linyue)
    password(shared, linyue)
    elsewhere = check(tablet(store, name="二"), linyue)
    same_day = check(shared, linyue)
    with clock.travel(NOON + timedelta(days=1)):
        next_day = check(shared, linyue)

    assert (never, elsewhere, same_day, next_day) == (
        PinAnswer.PASSWORD, PinAnswer.PASSWORD, PinAnswer.RIGHT, PinAnswer.PASSWORD,
    )  # fmt: skip


def test_the_pin_opens_nothing_after_the_shift(shared, linyue):
    with clock.travel(NOON - timedelta(hours=5)):
        password(shared, linyue)
    with clock.travel(NOON + timedelta(hours=5) - SECOND):
        in_time = check(shared, linyue)
    with clock.travel(NOON + timedelta(hours=5)):
        late = check(shared, linyue)

    assert (in_time, late) == (PinAnswer.RIGHT, PinAnswer.PASSWORD)


@pytest.mark.parametrize("what", ["password", "role", "leaves", "sign_out", "no_pin"])
def test_the_pin_opens_nothing_after_a_change(shared, linyue, what):
    password(shared, linyue)
    if what == "password":
        password_set(user_id=linyue.pk, password="quite-another-word-7", is_temporary=False)
    elif what == "sign_out":
        shared.post("/staff/logout/")
    elif what == "no_pin":
        QuickPin.objects.all().delete()
    else:
        fields = {"roles": [Role.FINANCE]} if what == "role" else {"is_active": False}
        type(linyue).objects.filter(pk=linyue.pk).update(**fields)

    assert check(shared, linyue) is PinAnswer.PASSWORD


def test_an_ordinary_browser_knows_no_pin(client, linyue):
    password(client, linyue)
    client.post("/staff/logout/")

    assert client.get(SCREEN)["Location"] == LOGIN
    assert unlock(client, linyue)["Location"] == LOGIN
    assert not DeviceVisit.objects.exists()


@pytest.mark.parametrize(
    "data", [{}, {"person": "x", "pin": PIN}, {"person": 99999, "pin": PIN}, {"person": "1", "pin": "\0"}]
)
def test_nonsense_opens_nothing(shared, linyue, data):
    password(shared, linyue)
    shared.post(LOCK)

    assert shared.post(OPEN, data).status_code == 422
    assert shared.get(PAGE).status_code == 302


def test_the_screen_tells_nothing_but_the_names_of_today(shared, linyue, zhao):
    with clock.travel(NOON - timedelta(days=1)):
        password(shared, zhao)
        shared.post(LOCK)
    password(shared, linyue)
    shared.post(LOCK)

    page = shared.get(SCREEN)

    assert "林悦" in page.text
    assert "赵启明" not in page.text
    assert "no-store" in page["Cache-Control"]
    assert [visit.user for visit in people_of_today(shared.device)] == [linyue]


def test_a_fresh_tablet_shows_the_empty_form(shared, linyue):
    first = shared.get(LOGIN)
    password(shared, linyue)
    shared.post(LOCK)
    later, by_password = shared.get(LOGIN), shared.get(LOGIN, {"by": "password"})

    assert (first.status_code, later["Location"], by_password.status_code) == (200, SCREEN, 200)


def test_visits_of_past_days_are_swept(shared, linyue):
    password(shared, linyue)
    with clock.travel(NOON + timedelta(days=8)):
        assert [visits_sweep(), visits_sweep()] == [1, 0]


# ---- the PIN -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pin",
    ["123456", "654321", "111111", "121212", "123123", "12345", "1234567", "12345a", "１２３４５６", "571562", ""],
)
def test_a_pin_that_is_guessed_first_is_refused(noon, pin):
    person = UserFactory(phone="+8613805715621")

    with pytest.raises(DomainError):
        pin_set(by=person, pin=pin)

    assert not QuickPin.objects.exists()


def test_the_pin_is_set_against_the_password_and_kept_as_a_hash(client, noon):
    person = UserFactory()
    client.force_login(person)
    data = {"password": "wrong", "pin": PIN, "pin_again": PIN}

    wrong = client.post("/staff/security/pin/", data)
    differs = client.post("/staff/security/pin/", data | {"password": "a-long-enough-password", "pin_again": "285918"})
    right = client.post("/staff/security/pin/", data | {"password": "a-long-enough-password"})

    assert (wrong.status_code, differs.status_code, right.status_code) == (422, 422, 302)
    assert PIN not in QuickPin.objects.get(user=person).pin_hash
    client.post("/staff/security/pin/remove/")
    assert not QuickPin.objects.exists()


def test_production_hashes_pins_with_argon2():
    from dealership.settings import base  # noqa: PLC0415 -- the module, not the settings in force

    assert base.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")


def test_a_browser_without_cookies_of_ours_asks_nothing_more(django_assert_num_queries, noon):
    with django_assert_num_queries(1):  # the name of the store
        Client().get(LOGIN)
