"""What the sheets accept, and what an untouched proposal means."""

from datetime import date, time, timedelta

import pytest
from django.utils import translation

from core import clock
from core.text import sms_parts
from followups.enums import RuleCode
from followups.forms import ContactForm, MessageForm, RescheduleForm, save_words
from followups.models import FollowUpRule
from followups.selectors import salutation
from followups.services.proposals import quick_picks, rule_words
from followups.templatetags.callbacks import day_word
from tests.conftest import NOON
from tests.factories import CustomerFactory, StoreFactory

PROPOSED = "2026-11-24T10:00"
TOMORROW_AND_MONDAY = [("Tomorrow", "11-18 10:00"), ("Monday", "11-23 10:00")]


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def contact(**fields: object) -> ContactForm:
    return ContactForm(
        {"channel": "phone", "outcome": "talked", "next_at": PROPOSED, "proposed_at": PROPOSED, "key": "k"} | fields
    )


def test_contact_form_takes_an_untouched_proposal_as_such():
    form = contact()

    assert form.is_valid()
    entry = form.entry(evidence={})
    assert (entry.next_at, entry.is_proposed) == (clock.at_time(date(2026, 11, 24), time(10)), True)


def test_contact_form_takes_a_changed_time_as_agreed():
    form = contact(next_at="2026-11-25T16:30")

    assert form.is_valid()
    entry = form.entry(evidence={})
    assert (f"{entry.next_at:%m-%d %H:%M}", entry.is_proposed) == ("11-25 16:30", False)


@pytest.mark.parametrize("outcome", ["no_answer", "wrong_number"])
def test_contact_form_leaves_the_retry_to_the_rule(outcome):
    form = contact(outcome=outcome)

    assert form.is_valid()
    assert form.entry(evidence={}).next_at is None


@pytest.mark.parametrize("outcome", ["invited", "inconvenient"])
@pytest.mark.parametrize("next_at", ["", PROPOSED])
def test_contact_form_asks_for_the_time_that_was_agreed(outcome, next_at):
    form = contact(outcome=outcome, next_at=next_at)

    assert form.errors == {"next_at": ["Choose the time you agreed on."]}


def test_contact_form_says_what_is_missing():
    assert ContactForm({}).errors == {"channel": ["This field is required."], "outcome": ["Choose how it went."]}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"outcome": "sent"}, "outcome"),
        ({"outcome": "nonsense"}, "outcome"),
        ({"channel": "pigeon"}, "channel"),
        ({"level": "Z"}, "level"),
        ({"tags": ["nonsense"]}, "tags"),
        ({"next_at": "tomorrow"}, "next_at"),
        ({"next_at": "0000-00-00T00:00"}, "next_at"),
        ({"sentence": "长" * 2001}, "sentence"),
    ],
)
def test_contact_form_refuses_what_it_does_not_know(fields, field):
    assert list(contact(**fields).errors) == [field]


def test_contact_form_skip_drops_sentence_and_phrases():
    form = contact(sentence="想试驾", tags=["discount"], skip="on")

    assert form.is_valid()
    entry = form.entry(evidence={})
    assert (entry.sentence, entry.tags) == ("", ())


def test_contact_form_stores_phrases_as_words():
    form = contact(tags=["stock", "trade_in"])

    assert form.is_valid()
    assert form.entry(evidence={}).tags == ("Trade-in price", "Waits for stock")


@pytest.mark.parametrize(
    ("body", "errors"), [("", ["Write the message first."]), (" \n ", ["Write the message first."]), ("您好", [])]
)
def test_message_form_wants_a_text(body, errors):
    form = MessageForm({"body": body, "how": "system", "key": "k"})

    assert form.errors.get("body", []) == errors


def test_message_form_counts_characters():
    form = MessageForm({"body": "好" * 501, "how": "system"})

    assert form.errors["body"] == ["This note has 501 characters; at most 500 fit. Please shorten it."]


def test_reschedule_form_takes_a_proposed_moment():
    form = RescheduleForm({"pick": PROPOSED, "due_at": "2026-12-01T10:00", "reason_kind": "busy", "reason": "  展厅 "})

    assert form.is_valid()
    assert f"{form.cleaned_data['due_at']:%m-%d %H:%M}" == "11-24 10:00"
    assert form.reason_text == "Customers in the showroom · 展厅"


