"""The code after the password (reliability.md 4.4)."""

import re
from datetime import timedelta

import pytest
from django.test import Client, override_settings

from core import clock
from core.errors import DomainError
from notifications.models import Notification
from staff.enums import Role
from staff.enums import SecurityEventKind as Kind
from staff.models import RecoveryCode, SecondFactor, SecurityEvent, User
from staff.services.second_factor import (
    Proof,
    recovery_codes_renew,
    second_factor_begin,
    second_factor_confirm,
    second_factor_reset,
    second_factor_switch_off,
    second_factor_verify,
)
from tests.conftest import NOON
from tests.factories import PASSWORD, StoreFactory, UserFactory
from tests.staff.signing_in import CODE, LOGIN, PAGE, app_code, is_signed_in, password, switch_on

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=10)


@pytest.fixture
def person(noon):
    person = UserFactory(employee_number="shenlifeng", roles=[Role.SALES_MANAGER])
    person.codes = switch_on(person)
    return person


def verify(person, code, at=LATER):
    with clock.travel(at):
        return second_factor_verify(user_id=person.pk, code=code)


# ---- signing in --------------------------------------------------------------------------------------------


def test_the_password_alone_opens_nothing(client, person):
    with clock.travel(LATER):
        answer = password(client, person)
        page = client.get(PAGE)

    assert (answer.status_code, answer["Location"]) == (302, CODE)
    assert page["Location"].startswith(LOGIN)
    assert not is_signed_in(client)


def test_password_and_code_sign_in_and_lead_to_the_page_that_was_asked_for(client, person):
    with clock.travel(LATER):
        password(client, person, next=PAGE)
        before = client.session.session_key
        answer = client.post(CODE, {"code": app_code(person)})
        page = client.get(PAGE)

    assert answer["Location"] == PAGE
    assert page.status_code == 200
    assert client.session.session_key != before
    assert SecurityEvent.objects.filter(user=person, kind=Kind.SIGNED_IN).count() == 1


def test_a_wrong_code_is_told_next_to_the_field_and_recorded(client, person):
    with clock.travel(LATER):
        password(client, person)
        answer = client.post(CODE, {"code": "000000"})

    assert answer.status_code == 422
    assert answer.context["form"].errors["code"]
    assert SecurityEvent.objects.filter(user=person, kind=Kind.CODE_WRONG).count() == 1
    assert not is_signed_in(client)


def test_five_codes_in_a_quarter_of_an_hour(client, person):
    with clock.travel(LATER):
        password(client, person)
        statuses = [client.post(CODE, {"code": "000000"}).status_code for _ in range(5)]
        right = client.post(CODE, {"code": app_code(person)})
        other_browser = Client()
        password(other_browser, person)
        elsewhere = other_browser.post(CODE, {"code": app_code(person)})
    with clock.travel(LATER + timedelta(minutes=16)):
        password(client, person)
        late = client.post(CODE, {"code": app_code(person)})

    assert statuses == [422] * 5
    assert (right.status_code, elsewhere.status_code, late.status_code) == (429, 429, 302)


def test_the_code_page_without_a_password_leads_to_the_password(client, person):
    with clock.travel(LATER):
        answers = [client.get(CODE), client.post(CODE, {"code": app_code(person)})]

    assert [answer["Location"] for answer in answers] == [LOGIN, LOGIN]
    assert not is_signed_in(client)


def test_the_way_between_password_and_code_ends_after_ten_minutes(client, person):
    with clock.travel(LATER):
        password(client, person)
    with clock.travel(LATER + timedelta(minutes=11)):
        answer = client.post(CODE, {"code": app_code(person)})

    assert answer["Location"] == LOGIN


@pytest.mark.parametrize("fields", [{"is_active": False}, {"roles": [Role.FINANCE]}])
def test_what_changes_between_password_and_code_counts(client, person, fields):
    with clock.travel(LATER):
        password(client, person)
        User.objects.filter(pk=person.pk).update(**fields)
        answer = client.post(CODE, {"code": app_code(person)})

    assert answer["Location"] == LOGIN
    assert not is_signed_in(client)


# ---- codes -------------------------------------------------------------------------------------------------


