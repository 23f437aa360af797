"""Recording what was said, in one step with what comes next."""

from datetime import date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from core import clock, events
from core.errors import DomainError, LimitReached
from followups.enums import CancelReason, ContactOutcome, FollowUpState, RuleCode
from followups.models import Contact, FollowUp, FollowUpRule
from followups.selectors import message_choices
from followups.services import Entry, contact_record, message_failed_tell, message_send
from notifications.enums import NoticeKind
from notifications.events import MessageNotSent
from notifications.models import MessageTemplate, Notification, OutboundMessage
from opportunities.enums import CLOSE, EventKind
from opportunities.models import JourneyEvent, Opportunity
from opportunities.services import level_set
from tests.conftest import NOON
from tests.factories import CustomerFactory, LeaveFactory, OpportunityFactory, UserFactory
from tests.journeys import callbacks, decide, open_one, record, sweep
from tests.rules import bend

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def opportunity(people, noon):
    return open_one(people)


def nothing_stored(opportunity, before):
    return (
        not Contact.objects.filter(opportunity=opportunity).exists()
        and list(FollowUp.objects.order_by("pk").values()) == before
    )


@pytest.mark.req("R-080", "R-082")
def test_a_talk_completes_what_was_due_and_plans_the_next(people, opportunity):
    with clock.travel(NOON + 2 * DAY):
        result = record(opportunity, people.owner, sentence="想周末试驾", tags=("金融", "置换"), duration_s=90)

    rows = callbacks(opportunity)
    done = rows[RuleCode.FIRST_CALLBACK]
    assert result.completed == (done.pk,)
    assert (done.state, done.done_by, done.contact, done.is_late) == ("done", people.owner, result.contact, False)
    assert (done.remind_at, done.remind_step) == (None, "")
    assert result.next_up == rows[RuleCode.SECOND_CALLBACK]
    contact = result.contact
    assert (contact.sentence, contact.tags, contact.duration_s, contact.is_effective) == (
        "想周末试驾",
        ["金融", "置换"],
        90,
        True,
    )
    opportunity.refresh_from_db()
    assert opportunity.last_contact_at == NOON + 2 * DAY
    assert opportunity.last_note == "想周末试驾"
    assert opportunity.next_action_label == RuleCode.SECOND_CALLBACK
    event = JourneyEvent.objects.get(kind=EventKind.CONTACTED)
    assert (event.actor, event.data["outcome"], event.data["sentence"]) == (people.owner, "talked", "想周末试驾")


@pytest.mark.req("R-071")
@pytest.mark.parametrize(("level", "days"), [("H", 2), ("A", 5), ("B", 7), ("C", 15), ("N", 30)])
def test_after_the_first_week_the_cadence_of_the_level_goes_on(people, noon, level, days):
    opportunity = open_one(people, level=level)
    with clock.travel(NOON + 7 * DAY):
        result = record(opportunity, people.owner)

    assert len(result.completed) == 2
    assert result.next_up.rule_code == RuleCode.CADENCE
    assert result.next_up.due_on == date(2026, 11, 24) + days * DAY
    assert result.next_up.planned_from == result.contact


@pytest.mark.req("R-071")
def test_a_new_level_decides_the_next_callback(people, opportunity):
    with clock.travel(NOON + 7 * DAY):
        result = record(opportunity, people.owner, level="H")

    assert (result.level, result.next_up.due_on) == ("set", date(2026, 11, 26))


def test_a_lower_level_waits_for_the_supervisor_and_the_old_cadence_stays(people, opportunity):
    with clock.travel(NOON + 7 * DAY):
        result = record(opportunity, people.owner, level="C")

    opportunity.refresh_from_db()
    assert (result.level, opportunity.level, opportunity.requested_level) == ("requested", "B", "C")
    assert result.next_up.due_on == date(2026, 12, 1)


def test_an_unknown_level_is_refused(people, opportunity):
    before = list(FollowUp.objects.order_by("pk").values())

    with pytest.raises(DomainError) as refused:
        record(opportunity, people.owner, level="X")

    assert refused.value.field == "level"
    assert nothing_stored(opportunity, before)


