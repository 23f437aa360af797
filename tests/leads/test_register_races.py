"""Two clerks in the same moment, on a real database with real threads."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from core.phones import normalize_phone
from customers.models import Customer
from leads.enums import LeadKind
from leads.models import Lead
from leads.services import LeadInput, lead_register
from opportunities.models import Opportunity
from opportunities.stages import Outcome
from tests.conftest import NOON
from tests.factories import CustomerFactory, OpportunityFactory
from tests.leads.conftest import confirm, listed, upload

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("noon")]
CALL = LeadInput(kind=LeadKind.CALL, phone=normalize_phone("13805715621"), name="王建国")


def together(*jobs: Callable[[], Any]) -> list[Any]:
    """Run the jobs in threads that start in the same moment; returns their results, errors included."""
    barrier = threading.Barrier(len(jobs))
    results: list[Any] = []

    def run(job: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results.append(job())
        except Exception as error:  # noqa: BLE001 -- the test looks at it
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def register(people, by, **kwargs):
    return lambda: lead_register(store_id=people.store.pk, data=CALL, owner=None, by=by, **kwargs).is_new


def test_two_clerks_with_one_new_number_make_one_customer(people):
    results = together(register(people, people.owner), register(people, people.rival))

    assert sorted(results) == [False, True]
    assert [Customer.objects.count(), Opportunity.objects.count(), Lead.objects.count()] == [1, 1, 2]


def test_two_clerks_with_one_former_customer_open_one_opportunity(people):
    with transaction.atomic():
        customer = CustomerFactory(store=people.store, phone="+8613805715621")
        OpportunityFactory(customer=customer, owner=people.owner, outcome=Outcome.LOST, closed_at=NOON)

    results = together(register(people, people.owner), register(people, people.rival))

    assert results == [False, False]
    assert Opportunity.objects.open().count() == 1


def test_one_form_sent_twice_in_the_same_moment_is_stored_once(people):
    results = together(*[register(people, people.owner, idempotency_key="k1")] * 2)

    assert results == [True, True]
    assert Lead.objects.count() == 1


def test_without_the_index_there_would_be_two_customers(people):
    """The control: the same race, with the unique index gone, makes two customers of one number."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE customers_customerphone DROP CONSTRAINT phone_once_per_store")
    try:
        for _attempt in range(20):
            together(register(people, people.owner), register(people, people.rival))
            if Customer.objects.count() > 1:
                break
            _empty()
        assert Customer.objects.count() == 2
    finally:
        _empty()
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE customers_customerphone ADD CONSTRAINT phone_once_per_store UNIQUE (store_id, number)"
            )


def _empty() -> None:
    tables = "customers_customer, opportunities_opportunity, leads_lead"
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tables} CASCADE")


def test_a_list_and_a_clerk_with_one_number_make_one_customer(people):
    lead_import = upload(people.dcc, listed("N1,王,13805715621", "N2,李,13805715622"))

    together(lambda: confirm(lead_import, people.dcc), register(people, people.owner))

    assert Customer.objects.filter(phones__number="+8613805715621").count() == 1
    assert Opportunity.objects.open().count() == 2
    lead_import.refresh_from_db()
    assert lead_import.state == "done"
    assert lead_import.counts["created"] + lead_import.counts["repeated"] == 2
