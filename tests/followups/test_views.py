"""The sheets as a browser sees them: page and fragment, what a save answers, and that a refusal changes nothing."""

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils import timezone

from core import clock
from followups.enums import CancelReason, ContactOutcome, FollowUpState, RuleCode
from followups.models import Contact, ContactCorrection, FollowUp, FollowUpRule
from notifications.models import OutboundMessage
from opportunities.models import Opportunity
from opportunities.stages import Outcome
from staff.models import User
from tests.conftest import NOON
from tests.factories import FollowUpFactory, OpportunityFactory, TrimFactory
from tests.rules import bend

HTMX = {"HX-Request": "true"}
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def sales(people, client):
    """A customer of 林悦 with a callback due in an hour; she is signed in and reads English."""
    User.objects.update(language="en")
    opportunity = OpportunityFactory(owner=people.owner, store=people.store, customer__store=people.store)
    client.force_login(people.owner)
    callback = opportunity.follow_ups.get()
    return SimpleNamespace(client=client, opportunity=opportunity, callback=callback, **vars(people))


def log_url(opportunity: Opportunity, task: FollowUp | None = None) -> str:
    url = reverse("followups:contact-log", args=[opportunity.pk])
    return f"{url}?task={task.pk}" if task else url


def message_url(opportunity: Opportunity) -> str:
    return reverse("followups:message-send", args=[opportunity.pk])


def move_url(callback: FollowUp) -> str:
    return reverse("followups:followup-reschedule", args=[callback.pk])


def taps(**fields: object) -> dict[str, object]:
    """What the browser sends after three taps: nothing was typed, the proposal is as it was."""
    proposed = "2026-11-24T10:00"
    return {
        "channel": "phone",
        "outcome": "talked",
        "sentence": "",
        "next_at": proposed,
        "proposed_at": proposed,
        "level": "B",
        "key": "key-1",
    } | fields


def triggers(response) -> dict[str, object]:
    return json.loads(response["HX-Trigger"])


# ---- record a contact --------------------------------------------------------------------------------------


def test_contact_log_is_a_page_and_a_fragment(sales):
    page = sales.client.get(log_url(sales.opportunity, sales.callback))
    fragment = sales.client.get(log_url(sales.opportunity, sales.callback), headers=HTMX)

    assert (page.status_code, fragment.status_code) == (200, 200)
    assert "<html" in page.text
    assert "<html" not in fragment.text
    for text in (page.text, fragment.text):
        assert "王建国" in text
        assert "First callback" in text
        assert "Save, call again on Tue" in text


def test_contact_log_proposes_the_cadence_with_its_reason(sales):
    text = sales.client.get(log_url(sales.opportunity), headers=HTMX).text

    assert "Level B: every 7 days" in text
    assert 'value="2026-11-24T10:00"' in text


def test_contact_log_keeps_what_is_planned_for_later(sales):
    FollowUpFactory(opportunity=sales.opportunity, rule_code=RuleCode.SECOND_CALLBACK, due_at=NOON + timedelta(days=5))

    text = sales.client.get(log_url(sales.opportunity, sales.callback), headers=HTMX).text

    assert 'value="2026-11-22T12:00"' in text


def test_contact_log_boosted_gets_the_whole_page(sales):
    assert "<html" in sales.client.get(log_url(sales.opportunity), headers={**HTMX, "HX-Boosted": "true"}).text


@pytest.mark.req("R-071", "R-082")
def test_contact_log_saves_three_taps_and_plans_the_next(sales):
    response = sales.client.post(log_url(sales.opportunity, sales.callback), taps(), headers=HTMX)

    contact = Contact.objects.get()
    assert response.status_code == 204
    sales.callback.refresh_from_db()
    assert (sales.callback.state, sales.callback.contact) == (FollowUpState.DONE, contact)
    planned = FollowUp.objects.pending().get()
    assert (planned.rule_code, timezone.localtime(planned.due_at)) == (RuleCode.CADENCE, NOON.replace(day=24, hour=10))
    assert clock.local_date(planned.deadline_at).day == 27  # the rule's own limit, not the proposed day
    assert triggers(response) == {
        "toast": {
            "level": "success",
            "title": "Contact recorded",
            "text": "Next Tue 24 Nov 10:00",
            "undo_url": reverse("followups:contact-undo", args=[contact.pk]),
        },
        "callback:changed": {"opportunity": sales.opportunity.pk},
        "sheet:close": {},
    }