def test_an_early_talk_leaves_what_is_planned_for_later(people, opportunity):
    result = record(opportunity, people.owner, level="B")

    assert (result.completed, result.level) == ((), "same")
    assert result.next_up == callbacks(opportunity)[RuleCode.FIRST_CALLBACK]


def test_an_early_talk_completes_the_callback_it_was_opened_from(people, opportunity):
    first = callbacks(opportunity)[RuleCode.FIRST_CALLBACK]

    assert record(opportunity, people.owner, task=first).completed == (first.pk,)


@pytest.mark.req("R-077", "D-01")
def test_a_talk_does_not_replace_the_message_of_the_day(people, opportunity):
    message = callbacks(opportunity)[RuleCode.SAME_DAY_SMS]

    record(opportunity, people.owner, task=message)

    message.refresh_from_db()
    assert message.state == FollowUpState.PENDING


def test_a_talk_on_a_later_day_ends_an_old_message_and_keeps_its_miss(people, opportunity):
    with clock.travel(NOON + DAY):
        record(opportunity, people.owner)

    message = callbacks(opportunity)[RuleCode.SAME_DAY_SMS]
    assert (message.state, message.cancel_reason) == ("cancelled", CancelReason.SUPERSEDED)
    assert message.missed_at == clock.end_of_day(NOON.date())
    assert JourneyEvent.objects.filter(kind=EventKind.FOLLOW_UP_MISSED).count() == 1


def test_an_agreed_time_moves_the_earliest_promise(people, opportunity):
    agreed = NOON + 3 * DAY

    result = record(opportunity, people.owner, next_at=agreed)

    row = callbacks(opportunity)[RuleCode.FIRST_CALLBACK]
    assert (result.next_up, row.due_at, row.generation) == (row, agreed, 2)
    assert row.deadline_at == clock.end_of_day(agreed.date())
    assert row.moved_times == 0


def test_the_next_is_the_earliest_even_when_a_later_time_was_agreed(people, opportunity):
    result = record(opportunity, people.owner, next_at=NOON + 10 * DAY)

    assert result.next_up.rule_code == RuleCode.SECOND_CALLBACK


def test_the_time_that_the_sheet_proposed_moves_nothing(people, opportunity):
    first = callbacks(opportunity)[RuleCode.FIRST_CALLBACK]

    record(opportunity, people.owner, next_at=NOON + 4 * DAY, is_proposed=True)

    assert callbacks(opportunity)[RuleCode.FIRST_CALLBACK].due_at == first.due_at


@pytest.mark.parametrize(("is_proposed", "code", "late_after"), [(True, "cadence", 10), (False, "manual", 8)])
def test_with_nothing_left_the_chosen_time_becomes_the_next_callback(
    people, opportunity, is_proposed, code, late_after
):
    with clock.travel(NOON + 7 * DAY):
        chosen = clock.now() + 8 * DAY
        result = record(opportunity, people.owner, next_at=chosen, is_proposed=is_proposed, sentence="下周再聊")

    row = result.next_up
    assert (row.rule_code, row.due_at, row.note) == (code, chosen, "下周再聊")
    assert row.deadline_at == clock.end_of_day(date(2026, 11, 24) + late_after * DAY)


def test_an_agreed_visit_is_planned_as_a_visit(people, opportunity):
    with clock.travel(NOON + 7 * DAY):
        result = record(opportunity, people.owner, ContactOutcome.INVITED, next_at=clock.now() + DAY)

    assert (result.next_up.channel, result.next_up.rule_code) == ("visit", RuleCode.MANUAL)


@pytest.mark.parametrize("outcome", [ContactOutcome.INVITED, ContactOutcome.INCONVENIENT])
def test_an_agreement_needs_its_time(people, opportunity, outcome):
    before = list(FollowUp.objects.order_by("pk").values())

    with pytest.raises(DomainError) as refused:
        record(opportunity, people.owner, outcome)

    assert refused.value.field == "next_at"
    assert nothing_stored(opportunity, before)


