"""Two clerks, one customer."""

import pytest

from core.phones import normalize_phone
from customers.models import Customer, CustomerPhone
from leads.enums import LeadKind
from leads.models import Lead
from leads.services import LeadInput, lead_register, register
from opportunities.models import Opportunity
from staff.models import User
from staff.services import accounts as staff_services
from staff.services import first_administrator_create
from tests.conftest import NOON
from tests.factories import CustomerFactory
from tests.races.threads import Meeting, kinds, race, remove_locks, without_constraint

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = normalize_phone("13800001111")


def clerk(people, who, *, key=None):
    data = LeadInput(kind=LeadKind.CALL, phone=PHONE, name="王建国", gender="male")
    return lambda: lead_register(
        store_id=people.store.pk, data=data, owner=people.owner, by=getattr(people, who), idempotency_key=key
    )


@pytest.fixture
def meeting(monkeypatch):
    """Both have looked the number up and know nobody."""
    point = Meeting()
    monkeypatch.setattr(register, "_stored_before", point.after(register._stored_before))
    return point


def test_two_clerks_register_one_number_as_one_customer(people, noon, meeting):
    results = race(clerk(people, "dcc"), clerk(people, "supervisor"))

    assert (meeting.took_place, kinds(results)) == (True, ["ok", "ok"])
    assert sorted(result.is_new for result in results) == [False, True]
    assert (Customer.objects.count(), Opportunity.objects.count(), Lead.objects.count()) == (1, 1, 2)


def test_control_without_the_unique_index_there_are_two_customers(people, noon, meeting):
    with without_constraint("customers_customerphone", "phone_once_per_store"):
        results = race(clerk(people, "dcc"), clerk(people, "supervisor"))

        assert (kinds(results), Customer.objects.count()) == (["ok", "ok"], 2)


def test_a_double_submit_registers_once(people, noon):
    results = race(clerk(people, "dcc", key="k1"), clerk(people, "dcc", key="k1"))

    assert kinds(results) == ["ok", "ok"]
    assert len({result.lead.pk for result in results}) == Lead.objects.count() == 1


def former_customer(people):
    customer = CustomerFactory(store=people.store, phone=PHONE.e164)
    Opportunity.objects.create(
        customer=customer, store=people.store, owner=people.owner, outcome="lost", closed_at=NOON, level="C"
    )


def test_a_former_customer_begins_one_opportunity(people, noon, monkeypatch):
    former_customer(people)
    point = Meeting()
    monkeypatch.setattr(register, "open_of_customer", point.after(register.open_of_customer))

    results = race(clerk(people, "dcc"), clerk(people, "supervisor"))

    assert (point.took_place, kinds(results)) == (False, ["ok", "ok"])
    assert (Opportunity.objects.open().count(), Lead.objects.count()) == (1, 2)


def test_control_without_the_lock_one_clerk_gets_an_error(people, noon, monkeypatch):
    former_customer(people)
    point = Meeting()
    monkeypatch.setattr(register, "open_of_customer", point.after(register.open_of_customer))
    remove_locks(monkeypatch)

    assert kinds(race(clerk(people, "dcc"), clerk(people, "supervisor"))) == ["IntegrityError", "ok"]


# ---- the first administrator --------------------------------------------------------------------------------


def founder(number):
    return lambda: first_administrator_create(employee_number=number, name="许静")


def founders_meet(monkeypatch):
    point = Meeting()
    monkeypatch.setattr(User, "set_unusable_password", point.after(User.set_unusable_password))
    return point


def test_there_is_one_first_administrator(db, monkeypatch):
    founders_meet(monkeypatch)

    results = race(founder("a1"), founder("a2"))

    assert kinds(results) == ["DomainError", "ok"]
    assert User.objects.filter(is_superuser=True).count() == 1


def test_control_without_the_table_lock_there_are_two(db, monkeypatch):
    founders_meet(monkeypatch)
    monkeypatch.setattr(staff_services, "_lock_people", lambda: None)

    assert kinds(race(founder("a1"), founder("a2"))) == ["ok", "ok"]
    assert User.objects.filter(is_superuser=True).count() == 2
    assert CustomerPhone.objects.count() == 0