def test_contact_log_without_htmx_leads_to_the_customer(sales):
    response = sales.client.post(log_url(sales.opportunity), taps(sentence="想试驾", tags=["discount"]))

    assert response.status_code == 302
    assert response.url == reverse("workbench:opportunity-detail", args=[sales.opportunity.pk])
    contact = Contact.objects.get()
    assert (contact.sentence, contact.tags, contact.by) == ("想试驾", ["Discount"], sales.owner)


def test_contact_log_keeps_evidence_of_page_and_device(sales):
    headers = {**HTMX, "HX-Current-URL": "http://testserver/today/?x=1", "User-Agent": "Tablet " + "x" * 300}

    sales.client.post(log_url(sales.opportunity), taps(), headers=headers)

    evidence = Contact.objects.get().evidence
    assert evidence["page"] == "/today/"
    assert (evidence["device"][:7], len(evidence["device"])) == ("Tablet ", 200)


def test_contact_log_agreed_time_moves_the_next(sales):
    sales.client.post(log_url(sales.opportunity), taps(outcome="invited", next_at="2026-11-21T15:30"), headers=HTMX)

    planned = FollowUp.objects.pending().get()
    assert (planned.rule_code, planned.channel) == (RuleCode.MANUAL, "visit")
    assert timezone.localtime(planned.due_at) == NOON.replace(day=21, hour=15, minute=30)


def test_contact_log_no_answer_calls_again_by_the_rule(sales):
    sales.client.post(log_url(sales.opportunity), taps(outcome="no_answer"), headers=HTMX)

    sales.callback.refresh_from_db()
    assert (sales.callback.state, timezone.localtime(sales.callback.due_at)) == ("pending", NOON + timedelta(hours=2))


def test_contact_log_lower_level_waits_for_the_supervisor(sales):
    response = sales.client.post(log_url(sales.opportunity), taps(level="C"), headers=HTMX)

    sales.opportunity.refresh_from_db()
    assert (sales.opportunity.level, sales.opportunity.requested_level) == ("B", "C")
    assert "waits for the supervisor" in triggers(response)["toast"]["text"]


@pytest.mark.parametrize(
    ("outcome", "proposed", "words"),
    [("bought_elsewhere", Outcome.LOST, "Proposed as lost"), ("wrong_number", Outcome.VOID, "Proposed as void")],
)
def test_contact_log_that_ends_the_case_proposes_it_and_says_so(sales, outcome, proposed, words):
    response = sales.client.post(log_url(sales.opportunity), taps(outcome=outcome), headers=HTMX)

    sales.opportunity.refresh_from_db()
    assert (sales.opportunity.close_requested, sales.opportunity.outcome) == (proposed, Outcome.OPEN)
    assert words in triggers(response)["toast"]["text"]


@pytest.mark.parametrize("headers", [HTMX, {}])
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"outcome": ""}, "Choose how it went."),
        ({"outcome": "invited"}, "Choose the time you agreed on."),
        ({"next_at": "2026-11-17T11:59"}, "Choose a time in the future."),
        ({"next_at": "2027-11-17T11:59"}, "At most 60 days ahead."),
        ({"next_at": "later"}, "Enter a valid date/time."),
        ({"sentence": "长" * 2001}, "This note has 2,001 characters"),
        ({"key": ""}, "The page is out of date; open it again."),
    ],
)
def test_contact_log_refused_shows_why_and_changes_nothing(sales, headers, fields, message):
    response = sales.client.post(log_url(sales.opportunity), taps(**fields), headers=headers)

    assert response.status_code == 422
    assert message in response.text
    assert ("<html" in response.text) == (not headers)
    assert not Contact.objects.exists()
    sales.callback.refresh_from_db()
    assert sales.callback.state == FollowUpState.PENDING


def test_contact_log_refused_keeps_what_was_typed(sales):
    typed = taps(outcome="", channel="wechat", sentence="<b>想试驾</b>", key="k-7")

    response = sales.client.post(log_url(sales.opportunity), typed, headers=HTMX)

    assert "&lt;b&gt;想试驾&lt;/b&gt;</textarea>" in response.text
    assert 'value="k-7"' in response.text
    assert 'value="wechat" checked' in response.text


def test_contact_log_twice_counts_once(sales):
    first = sales.client.post(log_url(sales.opportunity), taps(), headers=HTMX)
    second = sales.client.post(log_url(sales.opportunity), taps(), headers=HTMX)

    assert (second.status_code, triggers(second)) == (204, triggers(first))
    assert Contact.objects.count() == 1
    assert FollowUp.objects.pending().count() == 1


