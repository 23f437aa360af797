"""The ways in from the command line (docs/admin-guide.md)."""

import io
import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client, override_settings

from core import clock
from staff.enums import Role
from staff.enums import SecurityEventKind as Kind
from staff.models import SecurityEvent, User
from tests.conftest import NOON
from tests.factories import UserFactory
from tests.staff.signing_in import CODE, LOGIN, is_signed_in, password, switch_on

pytestmark = pytest.mark.django_db
NEW = "七月的云慢慢走过了西湖边"


def run(*arguments):
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def link_in(text):
    return re.search(r"https?://[^/\s]+(/\S+)", text)[1]


def choose(client, link):
    return client.post(link, {"new_password1": NEW, "new_password2": NEW})


# ---- first_admin -------------------------------------------------------------------------------------------


def test_the_first_administrator_gets_a_link_that_works_once(client, noon):
    link = link_in(run("first_admin", "--employee-number", "XuJing", "--name", "许静"))
    person = User.objects.get()
    chosen = choose(client, link)
    client.post("/staff/logout/")
    signed_in = client.post(LOGIN, {"username": "xujing", "password": NEW})
    again = choose(Client(), link)

    assert (person.employee_number, person.roles, person.is_superuser) == ("xujing", [Role.ADMINISTRATOR], True)
    assert not person.has_usable_password()
    assert (chosen.status_code, signed_in.status_code) == (302, 302)
    assert again.status_code != 302


def test_there_is_one_first_administrator(noon):
    run("first_admin", "--employee-number", "a1", "--name", "许静")

    with pytest.raises(CommandError):
        run("first_admin", "--employee-number", "a2", "--name", "别人")

    assert User.objects.count() == 1


@override_settings(CSRF_TRUSTED_ORIGINS=["https://crm.example.cn"])
def test_the_link_names_the_site(noon):
    assert "https://crm.example.cn/staff/" in run("first_admin", "--employee-number", "a1", "--name", "许静")


@pytest.mark.parametrize("arguments", [[], ["--noinput", "--employee_number", "x"], ["--username", "x"]])
def test_there_is_no_createsuperuser(noon, arguments):
    with pytest.raises(CommandError):
        run("createsuperuser", *arguments)

    assert not User.objects.exists()


# ---- unlock_user -------------------------------------------------------------------------------------------


@pytest.fixture
def locked_out(client, noon):
    person = UserFactory(employee_number="xujing", roles=[Role.ADMINISTRATOR])
    for _try in range(11):
        password(client, person, "wrong")
    assert password(client, person).status_code == 429
    return person


def test_a_locked_out_administrator_may_try_again(client, locked_out):
    run("unlock_user", "xujing")

    assert password(client, locked_out).status_code == 302
    event = SecurityEvent.objects.get(kind=Kind.UNLOCKED)
    assert (event.user, event.reason) == (locked_out, "manage.py unlock_user")


def test_a_lost_phone(client, noon):
    person = UserFactory(employee_number="xujing", roles=[Role.ADMINISTRATOR])
    switch_on(person)
    with clock.travel(NOON.replace(minute=10)):
        password(client, person)
        for _try in range(6):
            client.post(CODE, {"code": "000000"})
        run("unlock_user", "xujing", "--reset-second-factor")
        answer = password(client, person)

    assert answer["Location"] != CODE
    assert is_signed_in(client)
    assert SecurityEvent.objects.filter(kind=Kind.FACTOR_RESET, user=person).count() == 1


def test_without_a_second_factor_there_is_nothing_to_reset(locked_out):
    assert run("unlock_user", "xujing", "--reset-second-factor")
    assert not SecurityEvent.objects.filter(kind=Kind.FACTOR_RESET).exists()


def test_a_forgotten_password(client, locked_out):
    link = link_in(run("unlock_user", "xujing", "--reset-password"))
    choose(client, link)
    browser = Client()

    assert password(browser, locked_out, NEW).status_code == 302


@pytest.mark.parametrize("who", ["nobody", "gone"])
def test_nobody_is_unlocked_by_mistake(noon, who):
    UserFactory(employee_number="gone", is_active=False)

    with pytest.raises(CommandError):
        run("unlock_user", who)

    assert not SecurityEvent.objects.exists()
