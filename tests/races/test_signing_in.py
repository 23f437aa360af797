"""Many tries at the same moment (reliability.md 35)."""

import threading

import pytest
from django.db.models import F
from django.test import Client

from core import clock
from staff.models import PIN_TRIES, DeviceVisit, SecondFactor
from staff.services import devices
from staff.services.devices import PinAnswer, device_pair, device_register, pin_check, visit_record
from staff.services.second_factor import Proof, second_factor_verify
from tests.conftest import NOON
from tests.factories import StoreFactory, UserFactory
from tests.races.threads import kinds, race
from tests.staff.signing_in import LOGIN, PIN, app_code, switch_on, with_pin

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON.replace(minute=10)


@pytest.fixture
def visit(noon):
    store = StoreFactory()
    person = with_pin(UserFactory(store=store))
    by = UserFactory(roles=["administrator"], store=store)
    device = device_register(store_id=store.pk, name="展厅 1 号", by=by).device
    visit_record(device_id=device.pk, user=person)
    return DeviceVisit.objects.get()


@pytest.fixture
def compared(monkeypatch):
    seen = []

    def counting(pin, encoded):
        seen.append(pin)
        return False

    monkeypatch.setattr(devices, "check_password", counting)
    return seen


def guess(visit, pin="999999"):
    return lambda: pin_check(device_id=visit.device_id, user_id=visit.user_id, pin=pin).answer


def test_of_twelve_pins_at_once_five_are_compared(visit, compared):
    answers = race(*[guess(visit)] * 12)

    assert len(compared) == PIN_TRIES
    assert sorted(answer.value for answer in answers) == ["password"] * 8 + ["wrong"] * 4
    assert guess(visit, PIN)() is PinAnswer.PASSWORD


def test_control_check_then_write_compares_more(visit, compared):
    """What taking the try in one statement is for."""
    barrier = threading.Barrier(8)

    def naive():
        tries = DeviceVisit.objects.get(pk=visit.pk).pin_tries
        barrier.wait(timeout=10)
        if tries >= PIN_TRIES:
            return
        devices.check_password("999999", "")
        DeviceVisit.objects.filter(pk=visit.pk, pin_tries__lt=PIN_TRIES).update(pin_tries=F("pin_tries") + 1)

    race(*[naive] * 8)

    assert len(compared) == 8


def test_one_code_opens_one_of_six_sign_ins(noon):
    person = UserFactory()
    switch_on(person)
    with clock.travel(LATER):
        code = app_code(person)
        answers = race(*[lambda: second_factor_verify(user_id=person.pk, code=code)] * 6)

    assert sorted(answer.value for answer in answers) == ["code"] + ["wrong"] * 5


def test_one_recovery_code_opens_one_of_six_sign_ins(noon):
    person = UserFactory()
    codes = switch_on(person)
    answers = race(*[lambda: second_factor_verify(user_id=person.pk, code=codes[0])] * 6)

    assert sorted(answer.value for answer in answers) == ["recovery"] + ["wrong"] * 5


def test_control_without_compare_and_set_a_code_opens_several(noon, monkeypatch):
    """The step is read, compared in Python and written: what the statement with last_step__lt replaces."""
    person = UserFactory()
    switch_on(person)
    barrier = threading.Barrier(4)

    def naive():
        factor = SecondFactor.objects.get(user=person)
        barrier.wait(timeout=10)
        if factor.last_step >= 10**9:
            return Proof.WRONG
        SecondFactor.objects.filter(pk=factor.pk).update(last_step=10**9)
        return Proof.CODE

    assert race(*[naive] * 4) == [Proof.CODE] * 4


def test_one_pairing_code_pairs_one_tablet(visit):
    by = UserFactory(roles=["administrator"], store=visit.device.store)
    made = device_register(store_id=visit.device.store_id, name="二", by=by)

    results = race(*[lambda: device_pair(code=made.code)] * 4)

    assert kinds(results) == ["DomainError"] * 3 + ["ok"]


def test_guesses_at_the_same_moment_do_not_reach_the_hasher_more_often(noon, monkeypatch):
    UserFactory(employee_number="linyue")
    compared = []
    monkeypatch.setattr("staff.models.User.check_password", lambda self, word: bool(compared.append(word)))

    def guess_password():
        return Client().post(LOGIN, {"username": "linyue", "password": "wrong"}).status_code

    statuses = race(*[guess_password] * 16)

    assert len(compared) <= 10
    assert 429 in statuses
