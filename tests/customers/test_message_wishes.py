"""What a customer agreed to is judged when a message is sent, not when it was written."""

from datetime import timedelta

import pytest

from core import clock
from customers.models import Customer
from customers.services import consent_give, consent_withdraw, do_not_contact_set
from notifications.services import outbox_send_next
from tests.conftest import NOON
from tests.factories import CustomerFactory
from tests.notifications.conftest import gateway, heard, queue, state_of

pytestmark = pytest.mark.django_db
__all__ = ["gateway", "heard"]  # fixtures


@pytest.fixture
def customer(people, noon):
    return CustomerFactory(store=people.store)


def give(customer, people, **values):
    return consent_give(
        customer_id=customer.pk, text_version="2026-01", source="form", given_at=NOON, by=people.owner, **values
    )


def told(customer, **values) -> tuple[object, object]:
    message = queue(f"m-{values}", addressee=f"customers.Customer:{customer.pk}", **values)
    outbox_send_next()
    row = state_of(message)
    return row["state"], row["stop_reason"]


def test_a_message_about_the_purchase_goes_out_and_an_offer_needs_consent(customer, people, gateway):
    assert told(customer) == ("sent", "")
    assert told(customer, purpose="marketing") == ("cancelled", "no_consent")


@pytest.mark.parametrize(
    ("consent", "state"),
    [
        ({"purpose": "marketing"}, "sent"),
        ({"purpose": "marketing", "channel": "sms"}, "sent"),
        ({"purpose": "marketing", "channel": "phone"}, "cancelled"),
        ({"purpose": "contact"}, "cancelled"),
    ],
)
def test_an_offer_goes_where_the_customer_agreed_to_it(customer, people, gateway, consent, state):
    give(customer, people, **consent)

    assert told(customer, purpose="marketing")[0] == state


@pytest.mark.parametrize(("purpose", "consent"), [("marketing", "marketing"), ("service", "contact")])
def test_a_consent_withdrawn_while_the_message_waits_stops_it(customer, people, gateway, heard, purpose, consent):
    give(customer, people, purpose=consent)
    message = queue(addressee=f"customers.Customer:{customer.pk}", purpose=purpose)
    consent_withdraw(customer_id=customer.pk, purpose=consent, by=people.owner)

    outbox_send_next()

    assert (state_of(message)["state"], state_of(message)["stop_reason"]) == ("cancelled", "consent_withdrawn")
    assert gateway.taken == []
    assert [event.state for event in heard] == ["cancelled"], "whoever wrote it hears of it"


def test_a_consent_given_again_counts_again(customer, people, gateway):
    give(customer, people, purpose="marketing")
    consent_withdraw(customer_id=customer.pk, purpose="marketing", by=people.owner)
    with clock.travel(NOON + timedelta(minutes=1)):
        give(customer, people, purpose="marketing")
        assert told(customer, purpose="marketing")[0] == "sent"


def test_who_wants_to_be_left_alone_gets_only_what_the_law_asks_for(customer, people, gateway):
    give(customer, people, purpose="marketing")
    do_not_contact_set(customer_id=customer.pk, is_do_not_contact=True, by=people.owner)

    assert told(customer) == ("cancelled", "do_not_contact")
    assert told(customer, purpose="marketing") == ("cancelled", "do_not_contact")
    assert told(customer, purpose="legal") == ("sent", "")


def test_a_customer_who_is_gone_gets_nothing(customer, gateway):
    pk = customer.pk
    Customer.objects.filter(pk=pk).delete()
    customer.pk = pk

    assert told(customer) == ("cancelled", "customer_gone")