def test_a_code_works_once_and_so_does_every_earlier_one(person):
    code, earlier = app_code(person, LATER), app_code(person, LATER, steps=-1)

    assert [verify(person, code), verify(person, code), verify(person, earlier)] == [
        Proof.CODE, Proof.WRONG, Proof.WRONG,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "proof"), [(-2, Proof.WRONG), (-1, Proof.CODE), (0, Proof.CODE), (1, Proof.CODE), (2, Proof.WRONG)]
)
def test_a_phone_may_be_half_a_minute_off(person, steps, proof):
    assert verify(person, app_code(person, LATER, steps=steps)) is proof


def test_a_code_may_be_typed_with_a_gap(person):
    code = app_code(person, LATER)

    assert verify(person, f" {code[:3]} {code[3:]} ") is Proof.CODE


@pytest.mark.parametrize("code", ["", "abc", "12345", "1234567", "１２", "x" * 500, "²²²²²²"])
def test_nonsense_is_a_wrong_code(person, code):
    assert verify(person, code) is Proof.WRONG


def test_a_recovery_code_works_once_in_any_spelling(person):
    code = person.codes[3]

    answers = [verify(person, code.upper().replace("-", " ")), verify(person, code), verify(person, person.codes[4])]

    assert answers == [Proof.RECOVERY, Proof.WRONG, Proof.RECOVERY]


def test_recovery_codes_belong_to_one_person(person):
    with clock.travel(NOON):
        other = UserFactory()
        switch_on(other)

    assert verify(other, person.codes[0]) is Proof.WRONG


def test_neither_secret_nor_recovery_codes_stand_in_the_database(person):
    stored = bytes(SecondFactor.objects.filter(user=person).values_list("secret", flat=True)[0].raw)
    digests = list(RecoveryCode.objects.values_list("digest", flat=True))

    assert len(person.codes) == len(set(person.codes)) == len(digests) == 10
    assert SecondFactor.objects.get(user=person).secret.encode() not in stored
    assert not [code for code in person.codes if any(code.replace("-", "") in digest for digest in digests)]


def test_new_recovery_codes_replace_the_old_ones(person):
    with clock.travel(LATER):
        fresh = recovery_codes_renew(by=person, code=app_code(person))

    assert verify(person, person.codes[0]) is Proof.WRONG
    assert verify(person, fresh[0]) is Proof.RECOVERY


# ---- switching on and off ----------------------------------------------------------------------------------


def test_switching_on_ends_the_other_sessions_and_shows_the_codes_once(client, noon):
    person = UserFactory()
    elsewhere = Client()
    for browser in (client, elsewhere):
        browser.force_login(person)
    client.post("/staff/security/second-factor/begin/")
    page = client.get("/staff/security/second-factor/")
    answer = client.post("/staff/security/second-factor/", {"code": app_code(person)})

    assert page.context["factor"]["key"].replace(" ", "") == SecondFactor.objects.get(user=person).secret
    assert "<svg" in page.text
    assert len(re.findall(r"<code>\w{4}-\w{4}-\w{4}</code>", answer.text)) == 10
    assert "no-store" in answer["Cache-Control"]
    assert client.get(PAGE).status_code == 200
    assert elsewhere.get(PAGE).status_code == 302
    assert client.get("/staff/security/second-factor/")["Location"] == "/staff/security/"


def test_a_wrong_first_code_switches_nothing_on(client, noon):
    person = UserFactory()
    client.force_login(person)
    client.post("/staff/security/second-factor/begin/")

    answer = client.post("/staff/security/second-factor/", {"code": "000000"})

    person.refresh_from_db()
    assert answer.status_code == 422
    assert person.second_factor_at is None


def test_a_confirmed_secret_is_shown_to_nobody(person):
    with pytest.raises(DomainError):
        second_factor_begin(by=person)
    with pytest.raises(DomainError):
        second_factor_confirm(by=person, code=app_code(person, LATER))


def test_switching_off_needs_a_code(person):
    with clock.travel(LATER):
        with pytest.raises(DomainError):
            second_factor_switch_off(by=person, code="000000")
        saved = second_factor_switch_off(by=person, code=app_code(person))

    assert saved.second_factor_at is None
    assert not SecondFactor.objects.exists()
    assert not RecoveryCode.objects.exists()


