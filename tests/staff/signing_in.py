"""Helpers for the tests of signing in: codes of an authenticator app, paired tablets."""

import base64

from django.test import Client
from django_otp.oath import hotp

from core import clock
from staff.models import SecondFactor
from staff.services.devices import device_register, pin_set
from staff.services.second_factor import STEP_S, second_factor_begin, second_factor_confirm
from tests.factories import PASSWORD, UserFactory

LOGIN = "/staff/login/"
CODE = "/staff/login/code/"
PAGE = "/staff/profile/"
PIN = "285917"


def app_code(person, at=None, steps=0):
    """What the app on the phone shows."""

    key = base64.b32decode(SecondFactor.objects.get(user=person).secret)
    step = int((at or clock.now()).timestamp()) // STEP_S + steps
    return f"{hotp(key, step):06}"


def switch_on(person):
    """The second factor is in force; the code of the present moment is used up. Returns the recovery codes."""
    second_factor_begin(by=person)
    saved, codes = second_factor_confirm(by=person, code=app_code(person))
    person.second_factor_at = saved.second_factor_at
    return codes


def password(client, person, word=PASSWORD, **extra):
    return client.post(LOGIN, {"username": person.employee_number, "password": word, **extra})


def is_signed_in(client):
    return "_auth_user_id" in client.session


def tablet(store, by=None, name="展厅 1 号"):
    """A browser that is a registered shared tablet."""
    by = by or UserFactory(roles=["administrator"], store=store)
    made = device_register(store_id=store.pk, name=name, by=by)
    client = Client()
    response = client.post("/staff/devices/pair/", {"code": made.code})
    assert response.status_code == 302
    client.device = made.device
    return client


def with_pin(person, pin=PIN):
    pin_set(by=person, pin=pin)
    return person


def unlock(client, person, pin=PIN, **headers):
    return client.post("/staff/lock/open/", {"person": person.pk, "pin": pin}, headers=headers)
