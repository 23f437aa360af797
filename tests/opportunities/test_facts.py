"""Wishes, notes, levels."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from core import events
from core.errors import Conflict, DomainError
from notifications.enums import NoticeKind
from notifications.models import Notification
from opportunities.enums import LEVEL, LEVEL_ORDER, EventKind
from opportunities.events import LevelChanged, LevelRequested
from opportunities.models import JourneyEvent, Opportunity
from opportunities.policies import can_decide_level, can_give_away, can_work
from opportunities.services import close_request, facts_update, level_request, level_set, note_add
from opportunities.services.facts import is_downgrade
from tests.conftest import NOON
from tests.factories import LeaveFactory, OpportunityFactory, SeriesFactory, TrimFactory, UserFactory
from tests.journeys import decide, open_one

pytestmark = pytest.mark.django_db


@pytest.fixture
def opportunity(people, noon):
    return open_one(people)


@pytest.fixture
def closed(people, noon):
    return OpportunityFactory(
        store=people.store, customer__store=people.store, owner=people.owner, outcome="lost", closed_at=NOON
    )


def head(opportunity) -> dict[str, object]:
    return Opportunity.objects.filter(pk=opportunity.pk).values().get()


def change(opportunity, by, version=1, **changes):
    return facts_update(opportunity_id=opportunity.pk, version=version, by=by, **changes)


@pytest.mark.req("R-082")
def test_facts_change_and_the_log_has_both_values(people, opportunity):
    row = change(
        opportunity, people.owner, colour=" 雪山白 ", budget_max_rmb=Decimal("189800.00"), concerns=["续航", "价格"]
    )

    row.refresh_from_db()
    assert (row.colour, row.budget_max_rmb, row.concerns, row.version) == (
        "雪山白",
        Decimal("189800.00"),
        ["续航", "价格"],
        2,
    )
    event = JourneyEvent.objects.get(kind=EventKind.FACTS_CHANGED)
    assert event.actor == people.owner
    assert event.data["changed"] == {
        "colour": ["", "雪山白"],
        "budget_max_rmb": ["", "189800.00"],
        "concerns": ["", "续航 · 价格"],
    }


def test_nothing_new_is_no_change(people, opportunity):
    assert change(opportunity, people.owner, colour="").version == 1

    assert not JourneyEvent.objects.filter(kind=EventKind.FACTS_CHANGED).exists()


def test_two_people_do_not_overwrite_each_other(people, opportunity):
    change(opportunity, people.owner, colour="白")
    before = head(opportunity)

    with pytest.raises(Conflict) as refused:
        change(opportunity, people.supervisor, colour="黑")

    assert refused.value.current.colour == "白"
    assert head(opportunity) == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"budget_min_rmb": Decimal(2), "budget_max_rmb": Decimal(1)}, "__all__"),
        ({"colour": "长" * 61}, "colour"),
        ({"payment_method": "shells"}, "payment_method"),
        ({"decision_makers": -1}, "decision_makers"),
    ],
)
def test_nonsense_is_refused_with_its_field(people, opportunity, changes, field):
    before = head(opportunity)

    with pytest.raises(ValidationError) as refused:
        change(opportunity, people.owner, **changes)

    assert set(refused.value.message_dict) == {field}
    assert head(opportunity) == before


@pytest.mark.parametrize("name", ["owner_id", "stage", "outcome", "store_id", "level"])
def test_only_wishes_are_changed(people, opportunity, name):
    with pytest.raises(ValueError, match="not editable"):
        change(opportunity, people.owner, **{name: 1})


def test_a_trim_brings_its_series(people, opportunity):
    trim = TrimFactory(series=SeriesFactory())

    row = change(opportunity, people.owner, trim_id=trim.pk)

    row.refresh_from_db()
    assert (row.series, row.trim, row.wanted) == (trim.series, trim, f"远岚 S7 {trim.name}")


def test_another_series_drops_the_trim(people, opportunity):
    trim = TrimFactory(series=SeriesFactory())
    change(opportunity, people.owner, trim_id=trim.pk)
    other = SeriesFactory(code="s5", name="远岚 S5")

    row = change(opportunity, people.owner, version=2, series_id=other.pk)

    row.refresh_from_db()
    assert (row.series, row.trim) == (other, None)
    assert set(JourneyEvent.objects.filter(kind=EventKind.FACTS_CHANGED).latest("id").data["changed"]) == {
        "series_id",
        "trim_id",
    }


def test_a_trim_of_another_series_is_refused(people, opportunity):
    trim, other = TrimFactory(series=SeriesFactory()), SeriesFactory(code="s5", name="远岚 S5")

    with pytest.raises(DomainError) as refused:
        change(opportunity, people.owner, series_id=other.pk, trim_id=trim.pk)

    assert refused.value.field == "trim"
    assert head(opportunity)["series_id"] is None


@pytest.mark.parametrize("who", ["colleague", "finance", "stranger"])
def test_strangers_change_nothing(people, opportunity, who):
    person = getattr(people, who)
    before = head(opportunity)

    for attempt in (
        lambda: change(opportunity, person, colour="白"),
        lambda: note_add(opportunity_id=opportunity.pk, text="x", by=person),
        lambda: level_set(opportunity_id=opportunity.pk, level="H", by=person),
    ):
        with pytest.raises(PermissionDenied):
            attempt()

    assert head(opportunity) == before


def test_a_closed_opportunity_stays_as_it_is(people, closed):
    before = head(closed)

    for attempt in (
        lambda: change(closed, people.owner, colour="白"),
        lambda: note_add(opportunity_id=closed.pk, text="x", by=people.owner),
        lambda: level_set(opportunity_id=closed.pk, level="H", by=people.owner),
    ):
        with pytest.raises(DomainError) as refused:
            attempt()
        assert refused.value.code == "closed"

    assert head(closed) == before


# ---- notes --------------------------------------------------------------------------------------------------------


def test_a_note_is_in_the_timeline_and_is_no_contact(people, opportunity):
    note_add(opportunity_id=opportunity.pk, text="  喜欢\u200b白色 ", by=people.owner)

    assert JourneyEvent.objects.get(kind=EventKind.NOTE).data == {"text": "喜欢白色"}
    assert head(opportunity)["last_contact_at"] is None


@pytest.mark.parametrize("text", ["", " \u200b ", "长" * 2001])
def test_an_empty_or_endless_note_is_refused(people, opportunity, text):
    with pytest.raises(DomainError) as refused:
        note_add(opportunity_id=opportunity.pk, text=text, by=people.owner)

    assert refused.value.field == "text"
    assert not JourneyEvent.objects.filter(kind=EventKind.NOTE).exists()


# ---- levels -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("current", list(LEVEL_ORDER))
@pytest.mark.parametrize("target", list(LEVEL_ORDER))
@pytest.mark.parametrize("who", ["owner", "supervisor"])
def test_level_pairs(people, noon, current, target, who):
    opportunity = open_one(people, level=current)
    answer = level_set(opportunity_id=opportunity.pk, level=target, by=getattr(people, who))

    row = Opportunity.objects.get(pk=opportunity.pk)
    if current == target:
        assert (answer, row.level, row.version) == ("same", current, 1)
    elif is_downgrade(current, target) and who == "owner":
        assert (answer, row.level, row.requested_level, row.level_requested_by) == (
            "requested",
            current,
            target,
            people.owner,
        )
    else:
        assert (answer, row.level, row.requested_level, row.version) == ("set", target, "", 2)


def test_a_change_is_logged_and_told(people, opportunity):
    heard = []
    with events.isolated_registry(is_empty=False):
        events.on(LevelChanged)(heard.append)
        level_set(opportunity_id=opportunity.pk, level="H", by=people.owner)

    assert [(event.previous_level, event.level) for event in heard] == [("B", "H")]
    assert JourneyEvent.objects.get(kind=EventKind.LEVEL_CHANGED).data == {"previous": "B", "level": "H"}


def test_a_proposal_is_told_to_the_supervisor_once(people, opportunity):
    heard = []
    with events.isolated_registry(is_empty=False):
        events.on(LevelRequested)(heard.append)
        for _time in range(2):
            level_set(opportunity_id=opportunity.pk, level="C", by=people.owner)

    assert len(heard) == 1
    assert Notification.objects.get().recipient == people.supervisor


@pytest.mark.parametrize("level", ["", "X", "HA"])
def test_an_unknown_level_is_refused(people, opportunity, level):
    with pytest.raises(DomainError) as refused:
        level_set(opportunity_id=opportunity.pk, level=level, by=people.owner)

    assert refused.value.field == "level"


@pytest.mark.req("D-27")
@pytest.mark.parametrize("is_accepted", [True, False])
def test_the_supervisor_decides_a_lower_level(people, opportunity, is_accepted):
    level_set(opportunity_id=opportunity.pk, level="C", by=people.owner)

    decide(opportunity, LEVEL, people.supervisor, approve=is_accepted)

    row = Opportunity.objects.get(pk=opportunity.pk)
    assert (row.level, row.requested_level) == ("C" if is_accepted else "B", "")
    told = Notification.objects.get(recipient=people.owner)
    assert (told.kind, told.data["is_accepted"], told.data["level"]) == (NoticeKind.LEVEL_DECIDED, is_accepted, "C")
    assert not Notification.objects.filter(recipient=people.supervisor, done_at=None).exists()


@pytest.mark.parametrize("who", ["owner", "colleague", "dcc", "stranger_manager"])
def test_nobody_else_decides_it(people, opportunity, who):
    level_set(opportunity_id=opportunity.pk, level="C", by=people.owner)
    before = head(opportunity)

    with pytest.raises(PermissionDenied):
        decide(opportunity, LEVEL, getattr(people, who))

    assert head(opportunity) == before


def test_a_level_that_was_sent_back_is_in_the_timeline(people, opportunity):
    level_set(opportunity_id=opportunity.pk, level="C", by=people.owner)

    decide(opportunity, LEVEL, people.supervisor, approve=False, comment="下周再看")

    event = JourneyEvent.objects.get(kind=EventKind.LEVEL_REFUSED)
    assert (event.actor, event.data) == (people.supervisor, {"level": "C", "current": "B", "comment": "下周再看"})


def test_a_selling_supervisor_asks_for_the_own_customers(people, noon):
    selling = UserFactory(store=people.store, team=people.team, roles=["sales_supervisor", "sales_consultant"])
    opportunity = open_one(people, owner=selling)

    assert level_set(opportunity_id=opportunity.pk, level="C", by=selling) == "requested"
    with pytest.raises(PermissionDenied):
        decide(opportunity, LEVEL, selling)


def test_who_proposed_a_close_may_still_decide_a_level(people, opportunity):
    close_request(opportunity_id=opportunity.pk, outcome="lost", reason="price", by=people.supervisor)

    assert level_set(opportunity_id=opportunity.pk, level="C", by=people.supervisor) == "set"


def test_a_hotter_level_settles_a_lower_one_that_waits(people, opportunity):
    level_set(opportunity_id=opportunity.pk, level="C", by=people.owner)
    level_set(opportunity_id=opportunity.pk, level="A", by=people.owner)

    assert head(opportunity)["requested_level"] == ""
    assert not Notification.objects.filter(done_at=None).exists()


def test_a_lower_level_may_be_asked_for_directly(people, opportunity):
    level_request(opportunity=opportunity, level="N", by=people.owner)

    assert head(opportunity)["requested_level"] == "N"


# ---- policies -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "work", "give", "decides"),
    [
        ("owner", True, False, False),
        ("dcc", True, False, False),
        ("colleague", False, False, False),
        ("finance", False, False, False),
        ("administrator", False, False, False),
        ("supervisor", True, True, True),
        ("manager", True, True, True),
        ("general_manager", True, True, True),
    ],
)
def test_verbs_by_role(people, opportunity, closed, who, work, give, decides):
    person = getattr(people, who)

    may = tuple(policy(person, opportunity) for policy in (can_work, can_give_away, can_decide_level))
    assert may == (work, give, decides)
    assert (can_work(person, closed), can_give_away(person, closed)) == (False, False)


def test_a_stand_in_works_and_somebody_who_left_does_not(people, opportunity):
    LeaveFactory(user=people.owner, stand_in=people.rival)
    people.manager.is_active = False

    assert can_work(people.rival, opportunity)
    assert not can_work(people.manager, opportunity)
    assert not can_decide_level(people.manager, opportunity)
    assert not can_give_away(people.manager, opportunity)


def test_who_asked_does_not_decide(people, opportunity):
    opportunity.level_requested_by = people.manager

    may = [can_decide_level(person, opportunity) for person in (people.supervisor, people.manager)]

    assert may == [True, False]