@pytest.mark.parametrize(
    ("next_at", "error"),
    [
        (NOON, DomainError),
        (NOON - timedelta(seconds=1), DomainError),
        (NOON + 60 * DAY, None),
        (NOON + 60 * DAY + timedelta(seconds=1), LimitReached),
    ],
)
def test_the_next_time_lies_ahead_and_within_sixty_days(people, opportunity, next_at, error):
    before = list(FollowUp.objects.order_by("pk").values())
    if error is None:
        record(opportunity, people.owner, next_at=next_at)
        return

    with pytest.raises(error) as refused:
        record(opportunity, people.owner, next_at=next_at)

    assert refused.value.field == "next_at"
    assert nothing_stored(opportunity, before)


def test_without_a_cadence_rule_a_time_must_be_chosen(people, opportunity):
    bend(FollowUpRule.objects.filter(code=RuleCode.CADENCE), is_active=False)
    with clock.travel(NOON + 7 * DAY), pytest.raises(DomainError) as refused:
        record(opportunity, people.owner)

    assert refused.value.field == "next_at"
    assert not Contact.objects.exists()


# ---- nobody answered --------------------------------------------------------------------------------------------


def test_no_answer_before_the_day_plans_another_call(people, opportunity):
    result = record(opportunity, people.owner, ContactOutcome.NO_ANSWER)

    assert (result.completed, result.contact.is_effective) == ((), False)
    assert (result.next_up.rule_code, result.next_up.due_at) == (RuleCode.RETRY, NOON + timedelta(hours=2))
    opportunity.refresh_from_db()
    assert opportunity.last_contact_at is None  # keeps no ownership (D-02)
    assert opportunity.next_action_label == RuleCode.RETRY


def test_no_answer_on_the_day_brings_the_same_callback_back(people, opportunity):
    first = callbacks(opportunity)[RuleCode.FIRST_CALLBACK]
    with clock.travel(NOON + 2 * DAY):
        result = record(opportunity, people.owner, ContactOutcome.NO_ANSWER)

    row = callbacks(opportunity)[RuleCode.FIRST_CALLBACK]
    assert result.next_up == row
    assert (row.due_at, row.deadline_at) == (NOON + 2 * DAY + timedelta(hours=2), first.deadline_at)
    assert not FollowUp.objects.filter(rule_code=RuleCode.RETRY).exists()


def test_no_answer_may_say_when_to_try_again(people, opportunity):
    result = record(opportunity, people.owner, ContactOutcome.INCONVENIENT, next_at=NOON + 3 * DAY)

    row = callbacks(opportunity)[RuleCode.FIRST_CALLBACK]
    assert (result.next_up, row.due_at) == (row, NOON + 3 * DAY)


def test_without_a_retry_rule_the_policy_says_when(people, opportunity):
    bend(FollowUpRule.objects.filter(code=RuleCode.RETRY), is_active=False)

    result = record(opportunity, people.owner, ContactOutcome.NO_ANSWER)

    assert (result.next_up.due_at, result.next_up.rule) == (NOON + timedelta(hours=2), None)


def test_an_attempt_after_the_deadline_does_not_undo_the_miss(people, opportunity):
    with clock.travel(NOON + 4 * DAY):  # the sweep has not run yet
        record(opportunity, people.owner, ContactOutcome.NO_ANSWER)

    row = callbacks(opportunity)[RuleCode.FIRST_CALLBACK]
    assert (row.missed_at, row.state) == (clock.end_of_day(date(2026, 11, 20)), "pending")
    assert row.deadline_at == clock.end_of_day(date(2026, 11, 21))
    missed = JourneyEvent.objects.filter(kind=EventKind.FOLLOW_UP_MISSED, data__code="first_callback")
    assert missed.count() == 1


def test_a_wrong_number_is_proposed_for_closing(people, opportunity):
    record(opportunity, people.owner, ContactOutcome.WRONG_NUMBER)

    opportunity.refresh_from_db()
    assert (opportunity.close_requested, opportunity.close_reason) == ("void", "wrong_number")
    assert opportunity.is_open