def test_contact_log_closed_opportunity_says_so(sales):
    Opportunity.objects.filter(pk=sales.opportunity.pk).update(outcome=Outcome.WON, closed_at=NOON)

    response = sales.client.post(log_url(sales.opportunity), taps(), headers=HTMX)

    assert response.status_code == 422
    assert "This opportunity is closed." in response.text
    assert not Contact.objects.exists()


@pytest.mark.parametrize("who", ["stranger", "stranger_manager", "colleague", "rival", "finance", "administrator"])
def test_sheets_do_not_exist_for_others(sales, who):
    sales.client.force_login(getattr(sales, who))

    for url in (log_url(sales.opportunity), message_url(sales.opportunity), move_url(sales.callback)):
        assert sales.client.get(url).status_code == 404
        assert sales.client.post(url, taps()).status_code == 404
    assert not Contact.objects.exists()


def test_sheets_are_for_those_who_work_with_the_customer(sales):
    """A consultant who was given sight of the whole store reads, but has no sheet."""
    sales.colleague.scope_override = "store"
    sales.colleague.save()
    sales.client.force_login(sales.colleague)

    for url in (log_url(sales.opportunity), message_url(sales.opportunity), move_url(sales.callback)):
        assert sales.client.get(url).status_code == 403
        assert sales.client.post(url, taps()).status_code == 403
    assert not Contact.objects.exists()


@pytest.mark.parametrize(("headers", "status"), [(HTMX, 422), ({}, 302)])
def test_sheets_without_rules_say_so(sales, headers, status):
    bend(is_active=False)

    for url in (log_url(sales.opportunity), message_url(sales.opportunity), move_url(sales.callback)):
        response = sales.client.get(url, headers=headers)
        assert response.status_code == status
        if headers:
            assert triggers(response)["toast"]["text"] == "No callback rules are in force."
            assert response["HX-Reswap"] == "none"


def test_contact_log_without_a_cadence_asks_for_the_time(sales):
    bend(FollowUpRule.objects.filter(code__in=["cadence", "retry"]), is_active=False)

    text = sales.client.get(log_url(sales.opportunity), headers=HTMX).text
    response = sales.client.post(log_url(sales.opportunity), taps(next_at="", proposed_at=""), headers=HTMX)

    assert "No rule says when to call next: choose a time." in text
    assert "Call again in 2 hours" in text
    assert response.status_code == 422


def test_contact_log_proposes_what_was_agreed_before(sales):
    FollowUpFactory(opportunity=sales.opportunity, rule_code=RuleCode.MANUAL, due_at=NOON + timedelta(days=2))

    text = sales.client.get(log_url(sales.opportunity, sales.callback), headers=HTMX).text

    assert "As planned" in text


def test_contact_log_of_a_closed_opportunity_is_marked(sales):
    Opportunity.objects.filter(pk=sales.opportunity.pk).update(outcome=Outcome.WON, closed_at=NOON)

    assert "This opportunity is closed." in sales.client.get(log_url(sales.opportunity)).text


@pytest.mark.parametrize("name", ["contact-log", "message-send", "followup-reschedule", "contact-undo"])
def test_unknown_ids_do_not_exist(sales, name):
    assert sales.client.post(reverse(f"followups:{name}", args=[987654321]), taps()).status_code == 404


@pytest.mark.parametrize("task", ["abc", "-1", "²", "9" * 30, "987654321"])
def test_contact_log_ignores_a_strange_task(sales, task):
    assert sales.client.get(f"{log_url(sales.opportunity)}?task={task}").status_code == 200
    assert sales.client.post(f"{log_url(sales.opportunity)}?task={task}", taps(), headers=HTMX).status_code == 204


def test_contact_log_expired_session_leads_to_the_login(sales):
    sales.client.logout()

    response = sales.client.post(log_url(sales.opportunity), taps(), headers=HTMX)

    assert response.status_code == 204
    assert response["HX-Redirect"].startswith(reverse("staff:login"))
    assert not Contact.objects.exists()


def test_contact_log_ten_megabytes_are_refused_next_to_the_field(sales):
    response = sales.client.post(log_url(sales.opportunity), taps(sentence="x" * 10_000_000), headers=HTMX)

    assert response.status_code == 422
    assert "id_sentence_error" in response.content.decode()
    assert not Contact.objects.exists()


