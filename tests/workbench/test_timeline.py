"""Every kind of log row reads as a sentence; stored keys and values are never shown raw."""

from datetime import timedelta

import pytest
from django.utils import translation

from core import clock
from opportunities.enums import EventKind
from opportunities.models import JourneyEvent
from opportunities.services import facts_update
from tests.factories import ChannelFactory, OpportunityFactory, TrimFactory
from workbench.selectors.timeline import GROUPS, Names, entry_of, timeline_page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
MOVED = {
    "code": "manual",
    "before": "2026-11-17T18:00:00+08:00",
    "after": "2026-11-19T10:00:00+08:00",
    "reason": "customer asked",
}
CASES = [
    (EventKind.REGISTERED, {"trigger": "call", "rule": "chosen"}, "Called the store", "Hotline · Given to 林悦", ""),
    (EventKind.REGISTERED, {"trigger": "online"}, "Left an online lead", "Hotline · Given to 林悦", ""),
    (EventKind.REGISTERED, {}, "Registered", "Hotline · Given to 林悦", ""),
    (EventKind.REPEATED, {"kind": "walk_in", "note": "with his wife"}, "Came to the store again", "", "with his wife"),
    (EventKind.REPEATED, {}, "Came back", "", ""),
    (EventKind.STAGE_REACHED, {"from_stage": "lead"}, "Reached: Received", "", ""),
    (
        EventKind.OWNER_CHANGED,
        {"rule": "assigned", "reason": "rota", "previous_owner": 7},
        "Handed over from 赵启明 to 林悦",
        "Assigned by a leader",
        "rota",
    ),
    (EventKind.OWNER_CHANGED, {"rule": "assigned"}, "Given to 林悦", "Assigned by a leader", ""),
    (EventKind.LEVEL_CHANGED, {"previous": "B", "level": "H"}, "Level B → H", "H · within 7 days", ""),
    (EventKind.LEVEL_REQUESTED, {"level": "C"}, "Level C proposed", "the supervisor decides", ""),
    (
        EventKind.LEVEL_REFUSED,
        {"level": "C", "current": "B", "comment": "下周再看"},
        "The level stays B",
        "sent back by the supervisor",
        "下周再看",
    ),
    (
        EventKind.CLOSE_REFUSED,
        {"outcome": "lost", "comment": "再谈谈"},
        "To be followed further",
        "sent back by the supervisor",
        "再谈谈",
    ),
    (
        EventKind.FACTS_CHANGED,
        {"changed": {"usage": ["", "family"], "budget_max_rmb": ["180000.00", "210000.00"]}},
        "Needs updated",
        "",
        "Use: Family; Budget to: ¥180,000 → ¥210,000",
    ),
    (
        EventKind.CONTACTED,
        {"channel": "phone", "outcome": "talked", "sentence": "wants white", "duration_s": 252},
        "Phone · Talked",
        "4 min 12 s",
        "wants white",
    ),
    (EventKind.CONTACTED, {"channel": "sms", "outcome": "sent", "sentence": "Hello"}, "Message sent", "", "Hello"),
    (
        EventKind.CONTACTED,
        {"channel": "phone", "outcome": "no_answer", "is_suspicious": True},
        "Phone · No answer",
        "one of several identical entries",
        "",
    ),
    (EventKind.NOTE, {"text": "prefers white"}, "Note", "", "prefers white"),
    (EventKind.FOLLOW_UP_MISSED, {"code": "first_callback"}, "First callback was not done in time", "", ""),
    (
        EventKind.FOLLOW_UP_MISSED,
        {"code": "cadence", "excused": "leave"},
        "Regular callback was not done in time",
        "",
        "The owner was on leave; it does not count against anybody.",
    ),
    (
        EventKind.FOLLOW_UP_MOVED,
        MOVED,
        "Agreed callback moved",
        "from 17 Nov 18:00 to 19 Nov 10:00",
        "customer asked",
    ),
    (
        EventKind.CLOSE_REQUESTED,
        {"outcome": "lost", "reason": "competitor", "note": "cheaper"},
        "Proposed as lost",
        "Bought another brand",
        "cheaper",
    ),
    (EventKind.CLOSE_REQUESTED, {"outcome": "void", "reason": "test"}, "Proposed as void", "Test entry", ""),
    (EventKind.CLOSED, {"outcome": "lost", "reason": "price"}, "Closed as lost", "Price", ""),
    (EventKind.CLOSED, {"outcome": "won"}, "Won", "", ""),
    (EventKind.CORRECTED, {}, "A contact was taken back", "", "It does not count any more."),
]


def event(people, kind: str, data: dict[str, object], **fields: object) -> JourneyEvent:
    row = OpportunityFactory(owner=people.owner, store=people.store, customer__store=people.store)
    return JourneyEvent.objects.create(
        opportunity=row,
        customer=row.customer,
        store=row.store,
        kind=kind,
        stage="received",
        owner=people.owner,
        channel=ChannelFactory(),
        occurred_at=clock.now(),
        data=data,
        **fields,
    )


@pytest.mark.parametrize(("kind", "data", "title", "sub", "text"), CASES)
def test_each_kind_reads_as_a_sentence(people, kind, data, title, sub, text):
    row = event(people, kind, data)

    with translation.override("en"):
        entry = entry_of(row, Names(people={7: "赵启明"}, series={}, trims={}))
        shown = (entry.title, entry.sub, entry.text)

    assert shown == (title, sub, text)


def test_no_kind_is_forgotten():
    grouped = {kind for kinds in GROUPS.values() for kind in kinds}

    assert grouped == set(EventKind.values) == {kind for kind, *_rest in CASES}


@pytest.mark.parametrize("kind", EventKind.values)
def test_data_of_another_version_breaks_nothing(people, kind):
    odd = {
        "level": "Z",
        "code": "gone",
        "outcome": "gone",
        "reason": "gone",
        "changed": {"gone": ["a", "b"], "usage": []},
    }

    entry = entry_of(event(people, kind, odd), Names({}, {}, {}))

    assert entry.title
    assert "gone" not in f"{entry.title} {entry.sub}"


def test_facts_name_models_instead_of_ids(people):
    trim = TrimFactory(name="尊享")
    row = OpportunityFactory(owner=people.owner, store=people.store, customer__store=people.store, series=None)
    facts_update(opportunity_id=row.pk, version=row.version, by=people.owner, trim_id=trim.pk, series_id=trim.series_id)

    with translation.override("en"):
        entry = timeline_page(row, group="", cursor=None, people={}).entries[0]

    assert entry.text == "Model: 远岚 S7 尊享; Series: 远岚 S7"


def test_taken_back_contact_is_marked(people):
    row = event(people, EventKind.CONTACTED, {"channel": "phone", "outcome": "talked"}, subject="followups.Contact:1")
    JourneyEvent.objects.create(
        opportunity=row.opportunity,
        customer=row.customer,
        store=row.store,
        kind=EventKind.CORRECTED,
        stage="lead",
        occurred_at=clock.now() + timedelta(minutes=1),
        subject="followups.Contact:1",
    )

    entries = timeline_page(row.opportunity, group="contacts", cursor=None, people={}).entries

    assert [entry.is_taken_back for entry in entries] == [False, True]