@pytest.mark.req("R-072")
def test_bought_elsewhere_is_proposed_as_lost_once(people, opportunity):
    for _time in range(2):
        record(opportunity, people.owner, ContactOutcome.BOUGHT_ELSEWHERE, sentence="买了别的品牌")

    opportunity.refresh_from_db()
    assert (opportunity.close_requested, opportunity.close_note) == ("lost", "买了别的品牌")
    assert Notification.objects.filter(kind=NoticeKind.CLOSE_REQUESTED).count() == 1
    assert FollowUp.objects.pending().filter(opportunity=opportunity).exists()


# ---- lateness ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "is_late"),
    [("2026-11-20 23:59:59", False), ("2026-11-20 23:59:59.999", False), ("2026-11-21 00:00:00", True)],
)
def test_a_callback_is_late_from_the_first_second_of_the_next_day(people, opportunity, moment, is_late):
    first = callbacks(opportunity)[RuleCode.FIRST_CALLBACK]
    with clock.travel(datetime.fromisoformat(moment)):
        record(opportunity, people.owner)

    first.refresh_from_db()
    assert (first.is_late, first.missed_at is not None) == (is_late, is_late)


def test_a_miss_that_the_sweep_noted_is_not_noted_twice(people, opportunity):
    with clock.travel(NOON + 4 * DAY):
        sweep()
        record(opportunity, people.owner)

    codes = JourneyEvent.objects.filter(kind=EventKind.FOLLOW_UP_MISSED).values_list("data__code", flat=True)
    assert sorted(codes) == ["first_callback", "same_day_sms"]
    assert callbacks(opportunity)[RuleCode.FIRST_CALLBACK].is_late


# ---- who, and how often -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["owner", "dcc", "supervisor", "manager", "general_manager"])
def test_owner_registrar_and_leaders_record(people, opportunity, who):
    assert record(opportunity, getattr(people, who)).contact.by == getattr(people, who)


@pytest.mark.parametrize("who", ["colleague", "rival", "receptionist", "finance", "administrator", "stranger"])
def test_nobody_else_records(people, opportunity, who):
    before = list(FollowUp.objects.order_by("pk").values())

    with pytest.raises(PermissionDenied):
        record(opportunity, getattr(people, who))

    assert nothing_stored(opportunity, before)


def test_a_stand_in_records_while_the_owner_is_away(people, opportunity):
    leave = LeaveFactory(user=people.owner, stand_in=people.rival)
    assert record(opportunity, people.rival).contact.by == people.rival

    leave.delete()
    with pytest.raises(PermissionDenied):
        record(opportunity, people.rival)


def test_somebody_who_may_only_look_does_not_record(people, opportunity):
    reader = UserFactory(store=people.store, roles=["finance"], scope_override="store")

    with pytest.raises(PermissionDenied):
        record(opportunity, reader)


def test_somebody_who_left_does_not_record(people, opportunity):
    people.owner.is_active = False
    people.owner.save()

    with pytest.raises(PermissionDenied):
        record(opportunity, people.owner)


def test_nothing_is_recorded_on_a_closed_opportunity(people, opportunity):
    record(opportunity, people.owner, ContactOutcome.BOUGHT_ELSEWHERE)
    decide(opportunity, CLOSE, people.supervisor)

    with pytest.raises(DomainError) as refused:
        record(opportunity, people.owner)

    assert refused.value.code == "closed"
    assert Contact.objects.count() == 1


def test_the_same_key_again_changes_nothing(people, opportunity):
    first = record(opportunity, people.owner, key="k1", sentence="谈价")
    before = list(FollowUp.objects.order_by("pk").values())

    again = record(opportunity, people.owner, key="k1", sentence="谈价")

    assert (again.contact, again.is_repeat, again.next_up) == (
        first.contact,
        True,
        callbacks(opportunity)["same_day_sms"],
    )
    assert Contact.objects.count() == 1
    assert list(FollowUp.objects.order_by("pk").values()) == before


def test_a_key_of_sixty_characters_and_more_counts_once(people, opportunity):
    keys = ["k" * 60, "k" * 61]

    assert [record(opportunity, people.owner, key=key).is_repeat for key in keys] == [False, True]


