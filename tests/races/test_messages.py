"""Two people or two senders at one message in the same moment."""

import pytest

from notifications.models import Integration, MessageAttempt, OutboundMessage
from notifications.services import (
    IntegrationInput,
    integration_create,
    integrations,
    message_resolve,
    outbox,
    outbox_send_next,
)
from tests.factories import IntegrationFactory, OutboundMessageFactory
from tests.notifications.conftest import queue, stand_in
from tests.races.threads import Meeting, kinds, race, remove_locks, without_constraint

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("has_lock", "found"), [(True, ["DomainError", "ok"]), (False, ["ok", "ok"])])
def test_two_administrators_settle_a_message_once(people, noon, monkeypatch, has_lock, found):
    """Without the lock, the control, one says sent and the other not sent, and both believe it."""
    message = OutboundMessageFactory(store=people.store, state="uncertain")
    monkeypatch.setattr(outbox, "_reason", Meeting().after(outbox._reason))
    if not has_lock:
        remove_locks(monkeypatch)

    results = race(
        *(
            lambda sent=sent: message_resolve(message_id=message.pk, was_sent=sent, reason="x", by=people.administrator)
            for sent in (True, False)
        )
    )

    assert kinds(results) == found
    assert MessageAttempt.objects.count() == found.count("ok")


@pytest.mark.parametrize(("has_lock", "sent"), [(True, 1), (False, 2)])
def test_two_senders_keep_the_pace_of_one_provider(people, noon, monkeypatch, has_lock, sent):
    """Without the lock, the control, both count themselves as the first of the minute."""
    robot = stand_in(monkeypatch, "wecom_robot")
    integration = IntegrationFactory(robot=True, per_minute=1)
    for key in ("m1", "m2"):
        queue(key, channel="wecom", recipient="group", integration_id=integration.pk)
    point, save = Meeting(), Integration.save

    def save_after(self, *args, **kwargs):
        if kwargs.get("update_fields") == ["window_at", "window_count"]:
            point.wait()
        return save(self, *args, **kwargs)

    monkeypatch.setattr(Integration, "save", save_after)
    if not has_lock:
        monkeypatch.setattr(
            Integration.objects.__class__, "select_for_update", lambda self, **kwargs: self.get_queryset()
        )

    race(outbox_send_next, outbox_send_next)

    assert len(robot.taken) == sent
    assert OutboundMessage.objects.filter(state="sent").count() == sent


def set_up(people, provider):
    given = {"access_key_id": "id", "sign_name": "s", "secret_id": "id", "sdk_app_id": "1"}
    data = IntegrationInput(name=provider, store_id=people.store.pk, parameters=given, secret="made up")
    return integration_create(provider=provider, data=data, by=people.administrator)


@pytest.mark.parametrize("has_constraint", [True, False])
def test_two_administrators_set_up_one_way_for_text_messages(people, noon, monkeypatch, has_constraint):
    monkeypatch.setattr(integrations, "_validate", Meeting().after(lambda row: None))
    actions = [lambda: set_up(people, "aliyun_sms"), lambda: set_up(people, "tencent_sms")]

    if has_constraint:
        assert kinds(race(*actions)) == ["DomainError", "ok"]
        return
    with without_constraint("notifications_integration", "integration_one_way_per_store"):
        assert kinds(race(*actions)) == ["ok", "ok"]