@pytest.mark.parametrize("others", [0, 2])
def test_contact_log_post_uses_a_fixed_number_of_queries(sales, django_assert_num_queries, others):
    """12 statements: session, person, ten of the save; the savepoint and its release stand for BEGIN and COMMIT."""
    for number in range(others):
        FollowUpFactory(opportunity=sales.opportunity, rule_code=RuleCode.RETRY, occurrence=number + 1)
    url = log_url(sales.opportunity, sales.callback)
    sales.client.get(url, headers=HTMX)  # the session notes once a minute that the person is there

    with django_assert_num_queries(15):  # one of them: who wants to hear of the contact
        response = sales.client.post(url, taps(), headers=HTMX)

    assert response.status_code == 204


# ---- the message of the day --------------------------------------------------------------------------------


@pytest.fixture
def message(sales):
    row = FollowUpFactory(opportunity=sales.opportunity, rule_code=RuleCode.SAME_DAY_SMS, channel="sms")
    return SimpleNamespace(promise=row, **vars(sales))


def test_message_fills_in_the_placeholders(message):
    trim = TrimFactory(name="尊享")
    Opportunity.objects.filter(pk=message.opportunity.pk).update(trim=trim)

    page = message.client.get(message_url(message.opportunity))
    fragment = message.client.get(f"{message_url(message.opportunity)}?template=thanks_visit", headers=HTMX)

    assert "王先生您好，我是杭州滨江店林悦。感谢您的来电，您问的远岚 S7 尊享，我们有现车可看" in page.text
    assert "王先生您好，我是杭州滨江店林悦。感谢您今天到店看远岚 S7 尊享" in fragment.text
    assert 'After <b class="num">23:59</b> it counts as missed' in fragment.text
    assert "<html" not in fragment.text


def test_message_in_own_words_begins_empty(message):
    assert "</textarea>" in message.client.get(f"{message_url(message.opportunity)}?template=own", headers=HTMX).text
    assert 'data-body=""' in message.client.get(f"{message_url(message.opportunity)}?template=own").text


@pytest.mark.req("R-077")
def test_message_by_the_system_goes_to_the_outbox(message):
    data = {"body": "王先生您好", "how": "system", "key": "m-1"}

    response = message.client.post(message_url(message.opportunity), data, headers=HTMX)

    assert response.status_code == 204
    assert OutboundMessage.objects.get().body == "王先生您好"
    message.promise.refresh_from_db()
    assert message.promise.state == FollowUpState.DONE
    message.callback.refresh_from_db()
    assert message.callback.state == FollowUpState.PENDING
    assert "undo_url" not in triggers(response)["toast"]


def test_message_from_the_own_phone_is_noted_and_can_be_taken_back(message):
    data = {"body": "王先生您好", "how": "phone", "key": "m-1"}
    url = f"{message_url(message.opportunity)}?task={message.callback.pk}"

    response = message.client.post(url, data, headers=HTMX)

    assert not OutboundMessage.objects.exists()
    assert Contact.objects.get().outcome == ContactOutcome.SENT
    message.callback.refresh_from_db()
    assert message.callback.state == FollowUpState.PENDING  # a message is no call, whatever the address says
    assert "undo_url" in triggers(response)["toast"]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"body": "", "how": "system"}, "Write the message first."),
        ({"body": "好" * 501, "how": "system"}, "This note has 501 characters"),
        ({"body": "您好", "how": "pigeon"}, "Select a valid choice."),
    ],
)
def test_message_refused_sends_nothing(message, data, error):
    response = message.client.post(message_url(message.opportunity), data | {"key": "m-1"}, headers=HTMX)

    assert response.status_code == 422
    assert error in response.text
    assert (Contact.objects.count(), OutboundMessage.objects.count()) == (0, 0)


def test_message_without_a_mobile_number_says_so(message):
    message.opportunity.customer.phones.update(number="+8657187654321", kind="LANDLINE")

    page = message.client.get(message_url(message.opportunity))
    response = message.client.post(
        message_url(message.opportunity), {"body": "您好", "how": "system", "key": "m-1"}, headers=HTMX
    )

    assert "There is no mobile number for a message." in page.text
    assert response.status_code == 422
    assert (Contact.objects.count(), OutboundMessage.objects.count()) == (0, 0)


def test_message_to_somebody_who_wants_none_is_refused(message):
    message.opportunity.customer.is_do_not_contact = True
    message.opportunity.customer.save()

    response = message.client.post(
        message_url(message.opportunity), {"body": "您好", "how": "phone", "key": "m-1"}, headers=HTMX
    )

    assert response.status_code == 422
    assert response.text.count("The customer does not want to be contacted.") >= 2
    assert not Contact.objects.exists()


