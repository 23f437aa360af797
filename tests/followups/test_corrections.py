"""Taking back a contact: everything is as before, and the record of both stays."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from core import clock
from core.errors import DomainError
from followups.enums import CancelReason, ContactOutcome, FollowUpState, RuleCode
from followups.models import Contact, ContactCorrection, FollowUp
from followups.services import contact_take_back, followup_reschedule, message_send
from notifications.models import Notification
from opportunities.enums import CLOSE, LEVEL, EventKind
from opportunities.models import JourneyEvent, Opportunity
from opportunities.services import level_set, opportunity_assign
from tests.conftest import NOON
from tests.journeys import callbacks, decide, open_one, record, sweep

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LADDER = ("generation", "updated_at", "remind_step", "remind_at")


@pytest.fixture
def opportunity(people, noon):
    return open_one(people)


def picture(opportunity) -> dict[str, object]:
    """What a person sees: the promises that count and the head of the opportunity."""
    opportunity = Opportunity.objects.get(pk=opportunity.pk)
    rows = FollowUp.objects.filter(opportunity=opportunity).exclude(cancel_reason=CancelReason.CORRECTED)
    fields = (
        "rule_code",
        "state",
        "due_at",
        "deadline_at",
        "done_at",
        "is_late",
        "missed_at",
        "cancel_reason",
        "contact",
    )
    head = (
        "level",
        "requested_level",
        "close_requested",
        "last_contact_at",
        "last_note",
        "next_action_at",
        "next_action_label",
    )
    return {
        "rows": list(rows.order_by("due_at", "pk").values_list(*fields)),
        "head": [getattr(opportunity, name) for name in head],
    }


def take_back(result, by):
    return contact_take_back(contact_id=result.contact.pk, by=by)


@pytest.mark.parametrize(
    ("day", "outcome", "entry"),
    [
        (0, ContactOutcome.TALKED, {"sentence": "谈价"}),
        (0, ContactOutcome.TALKED, {"next_at": NOON + 4 * DAY}),
        (0, ContactOutcome.NO_ANSWER, {}),
        (0, ContactOutcome.WRONG_NUMBER, {}),
        (2, ContactOutcome.NO_ANSWER, {}),
        (2, ContactOutcome.TALKED, {"level": "H"}),
        (2, ContactOutcome.TALKED, {"level": "C"}),
        (2, ContactOutcome.BOUGHT_ELSEWHERE, {"sentence": "买了"}),
        (7, ContactOutcome.TALKED, {}),
        (7, ContactOutcome.INVITED, {"next_at": NOON + 9 * DAY}),
    ],
)
def test_taking_back_restores_everything(people, opportunity, day, outcome, entry):
    with clock.travel(NOON + day * DAY):
        sweep()
        before = picture(opportunity)
        result = record(opportunity, people.owner, outcome, **entry)
        assert picture(opportunity) != before
        take_back(result, people.owner)

    assert picture(opportunity) == before
    assert ContactCorrection.objects.get().contact == result.contact
    assert Contact.objects.count() == 1
    assert JourneyEvent.objects.filter(kind=EventKind.CORRECTED, actor=people.owner).count() == 1


def test_a_cadence_that_the_level_moved_is_back_where_it_was(people, opportunity):
    with clock.travel(NOON + 7 * DAY):
        record(opportunity, people.owner)
    with clock.travel(NOON + 8 * DAY):
        before = picture(opportunity)
        result = record(opportunity, people.owner, level="H")
        take_back(result, people.owner)

    assert picture(opportunity) == before


def test_a_message_that_a_talk_replaced_is_owed_again(people, opportunity):
    with clock.travel(NOON + DAY):
        sweep()
        before = picture(opportunity)
        take_back(record(opportunity, people.owner), people.owner)

    assert picture(opportunity) == before
    assert callbacks(opportunity)[RuleCode.SAME_DAY_SMS].state == FollowUpState.PENDING


def test_a_restored_callback_reminds_again(people, opportunity):
    first = callbacks(opportunity)[RuleCode.FIRST_CALLBACK]
    with clock.travel(NOON + 2 * DAY):
        take_back(record(opportunity, people.owner), people.owner)
    with clock.travel(NOON + 2 * DAY + timedelta(hours=5)):
        sweep()

    first.refresh_from_db()
    assert first.generation == 2
    assert Notification.objects.get(subject=f"followups.FollowUp:{first.pk}").dedupe_key.endswith(":2:soon")


def test_reminders_of_the_dropped_plan_leave_the_inbox(people, opportunity):
    result = record(opportunity, people.owner, ContactOutcome.NO_ANSWER)
    FollowUp.objects.filter(pk=result.next_up.pk).update(remind_at=NOON)
    sweep()

    take_back(result, people.owner)

    assert Notification.objects.get(subject=f"followups.FollowUp:{result.next_up.pk}").done_at is not None


def test_what_a_deadline_took_stays_missed(people, opportunity):
    with clock.travel(NOON + 4 * DAY):
        take_back(record(opportunity, people.owner, ContactOutcome.NO_ANSWER), people.owner)

    row = callbacks(opportunity)[RuleCode.FIRST_CALLBACK]
    assert row.missed_at == clock.end_of_day(date(2026, 11, 20))
    assert row.deadline_at == clock.end_of_day(date(2026, 11, 20))


@pytest.mark.parametrize(("seconds", "is_allowed"), [(600, True), (601, False)])
def test_the_window_is_ten_minutes(people, opportunity, seconds, is_allowed):
    result = record(opportunity, people.owner, sentence="x")
    before = picture(opportunity)

    with clock.travel(NOON + timedelta(seconds=seconds)):
        if is_allowed:
            take_back(result, people.owner)
            return
        with pytest.raises(DomainError) as refused:
            take_back(result, people.owner)

    assert refused.value.code == "too_late"
    assert picture(opportunity) == before


@pytest.mark.parametrize("who", ["supervisor", "dcc", "stranger"])
def test_only_the_own_entry_is_taken_back(people, opportunity, who):
    result = record(opportunity, people.owner)

    with pytest.raises(PermissionDenied):
        take_back(result, getattr(people, who))

    assert not ContactCorrection.objects.exists()


def test_twice_is_once(people, opportunity):
    result = record(opportunity, people.owner)
    take_back(result, people.owner)
    before = picture(opportunity)

    with pytest.raises(DomainError) as refused:
        take_back(result, people.owner)

    assert refused.value.code == "corrected"
    assert picture(opportunity) == before


def test_only_the_latest_is_taken_back_then_the_one_before(people, opportunity):
    before = picture(opportunity)
    first = record(opportunity, people.owner, sentence="一")
    second = record(opportunity, people.owner, sentence="二")

    with pytest.raises(DomainError):
        take_back(first, people.owner)
    take_back(second, people.owner)
    take_back(first, people.owner)

    assert picture(opportunity) == before


def test_a_callback_that_was_moved_since_is_not_moved_back(people, opportunity):
    result = record(opportunity, people.owner, next_at=NOON + 3 * DAY)
    followup_reschedule(followup_id=result.next_up.pk, due_at=NOON + 4 * DAY, reason="客户改期", by=people.supervisor)
    before = picture(opportunity)

    with pytest.raises(DomainError) as refused:
        take_back(result, people.owner)

    assert refused.value.code == "too_late"
    assert picture(opportunity) == before


def test_after_the_close_nothing_is_taken_back(people, opportunity):
    result = record(opportunity, people.owner, ContactOutcome.BOUGHT_ELSEWHERE)
    decide(opportunity, CLOSE, people.supervisor)

    with pytest.raises(DomainError) as refused:
        take_back(result, people.owner)

    assert refused.value.code == "closed"
    assert not FollowUp.objects.pending().filter(opportunity=opportunity).exists()


def test_a_customer_who_was_given_away_is_out_of_reach(people, opportunity):
    result = record(opportunity, people.owner)
    opportunity_assign(opportunity_id=opportunity.pk, owner_id=people.rival.pk, by=people.manager, reason="调整")

    with pytest.raises(PermissionDenied):
        take_back(result, people.owner)


def test_a_message_that_was_sent_stays(people, opportunity):
    result = message_send(
        opportunity_id=opportunity.pk,
        body="您好",
        is_by_system=True,
        by=people.owner,
        idempotency_key="m",
        follow_up_id=None,
    )

    with pytest.raises(DomainError) as refused:
        take_back(result, people.owner)

    assert refused.value.code == "sent"


def test_what_a_leader_decided_since_stays(people, opportunity):
    result = record(opportunity, people.owner, level="C")
    decide(opportunity, LEVEL, people.supervisor)

    take_back(result, people.owner)

    assert Opportunity.objects.get(pk=opportunity.pk).level == "C"


def test_a_level_that_was_changed_since_stays(people, opportunity):
    result = record(opportunity, people.owner, level="A")
    level_set(opportunity_id=opportunity.pk, level="H", by=people.supervisor)

    take_back(result, people.owner)

    assert Opportunity.objects.get(pk=opportunity.pk).level == "H"


def test_the_withdrawn_proposals_leave_the_leaders_inbox(people, opportunity):
    result = record(opportunity, people.owner, ContactOutcome.BOUGHT_ELSEWHERE, level="C")
    assert Notification.objects.filter(recipient=people.supervisor, done_at=None).count() == 2

    take_back(result, people.owner)

    assert not Notification.objects.filter(recipient=people.supervisor, done_at=None).exists()


def test_the_key_of_an_entry_that_was_taken_back_is_used_up(people, opportunity):
    take_back(record(opportunity, people.owner, key="k1"), people.owner)

    with pytest.raises(DomainError) as refused:
        record(opportunity, people.owner, key="k1")

    assert refused.value.code == "no_key"


@pytest.mark.parametrize(
    "statement", ["UPDATE followups_contactcorrection SET by_id = by_id", "DELETE FROM followups_contactcorrection"]
)
def test_a_correction_is_never_changed(people, opportunity, statement):
    take_back(record(opportunity, people.owner), people.owner)

    with (
        pytest.raises(DatabaseError, match="Cannot update or delete"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert ContactCorrection.objects.count() == 1


def test_after_a_hand_over_the_restored_callback_is_the_new_owners(people, opportunity):
    with clock.travel(NOON + 2 * DAY):
        result = record(opportunity, people.supervisor)
        opportunity_assign(
            opportunity_id=opportunity.pk, owner_id=people.colleague.pk, by=people.manager, reason="调整"
        )
        take_back(result, people.supervisor)

    assert callbacks(opportunity)[RuleCode.FIRST_CALLBACK].assignee == people.colleague