def test_a_key_of_another_customer_or_person_tells_nothing(people, opportunity):
    record(opportunity, people.owner, key="k1", sentence="秘密")
    other = open_one(people)

    for where, who in ((other, people.owner), (opportunity, people.supervisor)):
        with pytest.raises(DomainError) as refused:
            record(where, who, key="k1")
        assert refused.value.code == "no_key"

    assert Contact.objects.count() == 1


def test_without_a_key_nothing_is_stored(people, opportunity):
    with pytest.raises(DomainError) as refused:
        contact_record(
            opportunity_id=opportunity.pk, entry=Entry("phone", "talked"), by=people.owner, idempotency_key=""
        )

    assert refused.value.code == "no_key"


def test_a_novel_is_refused_with_its_field(people, opportunity):
    with pytest.raises(ValidationError) as refused:
        record(opportunity, people.owner, sentence="长" * 2001)

    assert set(refused.value.message_dict) == {"sentence"}
    assert not Contact.objects.exists()


def test_the_sentence_is_made_harmless(people, opportunity):
    result = record(opportunity, people.owner, sentence="  好\u200b的\x00  \r\n 👍🏽  <b>")

    assert result.contact.sentence == "好的 👍🏽 <b>"


# ---- bursts -----------------------------------------------------------------------------------------------------


def test_the_third_identical_entry_within_ten_minutes_is_flagged_and_told_once(people, noon):
    flags = []
    for minute in range(4):
        with clock.travel(NOON + timedelta(minutes=minute)):
            flags.append(record(open_one(people), people.owner, sentence="已联系").contact.is_suspicious)

    assert flags == [False, False, True, True]
    told = Notification.objects.filter(kind=NoticeKind.SUSPICIOUS_ENTRIES)
    assert [notice.recipient for notice in told] == [people.supervisor]


@pytest.mark.parametrize(
    ("minutes", "outcome", "sentences"),
    [
        ((0, 6, 11), "talked", ("同样", "同样", "同样")),
        ((0, 1, 2), "talked", ("一", "二", "三")),
        ((0, 1, 2), "no_answer", ("", "", "")),
    ],
)
def test_slow_different_or_empty_attempts_are_no_burst(people, noon, minutes, outcome, sentences):
    for minute, sentence in zip(minutes, sentences, strict=True):
        with clock.travel(NOON + timedelta(minutes=minute)):
            record(open_one(people), people.owner, outcome, sentence=sentence)

    assert not Contact.objects.filter(is_suspicious=True).exists()


# ---- messages ---------------------------------------------------------------------------------------------------


def send(opportunity, by, **changes):
    values = {"body": "王先生您好", "is_by_system": True, "idempotency_key": "m1", "follow_up_id": None} | changes
    return message_send(opportunity_id=opportunity.pk, by=by, **values)


@pytest.mark.req("R-077")
def test_a_message_goes_through_the_outbox_and_completes_the_promise(people, opportunity):
    result = send(opportunity, people.owner)

    assert callbacks(opportunity)[RuleCode.SAME_DAY_SMS].state == FollowUpState.DONE
    message = OutboundMessage.objects.get()
    assert (message.body, message.address) == ("王先生您好", opportunity.customer.phones.get().number)
    assert message.addressee == f"customers.Customer:{opportunity.customer_id}"
    assert (message.template, message.template_values) == ("", None), "written by hand"
    assert message.subject == f"followups.Contact:{result.contact.pk}"
    assert not result.contact.is_effective
    opportunity.refresh_from_db()
    assert opportunity.last_contact_at is None


@pytest.mark.parametrize(("purpose", "counts_as"), [("marketing", "marketing"), ("internal", "service")])
def test_a_text_that_was_left_as_proposed_goes_as_the_providers_template(people, opportunity, purpose, counts_as):
    MessageTemplate.objects.update(purpose=purpose)
    choice = message_choices(opportunity=opportunity, by=people.owner)[0]

    send(opportunity, people.owner, body=choice.text)

    message = OutboundMessage.objects.get()
    assert (message.template, message.body, message.purpose) == (choice.template.code, choice.text, counts_as)
    assert message.template_values["consultant"] == "林悦"


