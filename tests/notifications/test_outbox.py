"""What administrators do with messages: the services behind the outbox, and its pages."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from core.errors import DomainError
from notifications.models import MessageAttempt, OutboundMessage
from notifications.providers import NotSent, Uncertain
from notifications.services import (
    message_cancel,
    message_resolve,
    message_retry,
    messages_retry,
    outbox_send_next,
)
from staff.models import User
from tests.conftest import NOON
from tests.factories import IntegrationFactory, OutboundMessageFactory
from tests.notifications.conftest import queue, stand_in, state_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
OUTBOX = "notifications:outbox"


@pytest.fixture
def admin(people, client):
    User.objects.update(language="en")
    people.administrator.refresh_from_db()
    client.force_login(people.administrator)
    return people.administrator


def made(people, state="dead", **values) -> OutboundMessage:
    values.setdefault("store", people.store)
    return OutboundMessageFactory(state=state, **values)


def log_of(message) -> list[tuple[str, object, str]]:
    return list(MessageAttempt.objects.filter(message=message).order_by("id").values_list("kind", "by", "detail"))


# ---- services -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["dead", "failed", "cancelled"])
def test_what_was_not_sent_is_tried_again(people, gateway, state):
    message = made(people, state, attempts=5, next_try_at=None)

    message_retry(message_id=message.pk, by=people.administrator)
    outbox_send_next()

    assert (state_of(message)["state"], state_of(message)["attempts"]) == ("sent", 1)
    assert log_of(message)[0] == ("retried", people.administrator.pk, "")


@pytest.mark.parametrize(("state", "code"), [("uncertain", "uncertain"), ("sent", "sent"), ("sending", "sending")])
def test_what_may_have_arrived_is_not_simply_sent_again(people, state, code):
    message = made(people, state)
    before = state_of(message)

    with pytest.raises(DomainError) as refused:
        message_retry(message_id=message.pk, by=people.administrator)

    assert refused.value.code == code
    assert state_of(message) == before
    assert log_of(message) == []


def test_an_event_is_delivered_once_more_under_its_own_id(people, monkeypatch):
    receiver = stand_in(monkeypatch, "webhook")
    message = queue(
        channel="webhook",
        purpose="internal",
        store_id=people.store.pk,
        integration_id=IntegrationFactory(webhook=True).pk,
    )
    outbox_send_next()
    message_retry(message_id=message.pk, by=people.administrator)
    outbox_send_next()

    assert receiver.keys == [str(message.uid)] * 2


@pytest.mark.parametrize(
    ("was_sent", "state", "kind"), [(True, "sent", "marked_sent"), (False, "dead", "marked_failed")]
)
def test_somebody_finds_out_whether_it_arrived(people, gateway, was_sent, state, kind):
    message = queue(store_id=people.store.pk)
    gateway.error = Uncertain("no_answer")
    outbox_send_next()

    message_resolve(message_id=message.pk, was_sent=was_sent, reason=" asked the provider ", by=people.administrator)

    assert state_of(message)["state"] == state
    assert log_of(message)[-1] == (kind, people.administrator.pk, "asked the provider")
    with pytest.raises(DomainError):
        message_resolve(message_id=message.pk, was_sent=True, reason="again", by=people.administrator)


def test_a_decision_needs_a_reason(people):
    message = made(people, "uncertain")

    with pytest.raises(DomainError) as refused:
        message_resolve(message_id=message.pk, was_sent=True, reason=" \u200b", by=people.administrator)

    assert refused.value.field == "reason"
    assert state_of(message)["state"] == "uncertain"


def test_a_waiting_message_is_taken_out_and_its_writer_hears_of_it(people, gateway, heard):
    message = queue(store_id=people.store.pk)

    message_cancel(message_id=message.pk, reason="sent by hand", by=people.administrator)

    assert outbox_send_next() is False
    assert (state_of(message)["state"], state_of(message)["stop_reason"]) == ("cancelled", "by_hand")
    assert [event.state for event in heard] == ["cancelled"]


def test_only_administrators_of_the_store_act(people):
    own, foreign = made(people, "dead"), made(people, "dead", store=people.other_store)
    for by, message in ((people.manager, own), (people.general_manager, own), (people.administrator, foreign)):
        for act in (
            lambda: message_retry(message_id=message.pk, by=by),  # noqa: B023
            lambda: message_resolve(message_id=message.pk, was_sent=True, reason="x", by=by),  # noqa: B023
            lambda: message_cancel(message_id=message.pk, reason="x", by=by),  # noqa: B023
        ):
            with pytest.raises(PermissionDenied):
                act()

    assert messages_retry(message_ids=[own.pk, foreign.pk], by=people.administrator) == 1
    assert (state_of(own)["state"], state_of(foreign)["state"]) == ("queued", "dead")


def test_many_at_once_and_only_what_failed(people):
    rows = [made(people, state) for state in ("dead", "failed", "uncertain", "sent", "cancelled")]

    assert messages_retry(message_ids=[row.pk for row in rows], by=people.administrator) == 2

    assert [state_of(row)["state"] for row in rows] == ["queued", "queued", "uncertain", "sent", "cancelled"]


# ---- pages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_a_fixed_number_of_queries(client, admin, people, rows, django_assert_num_queries):
    for _row in range(rows):
        made(people, integration=IntegrationFactory(webhook=True), created_by=people.owner)
    client.get(reverse(OUTBOX))

    with django_assert_num_queries(6):  # session, person, the page, the counts, the shell, the badge
        response = client.get(reverse(OUTBOX))

    assert len(response.context["page"].items) == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_of_a_message_costs_a_fixed_number_of_queries(client, admin, people, rows, django_assert_num_queries):
    message = made(people)
    for _row in range(rows):
        MessageAttempt.objects.create(message=message, kind="not_sent", by=people.administrator, code="x")
    url = reverse("notifications:outbox-message", args=[message.pk])
    client.get(url)

    with django_assert_num_queries(6):
        assert len(client.get(url).context["tries"]) == rows


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 4),
        ("?state=dead", 1),
        ("?channel=email", 1),
        ("?on=2026-11-17", 3),
        ("?on=2026-11-16", 1),
        ("?q=4321", 1),
        ("?q=followups.Contact:9", 1),
        ("?state=uncertain", 0),
    ],
)
def test_filters(client, admin, people, query, found):
    made(people, "dead")
    made(people, "sent", channel="email", recipient="l***@example.com")
    made(people, "sent", recipient="199****4321", subject="followups.Contact:9")
    made(people, "sent", created_at=NOON - timedelta(days=1))
    made(people, "dead", store=people.other_store)

    response = client.get(reverse(OUTBOX) + query)

    assert (response.status_code, len(response.context["page"].items)) == (200, found)
    assert response.context["counts"]["dead"] == 1


def test_a_search_looks_back_three_months_or_at_a_day(client, admin, people):
    made(people, created_at=NOON - timedelta(days=91), recipient="199****4321")

    found = [
        len(client.get(reverse(OUTBOX) + query).context["page"].items)
        for query in ("", "?q=4321", "?q=4321&on=2026-08-18")
    ]

    assert found == [1, 0, 1]


def test_nonsense_in_a_filter_is_told(client, admin):
    assert client.get(reverse(OUTBOX) + "?on=tomorrow&state=none").status_code == 422


def test_an_empty_outbox_and_an_empty_answer_say_different_things(client, admin):
    assert "Nothing was sent yet" in client.get(reverse(OUTBOX)).text
    assert "No message fits" in client.get(reverse(OUTBOX) + "?state=dead").text


def test_no_page_shows_a_whole_number_or_what_was_written_to_a_customer(client, admin, people):
    message = queue(store_id=people.store.pk, body="王先生您好，底价十六万", recipient="+8619987654321")
    internal = queue("m2", channel="email", recipient="gaoyuan@example.com", body="the export is ready", by=admin)

    text = (
        client.get(reverse(OUTBOX)).text + client.get(reverse("notifications:outbox-message", args=[message.pk])).text
    )
    own = client.get(reverse("notifications:outbox-message", args=[internal.pk])).text

    assert "199****4321" in text
    assert not any(word in text for word in ("19987654321", "9987654", "底价", "gaoyuan@"))
    assert "the export is ready" in own


def test_the_way_of_an_uncertain_message_through_the_pages(client, admin, people, gateway):
    message = queue(store_id=people.store.pk)
    gateway.error = Uncertain("no_answer")
    outbox_send_next()
    page = reverse("notifications:outbox-message", args=[message.pk])
    resolve = reverse("notifications:outbox-resolve", args=[message.pk])

    assert "Did it arrive?" in client.get(page).text
    wrong = client.post(resolve, {"was_sent": "0", "reason": ""})
    assert (wrong.status_code, state_of(message)["state"]) == (422, "uncertain")
    client.post(resolve, {"was_sent": "0", "reason": "not in their list"})
    gateway.error = None
    client.post(reverse("notifications:outbox-retry", args=[message.pk]))
    outbox_send_next()

    text = client.get(page).text
    assert state_of(message)["state"] == "sent"
    assert all(
        word in text for word in ("Marked as not sent", "not in their list", "Queued again by hand", "no_answer")
    )


def test_choosing_several_and_sending_them_again(client, admin, people):
    rows = [made(people) for _row in range(3)]

    client.post(reverse("notifications:outbox-retry-many"), {"messages": [rows[0].pk, rows[2].pk, "x", "9" * 30]})
    client.post(reverse("notifications:outbox-retry-many"), {"messages": [rows[0].pk, rows[2].pk]})

    assert [state_of(row)["state"] for row in rows] == ["queued", "dead", "queued"]


def test_why_a_message_waits_stands_in_words(client, admin, people, gateway):
    message = queue(store_id=people.store.pk)
    gateway.error = NotSent("address_refused", "10.0.0.1")
    outbox_send_next()

    text = client.get(reverse("notifications:outbox-message", args=[message.pk])).text

    assert "The address lies in the own network" in text
    assert "address_refused" in text
