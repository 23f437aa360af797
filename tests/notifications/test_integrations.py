"""Ways to the outside as administrators set them up."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.urls import reverse

from core import history
from core.errors import DomainError
from notifications.models import ChannelPause, Integration, OutboundMessage, ProviderTemplate
from notifications.services import (
    IntegrationInput,
    channel_resume,
    channel_stop,
    integration_create,
    integration_switch,
    integration_update,
    outbox_send_next,
)
from notifications.tasks import outbox_send
from staff.models import User
from tests.factories import IntegrationFactory, ProviderTemplateFactory
from tests.notifications.conftest import queue, stand_in, state_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
SECRET = "a-made-up-secret-of-length"
LIST = "notifications:integration-list"
WEBHOOK = {"name": "ERP", "url": "https://example.com/hooks", "secret": SECRET, "alert_after": "3"}


@pytest.fixture
def admin(people, client):
    User.objects.update(language="en")
    people.administrator.refresh_from_db()
    client.force_login(people.administrator)
    return people.administrator


def edit(row: Integration, name: str = "integration-edit") -> str:
    return reverse(f"notifications:{name}", args=[row.pk])


def data_of(people, **changes) -> IntegrationInput:
    values = {
        "name": "ERP",
        "store_id": people.store.pk,
        "parameters": {"url": "https://example.com/"},
        "secret": SECRET,
    }
    return IntegrationInput(**values | changes)


def test_a_way_is_set_up_and_its_secret_is_never_seen_again(client, admin, people):
    made = client.post(
        reverse("notifications:integration-new", args=["webhook"]),
        {**WEBHOOK, "store": people.store.pk, "events": ["lead.registered"]},
    )
    row = Integration.objects.get()
    pages = client.get(edit(row)).text + client.get(reverse(LIST)).text
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM notifications_integration t")
        stored = cursor.fetchone()[0]
        cursor.execute("SELECT t::text FROM notifications_integrationevent t")
        stored += " ".join(line[0] for line in cursor.fetchall())

    assert made.status_code == 302
    assert (row.secret, row.events, row.light) == (SECRET, ["lead.registered"], "new")
    assert SECRET not in pages + stored
    assert SECRET.encode().hex() not in stored


def test_nobody_else_sets_up_a_way(people):
    everywhere = data_of(people, store_id=None)
    for by, data in ((people.manager, data_of(people)), (people.administrator, everywhere)):
        with pytest.raises(PermissionDenied):
            integration_create(provider="webhook", data=data, by=by)
    people.administrator.administers_group = True

    assert integration_create(provider="webhook", data=everywhere, by=people.administrator).store is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"secret": ""}, "secret"),
        ({"secret": "short"}, "secret"),
        ({"parameters": {}}, "url"),
        ({"parameters": {"url": "ftp://example.com/"}}, "url"),
        ({"parameters": {"url": "https://a:b@example.com/"}}, "url"),
    ],
)
def test_what_cannot_work_is_refused_at_its_input(people, changes, field):
    with pytest.raises(DomainError) as refused:
        integration_create(provider="webhook", data=data_of(people, **changes), by=people.administrator)

    assert refused.value.field == field
    assert not Integration.objects.exists()


def test_an_empty_secret_keeps_the_stored_one(people):
    row = integration_create(provider="webhook", data=data_of(people), by=people.administrator)

    integration_update(integration_id=row.pk, data=data_of(people, secret="", name="ERP 2"), by=people.administrator)

    row.refresh_from_db()
    assert (row.name, row.secret) == ("ERP 2", SECRET)


def test_the_whole_address_of_a_robot_gives_its_key(people):
    address = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0000-made-up"

    row = integration_create(
        provider="wecom_robot", data=data_of(people, parameters={}, secret=address), by=people.administrator
    )

    assert row.secret == "0000-made-up"


def test_a_store_has_one_way_for_text_messages(people):
    given = {"access_key_id": "id", "sign_name": "s", "secret_id": "id", "sdk_app_id": "1"}
    first = integration_create(provider="aliyun_sms", data=data_of(people, parameters=given), by=people.administrator)
    with pytest.raises(ValidationError):
        integration_create(provider="tencent_sms", data=data_of(people, parameters=given), by=people.administrator)
    integration_switch(integration_id=first.pk, is_active=False, by=people.administrator)

    integration_create(provider="tencent_sms", data=data_of(people, parameters=given), by=people.administrator)

    with pytest.raises(ValidationError):
        integration_switch(integration_id=first.pk, is_active=True, by=people.administrator)
    assert Integration.objects.get(is_active=True).provider == "tencent_sms"


def test_every_change_of_a_setting_is_kept_without_the_secret(people):
    row = integration_create(provider="webhook", data=data_of(people), by=people.administrator)
    integration_update(
        integration_id=row.pk,
        data=data_of(people, parameters={"url": "https://other.example/"}),
        by=people.administrator,
    )

    old = row.history.filter(pgh_label="changed").order_by("pgh_id").last()
    (changed, born) = history.changes(user=people.administrator, key="integrations")
    assert old.parameters == {"url": "https://example.com/"}
    assert not hasattr(old, "secret")
    assert (changed.kind, changed.title, born.kind) == ("changed", "ERP", "created")
    words = [(value.before, value.after) for value in changed.values]
    assert ("url: https://example.com/", "url: https://other.example/") in words
    assert SECRET not in str(words)
    assert history.changes(user=people.stranger_manager, key="integrations") == []


def test_a_test_goes_to_oneself_also_while_it_is_switched_off(client, admin, people, monkeypatch):
    aliyun = stand_in(monkeypatch, "aliyun_sms")
    row = IntegrationFactory(store=people.store, is_active=False)
    ProviderTemplateFactory(integration=row, placeholders=["body"])
    User.objects.filter(pk=admin.pk).update(phone=None)
    refused = client.post(edit(row, "integration-test"))
    User.objects.filter(pk=admin.pk).update(phone="+8619900000009")
    client.post(edit(row, "integration-test"))
    outbox_send()

    (sent,) = aliyun.taken
    row.refresh_from_db()
    assert refused.status_code == 422
    assert (sent.address, sent.template) == ("+8619900000009", "SMS_1001")
    assert row.last_ok_at is not None
    assert "Works" not in client.get(edit(row)).text, "it is still switched off"


def test_the_page_of_a_way_shows_its_last_messages_and_its_light(client, admin, people, monkeypatch):
    receiver = stand_in(monkeypatch, "webhook")
    receiver.error = RuntimeError("a bug")
    row = IntegrationFactory(webhook=True, store=people.store)
    client.post(edit(row, "integration-test"))
    outbox_send_next()

    text = client.get(edit(row)).text
    assert "Fails" in text
    assert "RuntimeError" in text
    assert client.get(reverse(LIST)).context["shell"]["settings"]
    badge = {item["key"]: item["hot"] for item in client.get(reverse(LIST)).context["shell"]["settings"]}
    assert badge["integrations"] == 1


def test_templates_of_the_provider_are_kept_per_text(client, admin, people):
    row = IntegrationFactory(store=people.store)
    url = edit(row, "integration-template")
    for provider_code in ("SMS_1", "SMS_2"):
        client.post(url, {"code": "thanks_call", "provider_code": provider_code, "placeholders": "customer, model"})
    wrong = client.post(url, {"code": "no_such_text", "provider_code": "SMS_3"})
    saved = ProviderTemplate.objects.get()
    client.post(reverse("notifications:integration-template-remove", args=[row.pk, saved.pk]))

    assert (saved.provider_code, saved.placeholders) == ("SMS_2", ["customer", "model"])
    assert wrong.status_code == 422
    assert not ProviderTemplate.objects.exists()


def test_a_channel_is_stopped_and_let_go_with_what_waited(client, admin, people, gateway):
    message = queue(store_id=people.store.pk)
    no_reason = client.post(reverse("notifications:channel-stop"), {"channel": "sms", "reason": ""})
    client.post(reverse("notifications:channel-stop"), {"channel": "sms", "reason": "complaints"})
    outbox_send_next()
    stopped = state_of(message)
    text = client.get(reverse(LIST)).text
    client.post(reverse("notifications:channel-resume", args=[ChannelPause.objects.get().pk]))
    outbox_send_next()

    assert no_reason.status_code == 422
    assert (stopped["state"], stopped["wait_reason"]) == ("queued", "channel_off")
    assert "complaints" in text
    assert state_of(message)["state"] == "sent"


def test_a_stop_pressed_twice_is_one_stop_and_one_of_another_store_is_not_ours(people):
    stop = channel_stop(channel="sms", store_id=people.store.pk, reason="a", by=people.administrator)
    again = channel_stop(channel="sms", store_id=people.store.pk, reason="b", by=people.administrator)
    with pytest.raises(PermissionDenied):
        channel_stop(channel="sms", store_id=people.other_store.pk, reason="a", by=people.administrator)
    with pytest.raises(PermissionDenied):
        channel_resume(pause_id=stop.pk, by=people.manager)

    assert (again.pk, again.reason) == (stop.pk, "a")
    assert [channel_resume(pause_id=stop.pk, by=people.administrator) for _time in range(2)] == [0, 0]


def test_a_way_for_all_stores_is_read_but_not_changed_by_a_stores_administrator(client, admin):
    row = IntegrationFactory(webhook=True)

    page = client.get(edit(row)).text
    changed = client.post(edit(row), WEBHOOK)

    assert "only an administrator of the group" in page
    assert (changed.status_code, Integration.objects.get().name) == (403, row.name)


def test_a_way_of_another_store_does_not_exist(client, admin, people):
    row = IntegrationFactory(webhook=True, store=people.other_store)

    for name in ("integration-edit", "integration-test", "integration-switch", "integration-template"):
        assert client.post(edit(row, name), WEBHOOK).status_code == 404
    assert not OutboundMessage.objects.exists()


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_a_fixed_number_of_queries(client, admin, people, rows, django_assert_num_queries):
    for _row in range(rows):
        IntegrationFactory(webhook=True, store=people.store)
    client.get(reverse(LIST))

    with django_assert_num_queries(6):  # session, person, ways, stops, the shell, the badge
        client.get(reverse(LIST))