def test_a_message_from_the_own_phone_is_only_noted(people, opportunity):
    result = send(opportunity, people.owner, is_by_system=False)

    assert result.contact.evidence["via"] == "own_phone"
    assert not OutboundMessage.objects.exists()


def test_the_same_message_twice_is_sent_once(people, opportunity):
    assert [send(opportunity, people.owner).is_repeat for _time in range(2)] == [False, True]

    assert OutboundMessage.objects.count() == 1


@pytest.mark.req("R-070", "D-01")
@pytest.mark.parametrize(("channel", "state"), [("phone", "pending"), ("wechat", "done")])
def test_a_message_does_not_stand_for_a_promised_talk(people, opportunity, channel, state):
    first = callbacks(opportunity)[RuleCode.FIRST_CALLBACK]
    FollowUp.objects.filter(pk=first.pk).update(channel=channel)

    send(opportunity, people.owner, is_by_system=False, follow_up_id=first.pk)

    first.refresh_from_db()
    assert first.state == state


def test_a_message_with_nothing_planned_still_leaves_a_next_callback(people, noon):
    opportunity = open_one(people)
    with clock.travel(NOON + 7 * DAY):
        record(opportunity, people.owner)
        FollowUp.objects.pending().update(rule_code=RuleCode.SAME_DAY_SMS, occurrence=9)
        result = send(opportunity, people.owner, is_by_system=False)

    assert (len(result.completed), result.next_up.rule_code) == (1, RuleCode.CADENCE)


@pytest.mark.parametrize("body", ["", "  \u200b"])
def test_an_empty_message_is_refused(people, opportunity, body):
    with pytest.raises(DomainError) as refused:
        send(opportunity, people.owner, body=body)

    assert refused.value.field == "body"


def test_who_does_not_want_to_be_contacted_gets_no_message(people, opportunity):
    opportunity.customer.is_do_not_contact = True
    opportunity.customer.save()

    with pytest.raises(DomainError):
        send(opportunity, people.owner)

    assert not Contact.objects.exists()
    assert not OutboundMessage.objects.exists()


def test_a_landline_gets_no_message_and_nothing_is_stored(people, noon):
    customer = CustomerFactory(store=people.store)
    customer.phones.update(kind="LANDLINE")
    opportunity = OpportunityFactory(customer=customer, owner=people.owner)

    with pytest.raises(DomainError):
        send(opportunity, people.owner)

    assert not Contact.objects.exists()


def test_the_writer_hears_once_that_a_message_was_not_sent(people, opportunity):
    contact = send(opportunity, people.owner).contact

    assert [message_failed_tell(contact_id=contact.pk) for _time in range(2)] == [True, False]
    assert message_failed_tell(contact_id=0) is False

    notice = Notification.objects.get(kind=NoticeKind.MESSAGE_FAILED)
    assert (notice.recipient, notice.data["customer"]) == (people.owner, opportunity.customer.name)


def test_the_level_moves_planned_callbacks_and_the_answer_shows_it(people, noon):
    opportunity = open_one(people)
    with clock.travel(NOON + 7 * DAY):
        record(opportunity, people.owner)
    with clock.travel(NOON + 8 * DAY):
        result = record(opportunity, people.owner, level="H")

    assert result.next_up.due_on == date(2026, 11, 27)
    assert Opportunity.objects.get(pk=opportunity.pk).next_action_at == result.next_up.due_at
    assert level_set(opportunity_id=opportunity.pk, level="H", by=people.owner) == "same"


@pytest.mark.parametrize(("subject", "is_told"), [("followups.Contact:%s", True), ("somewhere.Else:%s", False)])
def test_a_message_that_the_gateway_refused_for_good_is_told(people, opportunity, subject, is_told):
    contact = send(opportunity, people.owner).contact
    with transaction.atomic():
        events.emit(MessageNotSent(message_id=1, subject=subject % contact.pk, state="failed"))

    assert Notification.objects.filter(kind=NoticeKind.MESSAGE_FAILED).exists() is is_told