# ---- who needs one -----------------------------------------------------------------------------------------


@override_settings(REQUIRE_SECOND_FACTOR=True)
@pytest.mark.parametrize(
    ("roles", "is_asked"),
    [
        ([Role.ADMINISTRATOR], True),
        ([Role.SALES_MANAGER], True),
        ([Role.GENERAL_MANAGER], True),
        ([Role.FINANCE], True),
        ([Role.SALES_CONSULTANT, Role.FINANCE], True),
        ([Role.SALES_CONSULTANT], False),
        ([Role.TELESALES_AGENT], False),
    ],
)
def test_who_needs_a_second_factor_sets_it_up_before_anything_else(client, noon, roles, is_asked):
    client.force_login(UserFactory(roles=roles))

    page, fragment = client.get(PAGE), client.get(PAGE, headers={"HX-Request": "true"})

    setup = "/staff/security/second-factor/"
    assert (page.status_code, page.get("Location")) == ((302, setup) if is_asked else (200, None))
    assert fragment.get("HX-Redirect") == (setup if is_asked else None)
    assert client.get(setup).status_code == 200
    assert client.post("/staff/logout/").status_code == 302


@override_settings(REQUIRE_SECOND_FACTOR=True)
def test_who_needs_it_and_has_it_works_and_cannot_switch_it_off(client, person):
    client.force_login(person)

    page = client.get(PAGE)
    with pytest.raises(DomainError):
        second_factor_switch_off(by=person, code=app_code(person, LATER))

    assert page.status_code == 200


def test_the_trial_asks_nobody(client, noon):
    client.force_login(UserFactory(roles=[Role.ADMINISTRATOR]))

    assert client.get(PAGE).status_code == 200


# ---- lost phone --------------------------------------------------------------------------------------------


def test_another_administrator_resets_it_with_a_reason_and_the_person_is_told(client, person):
    administrator = UserFactory(name="许静", roles=[Role.ADMINISTRATOR])
    browser = Client()
    browser.force_login(person)
    client.force_login(administrator)
    url = f"/staff/people/{person.pk}/second-factor/reset/"

    without = client.post(url, {"reason": " "})
    answer = client.post(url, {"reason": "手机丢了"})

    person.refresh_from_db()
    event = SecurityEvent.objects.get(kind=Kind.FACTOR_RESET)
    assert (without.status_code, answer.status_code) == (422, 302)
    assert person.second_factor_at is None
    assert (event.user, event.actor, event.reason) == (person, administrator, "手机丢了")
    assert Notification.objects.get(recipient=person).data == {"by": "许静"}
    assert browser.get(PAGE).status_code == 302


def test_nobody_resets_the_own_or_that_of_another_store(client, person):
    own = UserFactory(roles=[Role.ADMINISTRATOR], second_factor_at=NOON)
    client.force_login(own)
    stranger = UserFactory(store=StoreFactory(code="far", name="远店"), second_factor_at=NOON)
    boss = UserFactory(is_superuser=True, second_factor_at=NOON)

    statuses = [
        client.post(f"/staff/people/{who.pk}/second-factor/reset/", {"reason": "x"}).status_code
        for who in (own, stranger, boss)
    ]

    assert statuses == [403, 404, 403]
    assert User.objects.exclude(second_factor_at=None).count() == 4


def test_a_reset_needs_something_to_reset(noon):
    with pytest.raises(DomainError):
        second_factor_reset(user_id=UserFactory().pk, reason="x", by=None)


def test_the_password_is_compared_before_anything_is_said_about_the_code(client, person):
    wrong = password(client, person, "wrong")

    assert wrong.status_code == 422
    assert client.get(CODE)["Location"] == LOGIN
    assert PASSWORD not in wrong.text


def test_the_page_of_people_leads_to_the_reset_of_others_only(client, person):
    administrator = UserFactory(name="许静", roles=[Role.ADMINISTRATOR], store=person.store)
    client.force_login(administrator)
    link = f"/staff/people/{person.pk}/second-factor/reset/"

    with_one = client.get("/staff/people/", {"who": person.pk}).content.decode()
    client.post(link, {"reason": "手机丢了"})
    without = client.get("/staff/people/", {"who": person.pk}).content.decode()

    assert (link in with_one, link in without) == (True, False)
