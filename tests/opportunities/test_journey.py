"""Opening, advancing, logging."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction

from core import clock, events
from core.errors import Conflict, DomainError, TransitionNotAllowed
from followups.models import FollowUp
from notifications.models import Notification
from opportunities.enums import EventKind
from opportunities.events import OpportunityAdvanced, OpportunityOpened
from opportunities.models import JourneyEvent, Opportunity, Ownership
from opportunities.selectors import customers_visible_to, open_of_customer, opportunities_visible_to, timeline
from opportunities.services import (
    journey_record,
    opportunity_advance,
    opportunity_lock,
    opportunity_open,
    opportunity_returned,
)
from opportunities.stages import OUTCOME_EDGES, OUTCOME_MACHINE, STAGE_EDGES, STAGE_MACHINE, Outcome, Stage
from tests.conftest import NOON
from tests.factories import CustomerFactory, LeaveFactory, OpportunityFactory, SeriesFactory, StoreFactory, UserFactory
from tests.journeys import open_one

pytestmark = pytest.mark.django_db


def sql(statement, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def opportunity(people, noon):
    return open_one(people)


def opening(people, **changes):
    values = {
        "customer_id": CustomerFactory(store=people.store).pk,
        "store_id": people.store.pk,
        "owner": people.owner,
        "trigger": "call",
        "occurred_at": NOON,
        "by": people.dcc,
    }
    return opportunity_open(**values | changes)


def test_opening_writes_owner_log_and_callbacks_in_one(people, noon):
    heard = []
    with events.isolated_registry(is_empty=False):
        events.on(OpportunityOpened)(heard.append)
        opportunity = opening(people, occurred_at=NOON - timedelta(hours=3), source="leads.Lead:1")

    assert (opportunity.stage, opportunity.outcome, opportunity.registered_by) == ("lead", "open", people.dcc)
    ownership = Ownership.objects.get()
    assert (ownership.owner, ownership.actor, ownership.from_at, ownership.until_at) == (
        people.owner,
        people.dcc,
        NOON,
        None,
    )
    event = JourneyEvent.objects.get()
    assert (event.kind, event.actor, event.subject) == (EventKind.REGISTERED, people.dcc, "leads.Lead:1")
    assert (event.occurred_at, event.recorded_at) == (NOON - timedelta(hours=3), NOON)
    assert [item.opportunity_id for item in heard] == [opportunity.pk]
    assert FollowUp.objects.pending().count() == 3


@pytest.mark.parametrize(
    ("window", "level"), [("7d", "H"), ("15d", "A"), ("30d", "B"), ("90d", "C"), ("undecided", "N"), ("", "C")]
)
def test_the_level_follows_from_the_purchase_time(people, noon, window, level):
    assert opening(people, purchase_window=window).level == level


def test_without_an_owner_nobody_owns_it(people, noon):
    assert opening(people, owner=None).owner is None

    assert not Ownership.objects.exists()


@pytest.mark.req("R-036", "R-093")
@pytest.mark.parametrize(
    "who", ["manager", "general_manager", "dcc", "receptionist", "finance", "administrator", "stranger"]
)
def test_who_may_not_own_gets_no_customer(people, noon, who):
    with pytest.raises(DomainError) as refused:
        opening(people, owner=getattr(people, who))

    assert refused.value.field == "owner"
    assert not Opportunity.objects.exists()


def test_a_sales_manager_with_a_second_role_does_not_own_either(people, noon):
    person = UserFactory(store=people.store, roles=["sales_consultant", "sales_manager"])

    with pytest.raises(DomainError):
        opening(people, owner=person)


def test_who_left_gets_no_customer(people, noon):
    people.owner.is_active = False

    with pytest.raises(DomainError):
        opening(people)


def test_nonsense_facts_are_refused(people, noon):
    with pytest.raises(ValidationError) as refused:
        opening(people, payment_method="shells")

    assert set(refused.value.message_dict) == {"payment_method"}
    assert not Opportunity.objects.exists()


def test_a_customer_has_one_open_opportunity(people, opportunity):
    with pytest.raises(IntegrityError, match="opportunity_one_open_per_customer"), transaction.atomic():
        opening(people, customer_id=opportunity.customer_id)

    assert Opportunity.objects.count() == 1
    assert open_of_customer(opportunity.customer_id) == opportunity


def test_a_customer_who_returns_is_logged_and_the_owner_hears(people, opportunity):
    opportunity_returned(opportunity_id=opportunity.pk, occurred_at=NOON, by=people.dcc, kind="call", note="再次来电")

    event = JourneyEvent.objects.get(kind=EventKind.REPEATED)
    assert event.data == {"kind": "call", "note": "再次来电"}
    assert Notification.objects.get(kind="customer_returned").recipient == people.owner


@pytest.mark.parametrize("owner", ["owner", None])
def test_who_takes_the_call_is_not_told_about_it(people, noon, owner):
    opportunity = open_one(people, owner=owner)

    opportunity_returned(opportunity_id=opportunity.pk, occurred_at=NOON, by=people.owner)

    assert not Notification.objects.exists()


def test_a_closed_opportunity_does_not_take_a_customer_back(noon):
    opportunity = OpportunityFactory(outcome="lost", closed_at=NOON)

    with pytest.raises(Conflict) as refused:
        opportunity_returned(opportunity_id=opportunity.pk, occurred_at=NOON, by=None)

    assert refused.value.code == "closed"
    assert not JourneyEvent.objects.exists()


# ---- stages -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("current", Stage.values)
@pytest.mark.parametrize("target", Stage.values)
def test_stage_pairs(people, noon, current, target):
    opportunity = OpportunityFactory(
        store=people.store, customer__store=people.store, owner=people.owner, stage=current
    )
    is_forward = Stage(target).number > Stage(current).number
    if is_forward and target not in STAGE_EDGES[current]:
        with pytest.raises(TransitionNotAllowed):
            opportunity_advance(opportunity_id=opportunity.pk, to=target, by=people.owner, source="x:1")
        expected = current
    else:
        opportunity_advance(opportunity_id=opportunity.pk, to=target, by=people.owner, source="x:1")
        expected = target if is_forward else current  # a milestone reached before is not an error

    opportunity.refresh_from_db()
    assert opportunity.stage == expected
    assert JourneyEvent.objects.filter(kind=EventKind.STAGE_REACHED).count() == int(expected != current)


def test_a_contract_and_a_delivery_are_never_skipped():
    assert not STAGE_MACHINE.can(Stage.LEAD, Stage.DELIVERED)
    assert not STAGE_MACHINE.can(Stage.CONTRACTED, Stage.IN_CARE)


@pytest.mark.parametrize("current", Outcome.values)
@pytest.mark.parametrize("target", Outcome.values)
def test_outcome_pairs(current, target):
    assert OUTCOME_MACHINE.can(current, target) is (target in OUTCOME_EDGES[current])
    assert OUTCOME_MACHINE.can(current, target) is (current == "open" != target)


def test_advancing_is_told_once(people, opportunity):
    heard = []
    with events.isolated_registry(is_empty=False):
        events.on(OpportunityAdvanced)(heard.append)
        for _time in range(2):
            opportunity_advance(opportunity_id=opportunity.pk, to=Stage.RECEIVED, by=None, source="showroom.Visit:1")

    assert [(event.from_stage, event.to_stage, event.by_id) for event in heard] == [("lead", "received", None)]


@pytest.mark.parametrize("outcome", ["lost", "void"])
def test_what_is_given_up_does_not_advance(noon, outcome):
    opportunity = OpportunityFactory(outcome=outcome, closed_at=NOON)

    with pytest.raises(DomainError) as refused:
        opportunity_advance(opportunity_id=opportunity.pk, to=Stage.RECEIVED, by=None, source="x:1")

    assert refused.value.code == "closed"


# ---- who sees it --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("owner", True),
        ("dcc", True),
        ("supervisor", True),
        ("manager", True),
        ("general_manager", True),
        ("colleague", False),
        ("rival", False),
        ("receptionist", False),
        ("finance", False),
        ("administrator", False),
        ("stranger", False),
        ("stranger_manager", False),
    ],
)
def test_who_sees_and_locks_an_opportunity(people, opportunity, who, sees):
    person = getattr(people, who)

    assert opportunities_visible_to(person).filter(pk=opportunity.pk).exists() is sees
    assert customers_visible_to(person).filter(pk=opportunity.customer_id).exists() is sees
    with transaction.atomic():
        if sees:
            assert opportunity_lock(opportunity.pk, by=person) == opportunity
        else:
            with pytest.raises(PermissionDenied):
                opportunity_lock(opportunity.pk, by=person)


def test_a_supervisor_sees_the_unassigned_and_not_the_other_team(people, noon):
    unassigned, other = open_one(people, owner=None), open_one(people, owner="rival")

    assert list(opportunities_visible_to(people.supervisor)) == [unassigned]
    assert list(Opportunity.objects.unassigned()) == [unassigned]
    assert set(opportunities_visible_to(people.manager)) == {unassigned, other}


def test_a_stand_in_sees_it_from_the_first_to_the_last_moment(people, opportunity):
    LeaveFactory(user=people.owner, stand_in=people.rival, starts_at=NOON, ends_at=NOON + timedelta(hours=1))
    seen = []
    for seconds in (-1, 0, 3599, 3600):
        with clock.travel(NOON + timedelta(seconds=seconds)):
            seen.append(opportunities_visible_to(people.rival).exists())

    assert seen == [False, True, True, False]


def test_the_group_sees_its_stores_only(people, opportunity):
    group = UserFactory(store=people.other_store, roles=["general_manager"], scope_override="group")
    foreign = UserFactory(store=StoreFactory(code="foreign", group__name="别家"), scope_override="group")

    assert [opportunities_visible_to(user).count() for user in (group, foreign)] == [1, 0]


def test_the_timeline_is_newest_first(people, opportunity):
    opportunity_advance(opportunity_id=opportunity.pk, to=Stage.RECEIVED, by=people.owner, source="x:1")

    assert [event.kind for event in timeline(opportunity.pk)] == [EventKind.STAGE_REACHED, EventKind.REGISTERED]


# ---- what the database refuses, and what it keeps -----------------------------------------------------------------


@pytest.mark.parametrize(
    "verb", ["UPDATE opportunities_journeyevent SET actor_id = NULL", "DELETE FROM opportunities_journeyevent"]
)
def test_the_log_is_append_only_even_for_raw_sql(people, opportunity, verb):
    with pytest.raises(DatabaseError, match="Cannot update or delete"):
        sql(verb)

    assert JourneyEvent.objects.get().actor == people.dcc


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE opportunities_opportunity SET budget_min_rmb = 2, budget_max_rmb = 1", "opportunity_budget_range"),
        ("UPDATE opportunities_opportunity SET outcome = 'lost'", "opportunity_closed_has_a_time"),
        ("UPDATE opportunities_opportunity SET closed_at = now()", "opportunity_closed_has_a_time"),
        (
            "UPDATE opportunities_opportunity SET outcome = 'lost', closed_at = now(), closed_by_id = owner_id,"
            " close_requested_by_id = owner_id",
            "opportunity_close_needs_two",
        ),
        (
            "UPDATE opportunities_ownership SET until_at = from_at - interval '1 second'",
            "ownership_ends_after_it_starts",
        ),
        (
            "INSERT INTO opportunities_ownership"
            " (uid, created_at, updated_at, opportunity_id, owner_id, rule, reason, from_at)"
            " SELECT gen_random_uuid(), created_at, updated_at, opportunity_id, owner_id, rule, reason, from_at"
            " FROM opportunities_ownership",
            "ownership_one_at_a_time",
        ),
    ],
)
def test_the_database_refuses(people, opportunity, statement, constraint):
    with pytest.raises(IntegrityError, match=constraint):
        sql(statement)


def test_every_change_leaves_the_row_as_it_was_also_without_the_service(people, opportunity):
    Opportunity.objects.filter(pk=opportunity.pk).update(level="H")
    sql("UPDATE opportunities_opportunity SET colour = '雪山白'")

    kept = opportunity.history.order_by("pgh_id").values_list("level", "colour")
    assert list(kept) == [("B", ""), ("H", "")]


def test_read_models_leave_no_history(people, opportunity):
    Opportunity.objects.filter(pk=opportunity.pk).update(next_action_at=None, next_action_label="")

    assert not opportunity.history.exists()


def test_log_rows_may_carry_any_word(people, opportunity):
    row = journey_record(opportunity, EventKind.NOTE, by=None, kind="call", opportunity="x")

    assert (row.kind, row.data) == (EventKind.NOTE, {"kind": "call", "opportunity": "x"})


def test_the_wanted_car_in_words(people, noon):
    series = SeriesFactory()
    texts = [
        open_one(people, series=series).wanted,
        open_one(people, model_text="那个蓝色的").wanted,
        str(open_one(people)),
    ]

    assert texts == ["远岚 S7", "那个蓝色的", "王建国"]
