"""One message at a time: tries, pauses, unknown outcomes, hours, wishes and the pace of a provider."""

import logging
from datetime import timedelta

import pytest
from django.db import connection

from core import clock
from core.models import Heartbeat
from notifications.enums import MessageState
from notifications.events import MessageNotSent
from notifications.models import ChannelPause, MessageAttempt, Notification, OutboundMessage
from notifications.providers import Answer, NotSent, Throttled, Uncertain
from notifications.services import outbox_send_next, sending
from notifications.tasks import outbox_send
from tests.conftest import NOON
from tests.factories import IntegrationFactory, OutboundMessageFactory, ProviderTemplateFactory, StoreFactory
from tests.notifications.conftest import queue, stand_in, state_of

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def log_of(message: OutboundMessage) -> list[tuple[str, str]]:
    return list(MessageAttempt.objects.filter(message=message).order_by("id").values_list("kind", "code"))


def test_a_queued_message_is_sent_once(noon, gateway, heard):
    message = queue()
    queue()

    assert [outbox_send_next(), outbox_send_next()] == [True, False]

    message.refresh_from_db()
    assert gateway.keys == [str(message.uid)]
    assert (message.state, message.attempts, message.sent_at) == (MessageState.SENT, 1, NOON)
    assert (message.provider, message.provider_key) == ("console", f"key-{str(message.uid)[:8]}")
    assert log_of(message) == [("sent", "OK")]
    assert heard == []


def test_the_address_is_encrypted_and_people_see_a_part_of_it(noon, gateway):
    message = queue()
    mail = queue("m2", channel="email", recipient="linyue@example.com")
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM notifications_outboundmessage t")
        stored = " ".join(row[0] for row in cursor.fetchall())

    assert (message.recipient, mail.recipient) == ("199****0001", "l***@example.com")
    assert message.address == "+8619900000001"
    assert "19900000001" not in stored
    assert "linyue@" not in stored


def test_a_message_waits_for_its_time(noon, gateway):
    message = OutboundMessageFactory(next_try_at=NOON + MINUTE)

    assert outbox_send_next() is False
    with clock.travel(NOON + MINUTE):
        assert outbox_send_next() is True

    assert gateway.keys == [str(message.uid)]


