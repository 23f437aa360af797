"""One intake: who becomes a customer, who owns it, what is promised."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from core import clock
from core.errors import DomainError
from core.phones import normalize_phone
from customers.models import Channel, Customer
from followups.models import FollowUp
from leads.enums import LeadKind, LeadResult
from leads.models import Lead
from leads.services import LeadInput, lead_register
from notifications.models import Notification
from opportunities.enums import EventKind, Level, OwnerRule
from opportunities.models import JourneyEvent, Opportunity
from opportunities.stages import Outcome, Stage
from staff.enums import Role
from tests.conftest import NOON
from tests.factories import CustomerFactory, OpportunityFactory, SeriesFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

CALL = LeadInput(kind=LeadKind.CALL, phone=normalize_phone("13805715621"), name="王建国", gender="male")


def register(people, data=CALL, **kwargs):
    kwargs.setdefault("by", people.owner)
    kwargs.setdefault("owner", None)
    return lead_register(store_id=people.store.pk, data=data, **kwargs)


def known(people, **fields):
    fields.setdefault("owner", people.owner)
    customer = CustomerFactory(store=people.store, phone="+8613805715621")
    return OpportunityFactory(customer=customer, **fields)


@pytest.mark.req("R-070", "R-071", "R-077", "R-051")
def test_a_call_becomes_a_customer_with_three_promises(people):
    result = register(people)

    assert (result.is_new, result.customer.name, result.opportunity.owner) == (True, "王建国", people.owner)
    assert result.lead.result == LeadResult.CREATED
    planned = FollowUp.objects.order_by("due_at").values_list("rule_code", "due_on", "deadline_at__date")
    day = NOON.date()
    assert list(planned) == [
        ("same_day_sms", day, day),
        ("first_callback", day + timedelta(days=2), day + timedelta(days=3)),
        ("second_callback", day + timedelta(days=7), day + timedelta(days=7)),
    ]


def test_a_known_number_makes_no_second_customer_and_keeps_its_owner(people):
    opportunity = known(people)

    result = register(people, by=people.dcc, owner=people.rival)

    assert (result.is_new, result.opportunity.pk, result.lead.result) == (False, opportunity.pk, LeadResult.REPEATED)
    opportunity.refresh_from_db()
    assert (opportunity.owner, Customer.objects.count()) == (people.owner, 1)
    assert opportunity.journey.get().kind == EventKind.REPEATED
    assert Notification.objects.get().recipient == people.owner


@pytest.mark.parametrize("outcome", [Outcome.LOST, Outcome.VOID, Outcome.WON])
def test_who_comes_back_after_the_end_begins_anew(people, outcome):
    old = known(people, outcome=outcome, closed_at=NOON)

    result = register(people, by=people.rival)

    assert result.opportunity.pk != old.pk
    assert (result.is_new, result.customer.pk, result.opportunity.owner) == (False, old.customer_id, people.rival)
    assert FollowUp.objects.filter(opportunity=result.opportunity).count() == 3


def test_a_visit_reaches_the_showroom_stage_also_of_a_known_lead(people):
    visit = replace(CALL, kind=LeadKind.WALK_IN)
    opportunity = known(people)

    register(people, visit)
    new = register(people, replace(visit, phone=normalize_phone("13805715622")))

    opportunity.refresh_from_db()
    assert (opportunity.stage, new.opportunity.stage) == (Stage.RECEIVED, Stage.RECEIVED)


@pytest.mark.req("R-094")
@pytest.mark.parametrize("who", ["dcc", "receptionist", "supervisor", "manager"])
def test_who_may_not_own_gives_the_customer_away_or_leaves_it_to_the_assignment(people, who):
    by = getattr(people, who)

    given = register(people, by=by, owner=people.rival)
    left = register(people, replace(CALL, phone=normalize_phone("13805715622")), by=by)

    assert (given.opportunity.owner, left.opportunity.owner) == (people.rival, None)
    assert given.opportunity.ownerships.get().rule == OwnerRule.CHOSEN
    assert left.opportunity in Opportunity.objects.unassigned()


def test_a_consultant_registers_for_nobody_else(people):
    with pytest.raises(PermissionDenied):
        register(people, by=people.owner, owner=people.rival)

    assert not Customer.objects.exists()
    assert register(people, by=people.owner).opportunity.ownerships.get().rule == OwnerRule.REGISTERED


@pytest.mark.req("R-036")
def test_the_sales_manager_never_owns_a_customer(people):
    both = UserFactory(store=people.store, roles=[Role.SALES_MANAGER, Role.SALES_CONSULTANT])
    for owner in (people.manager, both):
        with pytest.raises(DomainError):
            register(people, by=people.dcc, owner=owner)

    assert not Customer.objects.exists()
    assert register(people, by=both).opportunity.owner is None


@pytest.mark.req("R-093")
@pytest.mark.parametrize("who", ["finance", "administrator", "stranger"])
def test_who_does_not_sell_registers_nobody(people, who):
    with pytest.raises(PermissionDenied):
        register(people, by=getattr(people, who))

    assert not Lead.objects.exists()


@pytest.mark.req("R-050")
def test_all_six_items_count_as_captured(people):
    series, channel = SeriesFactory(), Channel.objects.get(code="douyin")
    full = replace(CALL, channel_id=channel.pk, series_id=series.pk, purchase_window="15d", area="滨江")
    lacking = {"gender": "", "channel_id": None, "series_id": None, "purchase_window": "", "area": ""}

    result = register(people, full)

    assert (result.lead.captured, result.opportunity.level) == (6, Level.A)
    assert [replace(full, **{name: value}).captured for name, value in lacking.items()] == [5] * 5
    assert CALL.captured == 2


def test_the_same_form_sent_twice_is_stored_once(people):
    first = register(people, idempotency_key="k1")
    again = register(people, idempotency_key="k1")

    assert (again.lead, again.is_new, Lead.objects.count()) == (first.lead, True, 1)
    assert JourneyEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [({"name": " \u200b "}, "name"), ({"occurred_at": NOON + timedelta(minutes=1)}, "occurred_at")],
)
def test_what_cannot_be_is_refused_at_its_field(people, change, field):
    with pytest.raises(DomainError) as error:
        register(people, replace(CALL, **change))

    assert (error.value.field, Customer.objects.count()) == (field, 0)


def test_texts_that_are_too_long_are_refused_not_cut(people):
    known(people)

    with pytest.raises(ValidationError):
        register(people, replace(CALL, area="滨" * 61))

    assert not Lead.objects.exists()


@pytest.mark.req("R-062", "R-065")
def test_the_original_time_and_channel_stay_with_the_lead(people):
    channel = Channel.objects.get(code="roadshow")
    yesterday = NOON - timedelta(days=1)

    result = register(people, replace(CALL, occurred_at=yesterday, channel_id=channel.pk))

    assert (result.lead.occurred_at, result.lead.channel) == (yesterday, channel)
    assert result.opportunity.journey.get().occurred_at == yesterday
    assert result.opportunity.opened_at == clock.now()


@pytest.mark.parametrize(
    "name", ["阿依古丽·买买提", "Michael Chen", "欧阳若曦", "䶮桂英", "李㐂", "张三丰😀", "𠮷田", "陆女士"]
)
def test_names_are_kept_as_told(people, name):
    assert register(people, replace(CALL, name=name)).customer.name == name