# ---- move a callback ---------------------------------------------------------------------------------------


def test_reschedule_shows_how_often_it_was_moved(sales):
    page = sales.client.get(move_url(sales.callback))
    fragment = sales.client.get(move_url(sales.callback), headers=HTMX)

    assert "Moved 0 of 2 times; until Tue 24 Nov at the latest." in page.text
    assert "Tomorrow" in fragment.text
    assert ("<html" in page.text, "<html" in fragment.text) == (True, False)


def test_reschedule_moves_the_callback(sales):
    data = {"pick": "2026-11-18T10:00", "reason_kind": "customer"}

    response = sales.client.post(move_url(sales.callback), data, headers=HTMX)

    assert response.status_code == 204
    sales.callback.refresh_from_db()
    assert (timezone.localtime(sales.callback.due_at), sales.callback.moved_times) == (NOON.replace(day=18, hour=10), 1)
    assert triggers(response)["toast"]["title"] == "Callback moved"


@pytest.mark.parametrize("headers", [HTMX, {}])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "Choose a time."),
        ({"pick": "2026-11-18T10:00"}, "Say why it is moved."),
        ({"pick": "own", "due_at": "2026-11-17T11:00", "reason": "x"}, "Choose a time in the future."),
        ({"pick": "own", "due_at": "2026-12-17T11:00", "reason": "x"}, "At the latest 7 days after the first date."),
        ({"pick": "own", "due_at": "2026-11-18T11:00", "reason": "x" * 151}, "This note has 151 characters"),
    ],
)
def test_reschedule_refused_leaves_the_callback(sales, headers, data, message):
    response = sales.client.post(move_url(sales.callback), data, headers=headers)

    assert response.status_code == 422
    assert message in response.text
    before = sales.callback.due_at
    sales.callback.refresh_from_db()
    assert (sales.callback.due_at, sales.callback.moved_times) == (before, 0)


def test_reschedule_used_up_says_what_to_do(sales):
    FollowUp.objects.update(moved_times=2)
    data = {"pick": "2026-11-18T10:00", "reason_kind": "customer"}

    page = sales.client.get(move_url(sales.callback), headers=HTMX)
    response = sales.client.post(move_url(sales.callback), data, headers=HTMX)

    assert "Moved 2 times already; call, or ask the supervisor." in page.text
    assert (response.status_code, FollowUp.objects.get().moved_times) == (422, 2)


def test_reschedule_done_callback_is_refused(sales):
    sales.client.post(log_url(sales.opportunity), taps(), headers=HTMX)

    response = sales.client.post(
        move_url(sales.callback), {"pick": "2026-11-18T10:00", "reason_kind": "busy"}, headers=HTMX
    )

    assert response.status_code == 422
    assert "This callback is done already." in response.text


# ---- take back ---------------------------------------------------------------------------------------------


def undo_url() -> str:
    return reverse("followups:contact-undo", args=[Contact.objects.get().pk])


def test_undo_restores_the_callback(sales):
    sales.client.post(log_url(sales.opportunity, sales.callback), taps(), headers=HTMX)

    response = sales.client.post(undo_url(), headers=HTMX)

    assert (response.status_code, triggers(response)["toast"]["title"]) == (204, "Taken back")
    sales.callback.refresh_from_db()
    assert sales.callback.state == FollowUpState.PENDING
    assert FollowUp.objects.filter(cancel_reason=CancelReason.CORRECTED).count() == 1


def test_undo_too_late_says_so(sales):
    sales.client.post(log_url(sales.opportunity), taps(), headers=HTMX)

    with clock.travel(NOON + timedelta(minutes=11)):
        answer = sales.client.post(undo_url(), headers=HTMX)
        page = sales.client.post(undo_url())

    assert (answer.status_code, triggers(answer)["toast"]["level"]) == (422, "error")
    assert page.status_code == 302
    assert not ContactCorrection.objects.exists()


def test_undo_of_somebody_else_does_not_exist(sales):
    sales.client.post(log_url(sales.opportunity), taps(), headers=HTMX)

    sales.client.force_login(sales.manager)

    assert sales.client.post(undo_url()).status_code == 404
    assert not ContactCorrection.objects.exists()


def test_undo_is_no_link(sales):
    sales.client.post(log_url(sales.opportunity), taps(), headers=HTMX)

    assert sales.client.get(undo_url()).status_code == 405
