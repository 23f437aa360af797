"""What other systems and the groups of the staff hear of."""

import json
from datetime import timedelta

import pytest

from core import clock
from core.phones import normalize_phone
from followups.events import ContactRecorded
from followups.models import FollowUp
from followups.services import followup_remind_next
from leads.services import LeadInput, lead_register
from notifications.enums import OutEvent
from notifications.models import OutboundMessage
from opportunities.services import opportunity_advance
from opportunities.stages import Stage
from tests.factories import IntegrationFactory
from tests.journeys import open_one, record
from workbench.handlers import tell_contact

pytestmark = pytest.mark.django_db
ALL = [event.value for event in OutEvent]


def register(people, phone="19900007777"):
    data = LeadInput(kind="call", phone=normalize_phone(phone), name="测试客户", note="想看车")
    return lead_register(store_id=people.store.pk, data=data, owner=people.owner, by=people.dcc)


def heard() -> list[tuple[str, dict[str, object]]]:
    return [(row.title, json.loads(row.body)["data"]) for row in OutboundMessage.objects.order_by("id")]


@pytest.fixture
def webhook(people):
    return IntegrationFactory(webhook=True, store=people.store, events=ALL)


def test_a_registration_is_told_with_ids_only(people, noon, webhook):
    result = register(people)

    message = OutboundMessage.objects.get(title="lead.registered")
    assert json.loads(message.body) == {
        "event": "lead.registered",
        "occurred_at": noon.isoformat(),
        "data": {
            "opportunity_id": result.opportunity.pk,
            "lead_id": result.lead.pk,
            "kind": "call",
            "is_new": True,
        },
    }
    assert (message.integration, message.purpose, message.channel) == (webhook, "internal", "webhook")
    stored = json.dumps(heard())
    assert not any(word in stored for word in ("测试客户", "想看车", "19900007777", "7777"))


def test_stages_and_contacts_are_told(people, noon, webhook):
    opportunity = open_one(people)
    opportunity_advance(opportunity_id=opportunity.pk, to=Stage.RECEIVED, by=people.owner, source="test")
    record(opportunity, people.owner)

    assert [event for event, _data in heard()] == ["opportunity.advanced", "contact.logged"]
    assert heard()[0][1] == {"opportunity_id": opportunity.pk, "from_stage": "lead", "to_stage": "received"}


def test_only_who_asked_hears_and_only_of_the_own_store(people, noon):
    asked = IntegrationFactory(webhook=True, store=None)
    IntegrationFactory(webhook=True, store=people.other_store)
    IntegrationFactory(webhook=True, store=people.store, events=["opportunity.closed"])
    IntegrationFactory(webhook=True, store=people.store, is_active=False)

    register(people)

    assert [row.integration for row in OutboundMessage.objects.all()] == [asked]


def test_without_anybody_who_asked_it_costs_one_look(people, noon, django_assert_num_queries):
    opportunity = open_one(people)
    event = ContactRecorded(
        contact_id=1, opportunity_id=opportunity.pk, by_id=people.owner.pk, is_effective=True, at=noon
    )
    with django_assert_num_queries(3):  # and the savepoint that a service of its own needs
        tell_contact(event)


def test_the_group_hears_of_an_escalation_once_without_the_customer(people, noon):
    robot = IntegrationFactory(robot=True, store=people.store)
    opportunity = open_one(people)
    last = FollowUp.objects.filter(opportunity=opportunity).order_by("-deadline_at").first()
    with clock.travel(last.deadline_at + timedelta(days=2)):
        while followup_remind_next():
            pass

    messages = list(OutboundMessage.objects.filter(integration=robot))
    assert messages
    assert len({row.idempotency_key for row in messages}) == len(messages)
    assert all("林悦" in row.body and opportunity.customer.name not in row.body for row in messages)
    assert "首次回访" in " ".join(row.body for row in messages)