def test_a_refused_message_is_tried_five_times_with_growing_pauses(noon, gateway, heard):
    message = queue()
    gateway.error = NotSent("no_connection", "no route")
    now, pauses = NOON, []
    for _try in range(5):
        with clock.travel(now):
            assert [outbox_send_next(), outbox_send_next()] == [True, False]
        message.refresh_from_db()
        if message.next_try_at is not None:
            assert (message.state, message.wait_reason) == ("failed", "retry")
            pauses.append((message.next_try_at - now) // MINUTE)
            now = message.next_try_at

    assert pauses == [2, 4, 8, 16]
    assert (message.state, message.attempts, message.last_error) == ("dead", 5, "no_connection: no route")
    assert log_of(message) == [("not_sent", "no_connection")] * 5
    assert heard == [MessageNotSent(message_id=message.pk, subject="x:1", state="dead")]


def test_a_message_that_is_wrong_itself_is_not_tried_again(noon, gateway, heard):
    message = queue()
    gateway.error = NotSent("isv.MOBILE_NUMBER_ILLEGAL", is_final=True)

    assert [outbox_send_next(), outbox_send_next()] == [True, False]

    assert state_of(message)["state"] == "dead"
    assert [event.state for event in heard] == ["dead"]


def test_one_refused_message_does_not_hold_up_the_others(noon, gateway):
    first = queue("m1")
    gateway.error = NotSent("no_connection")
    outbox_send_next()
    gateway.error = None
    second = queue("m2")

    assert outbox_send_next() is True

    assert gateway.keys == [str(second.uid)]
    assert state_of(first)["state"] == MessageState.FAILED


@pytest.mark.parametrize("error", [Uncertain("no_answer", "time-out"), RuntimeError("a bug in the provider")])
def test_an_unknown_outcome_of_a_paid_message_is_never_repeated(noon, gateway, heard, error):
    message = queue()
    gateway.error = error

    assert [outbox_send_next(), outbox_send_next()] == [True, False]
    with clock.travel(NOON + 24 * HOUR):
        assert outbox_send_next() is False

    message.refresh_from_db()
    assert (message.state, message.attempts, message.sent_at) == ("uncertain", 1, None)
    assert [event.state for event in heard] == ["uncertain"]


def test_an_unknown_outcome_is_repeated_where_the_receiver_can_tell(noon, heard, monkeypatch):
    receiver = stand_in(monkeypatch, "webhook")
    integration = IntegrationFactory(webhook=True)
    message = queue(channel="webhook", recipient="erp", integration_id=integration.pk, purpose="internal")
    receiver.error = Uncertain("http_500")
    outbox_send_next()
    receiver.error = None
    with clock.travel(NOON + 2 * MINUTE):
        outbox_send_next()

    assert receiver.keys == [str(message.uid)]
    assert log_of(message) == [("uncertain", "http_500"), ("sent", "OK")]
    assert heard == []


def test_the_claim_of_a_dead_sender_becomes_uncertain_after_five_minutes(noon, gateway, heard):
    message = queue()
    sending._claim("")  # and the process is killed
    found = []
    for minutes in (5, 6):
        with clock.travel(NOON + minutes * MINUTE):
            found.append([outbox_send_next(), outbox_send_next()])

    message.refresh_from_db()
    assert found == [[False, False], [True, False]]
    assert (message.state, gateway.taken) == ("uncertain", [])
    assert [event.message_id for event in heard] == [message.pk]


def test_the_late_answer_of_a_slow_provider_is_news_until_somebody_decided(noon, gateway, heard):
    first, second = queue("m1"), queue("m2")
    claims = [sending._claim(""), sending._claim("")]
    with clock.travel(NOON + 6 * MINUTE):
        outbox_send_next()
        OutboundMessage.objects.filter(pk=second.pk).update(state="dead")
        for claim in claims:
            sending._note_sent(claim.message, Answer("late"))

    assert state_of(first)["state"] == "sent"
    assert state_of(second)["state"] == "dead"


# ---- hours, wishes and stops --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hour", "opens"), [(6, 9), (21, 33)])
def test_outside_contact_hours_a_message_waits_for_the_next_window(noon, gateway, hour, opens):
    message = queue(store_id=StoreFactory().pk)
    midnight = NOON - 12 * HOUR
    OutboundMessage.objects.update(next_try_at=midnight)
    with clock.travel(midnight + hour * HOUR):
        assert [outbox_send_next(), outbox_send_next()] == [True, False]
    waiting = state_of(message)
    with clock.travel(midnight + opens * HOUR):
        outbox_send_next()

    assert (waiting["state"], waiting["wait_reason"]) == ("queued", "contact_hours")
    assert waiting["next_try_at"] == midnight + opens * HOUR
    assert waiting["attempts"] == 0
    assert gateway.keys == [str(message.uid)]
    assert log_of(message) == [("postponed", "contact_hours"), ("sent", "OK")]


@pytest.mark.parametrize("purpose", ["internal", "legal"])
def test_staff_and_the_law_are_served_at_night(noon, gateway, purpose):
    queue(store_id=StoreFactory().pk, purpose=purpose)

    with clock.travel(NOON + 10 * HOUR):
        outbox_send_next()

    assert len(gateway.keys) == 1


@pytest.mark.parametrize(
    ("values", "why"),
    [({"purpose": "marketing"}, "nobody_asked"), ({"addressee": "somewhere.Person:1"}, "nobody_asked")],
)
def test_without_anybody_who_knows_the_wishes_nothing_goes_out(noon, gateway, heard, values, why):
    message = queue(**values)

    outbox_send_next()

    assert (state_of(message)["state"], state_of(message)["stop_reason"]) == ("cancelled", why)
    assert gateway.taken == []
    assert [event.state for event in heard] == ["cancelled"]


@pytest.mark.parametrize("is_everywhere", [True, False])
def test_a_stopped_channel_keeps_its_messages(people, noon, gateway, is_everywhere):
    store = None if is_everywhere else people.store
    pause = ChannelPause.objects.create(channel="sms", store=store, reason="complaints", paused_by=people.administrator)
    message, mail = queue(store_id=people.store.pk), queue("m2", channel="email", recipient="a@example.com")
    outbox_send(limit=10)
    waiting = state_of(message)
    pause.resumed_at = NOON
    pause.save()
    with clock.travel(NOON + 5 * MINUTE):
        outbox_send_next()

    assert (waiting["state"], waiting["wait_reason"], waiting["attempts"]) == ("queued", "channel_off", 0)
    assert gateway.keys == [str(mail.uid), str(message.uid)]


def test_without_any_way_out_a_message_waits_and_says_so(noon, gateway, settings):
    settings.OUTBOX_PROVIDER = ""
    message = queue()

    assert [outbox_send_next(), outbox_send_next()] == [True, False]

    assert (state_of(message)["state"], state_of(message)["wait_reason"]) == ("queued", "no_integration")
    assert gateway.taken == []


# ---- the way out --------------------------------------------------------------------------------------------------


def test_the_stores_own_way_comes_before_the_one_for_all(noon, gateway, monkeypatch):
    aliyun, tencent = stand_in(monkeypatch, "aliyun_sms"), stand_in(monkeypatch, "tencent_sms")
    store = StoreFactory()
    own = IntegrationFactory(store=store, parameters={"sign_name": "滨江店"}, secret="own secret")
    IntegrationFactory(provider="tencent_sms")
    ProviderTemplateFactory(integration=own, code="", provider_code="SMS_0", placeholders=["body"])
    ProviderTemplateFactory(integration=own, code="thanks", provider_code="SMS_1", placeholders=["model", "customer"])
    known = {"template": "thanks", "values": {"customer": "王先生", "model": "远行"}}
    queue("m1", store_id=store.pk, **known)
    queue("m2", store_id=store.pk)
    queue("m3", store_id=StoreFactory(code="other").pk)

    assert [outbox_send_next() for _message in range(4)] == [True, True, True, False]

    assert [(message.template, list(message.values)) for message in aliyun.taken] == [
        ("SMS_1", [("model", "远行"), ("customer", "王先生")]),
        ("SMS_0", [("body", "您好")]),
    ]
    assert (aliyun.configs[0].get("sign_name"), aliyun.configs[0].secret) == ("滨江店", "own secret")
    assert (len(tencent.taken), gateway.taken) == (1, [])


def test_a_way_that_was_switched_off_is_not_used(noon, gateway, monkeypatch):
    aliyun = stand_in(monkeypatch, "aliyun_sms")
    IntegrationFactory(is_active=False)
    queue()

    outbox_send_next()

    assert (aliyun.taken, len(gateway.taken)) == ([], 1)


def test_a_provider_that_takes_only_so_many_a_minute_gets_no_more(noon, monkeypatch):
    robot = stand_in(monkeypatch, "wecom_robot")
    integration = IntegrationFactory(robot=True, per_minute=2)
    for number in range(5):
        queue(f"m{number}", channel="wecom", recipient="group", integration_id=integration.pk)
    sent = []
    for minutes in (0, 1, 2):
        with clock.travel(NOON + minutes * MINUTE):
            outbox_send()
        sent.append(len(robot.taken))

    assert sent == [2, 4, 5]


def test_a_provider_that_asks_for_a_pause_gets_one_and_the_try_does_not_count(noon, monkeypatch, heard):
    robot = stand_in(monkeypatch, "wecom_robot")
    integration = IntegrationFactory(robot=True)
    first, second = (
        queue(key, channel="wecom", recipient="group", integration_id=integration.pk) for key in ("m1", "m2")
    )
    robot.error = Throttled("45009", retry_after_s=600)
    outbox_send()
    calls = len(robot.configs)
    robot.error = None
    with clock.travel(NOON + 9 * MINUTE):
        outbox_send()
        assert robot.taken == []
    with clock.travel(NOON + 10 * MINUTE):
        outbox_send()

    assert calls == 1, "the second message was not even tried"
    assert sorted(robot.keys) == sorted([str(first.uid), str(second.uid)])
    assert (state_of(first)["attempts"], heard) == (1, [])


def test_a_secret_that_cannot_be_opened_sends_nothing_and_is_tried_again(noon, monkeypatch, settings):
    aliyun = stand_in(monkeypatch, "aliyun_sms")
    IntegrationFactory()
    message = queue()
    settings.FIELD_KEYS = "other:dGVzdC1vbmx5LWluZGV4LWtleS0wMTIzNDU2Nzg5YWI="

    outbox_send_next()

    assert (state_of(message)["state"], aliyun.configs) == ("failed", [])
    assert log_of(message) == [("not_sent", "UnknownKeyError")]


# ---- administrators hear of it ------------------------------------------------------------------------------------


def test_administrators_are_told_once_when_a_way_fails_and_never_in_a_flood(people, noon, monkeypatch):
    aliyun = stand_in(monkeypatch, "aliyun_sms")
    integration = IntegrationFactory(store=people.store, alert_after=3)
    aliyun.error = NotSent("SignatureDoesNotMatch")
    told = []
    for number in range(6):
        queue(f"m{number}", store_id=people.store.pk)
        outbox_send_next()
        told.append(Notification.objects.count())
    integration.refresh_from_db()
    light = integration.light
    aliyun.error = None
    queue("good", store_id=people.store.pk)
    outbox_send_next()
    notice = Notification.objects.get()
    integration.refresh_from_db()

    assert told == [0, 0, 1, 1, 1, 1]
    assert (notice.recipient, notice.kind) == (people.administrator, "channel_failing")
    assert notice.done_at == NOON, "the line leaves the inbox when it works again"
    assert (light, integration.light, integration.failures) == ("bad", "ok", 0)


def test_a_wrong_number_is_not_the_fault_of_the_way(noon, monkeypatch):
    aliyun = stand_in(monkeypatch, "aliyun_sms")
    integration = IntegrationFactory()
    aliyun.error = NotSent("isv.MOBILE_NUMBER_ILLEGAL", is_final=True)
    queue()

    outbox_send_next()

    integration.refresh_from_db()
    assert (integration.failures, integration.light) == (0, "new")


# ---- the sweep ----------------------------------------------------------------------------------------------------


def test_the_task_sends_what_is_due_and_beats(noon, gateway):
    for number in range(3):
        queue(f"m{number}")

    assert [outbox_send(limit=2), outbox_send(), outbox_send()] == [2, 1, 0]

    assert Heartbeat.objects.get(name="notifications.outbox_send").detail == {"sent": 0}


def test_the_channels_take_turns(noon, gateway):
    for number in range(3):
        queue(f"s{number}")
        queue(f"e{number}", channel="email", recipient=f"p{number}@example.com")

    outbox_send(limit=4)

    assert OutboundMessage.objects.filter(state="sent", channel="sms").count() == 2
    assert OutboundMessage.objects.filter(state="sent", channel="email").count() == 2


def test_the_console_writes_a_line(noon, caplog):
    message = queue()
    with caplog.at_level(logging.INFO, logger="notifications.providers.console"):
        outbox_send_next()

    assert "outgoing to" in caplog.text
    assert state_of(message)["provider_key"] == f"console-{message.uid}"