def test_reschedule_form_takes_another_time():
    form = RescheduleForm({"pick": "own", "due_at": "2026-12-01T10:00", "reason": "出差"})

    assert form.is_valid()
    assert (f"{form.cleaned_data['due_at']:%m-%d %H:%M}", form.reason_text) == ("12-01 10:00", "出差")


@pytest.mark.parametrize("data", [{}, {"pick": "own"}, {"pick": "nonsense"}, {"pick": "own", "reason": " "}])
def test_reschedule_form_asks_for_time_and_reason(data):
    assert RescheduleForm(data).errors == {"due_at": ["Choose a time."], "reason": ["Say why it is moved."]}


@pytest.mark.parametrize(
    ("text", "parts"),
    [("", 1), ("好" * 70, 1), ("好" * 71, 2), ("好" * 134, 2), ("好" * 135, 3), ("😀" * 35, 1), ("😀" * 36, 2)],
)
def test_sms_parts_follow_the_network(text, parts):
    assert sms_parts(text) == parts


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": "王建国", "gender": "male"}, "王先生"),
        ({"name": "欧阳娜娜", "gender": "female"}, "欧阳女士"),
        ({"name": "王建国", "gender": ""}, "王建国"),
        ({"name": "王先生", "gender": "male"}, "王先生"),
        ({"name": "John", "gender": "male"}, "John"),
        ({"name": "滨江物流", "kind": "organisation", "contact_person": "李雪梅", "gender": "female"}, "李女士"),
    ],
)
def test_salutation_is_how_one_writes_to_a_customer(fields, expected):
    assert salutation(CustomerFactory(**fields)) == expected


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(hours=2, minutes=30), "today 14:30"),
        (timedelta(days=1), "tomorrow"),
        (timedelta(days=6), "on Mon"),
        (timedelta(days=7), "on Tue 24 Nov"),
    ],
)
def test_day_word_is_as_short_as_possible(noon, ahead, words):
    assert day_word(NOON + ahead) == words
    assert save_words("Save, call again {day}", NOON + ahead) == f"Save, call again {words}"


def test_save_words_without_a_day():
    assert (day_word(None), save_words("Save, visit {day}", None), save_words("Save", NOON)) == ("", "Save", "Save")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"code": RuleCode.CADENCE, "level": "H", "due_after": 2}, "Level H: every 1–2 days"),
        ({"code": RuleCode.CADENCE, "level": "B", "due_after": 7}, "Level B: every 7 days"),
        ({"code": RuleCode.CADENCE, "due_after": 7}, "Every 7 days"),
        (
            {"code": RuleCode.FIRST_CALLBACK, "due_after": 2, "overdue_after": 3},
            "New customer: first callback on day 2–3",
        ),
        ({"code": RuleCode.SECOND_CALLBACK, "due_after": 7}, "Within 7 days"),
        ({"code": RuleCode.SAME_DAY_SMS, "due_rule": "same_day"}, "On the day itself"),
        ({"code": RuleCode.RETRY, "due_rule": "hours", "due_after": 2}, "Call again in 2 hours"),
    ],
)
def test_rule_words_are_computed_from_the_rule(fields, words):
    assert rule_words(FollowUpRule(**fields)) == words


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("now", "picks"),
    [
        (NOON, [("This afternoon", "11-17 15:00"), *TOMORROW_AND_MONDAY]),
        (NOON.replace(hour=16), [("This evening", "11-17 18:30"), *TOMORROW_AND_MONDAY]),
        (NOON.replace(hour=21), TOMORROW_AND_MONDAY),
        (NOON.replace(day=22, hour=21), [("Tomorrow", "11-23 10:00"), ("In two days", "11-24 10:00")]),
    ],
)
def test_quick_picks_lie_ahead_and_within_contact_hours(now, picks):
    assert [(words, f"{moment:%m-%d %H:%M}") for words, moment in quick_picks(store=StoreFactory(), now=now)] == picks
