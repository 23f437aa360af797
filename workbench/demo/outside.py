"""Ways to the outside in the demo store. None of them can reach anything: two are off, one has a house address."""

from datetime import timedelta

from core import clock
from notifications.enums import MessageChannel, OutEvent, ProviderName
from notifications.services import (
    IntegrationInput,
    channel_resume,
    channel_stop,
    integration_create,
    integration_switch,
    integration_test,
    outbox_send_next,
    provider_template_save,
)
from staff.models import Store, User

MADE_UP = "demo-secret-that-opens-nothing"
TEXTS = [("", "SMS_480100001", ["body"]), ("thanks_call", "SMS_480100002", ["customer", "consultant", "model"])]


def tell_outside(store: Store, *, by: User) -> None:
    """An SMS account and a group robot, both switched off, and a webhook that fails and says why."""
    sms = integration_create(
        provider=ProviderName.ALIYUN_SMS,
        data=IntegrationInput(
            name="阿里云短信",
            store_id=store.pk,
            parameters={"access_key_id": "LTAI-demo", "sign_name": "远岚汽车"},
            secret=MADE_UP,
        ),
        by=by,
    )
    for code, provider_code, placeholders in TEXTS:
        provider_template_save(
            integration_id=sms.pk,
            code=code,
            provider_code=provider_code,
            sign_name="",
            placeholders=placeholders,
            by=by,
        )
    robot = integration_create(
        provider=ProviderName.WECOM_ROBOT,
        data=IntegrationInput(
            name="销售一组群机器人",
            store_id=store.pk,
            secret=MADE_UP,
            events=[OutEvent.CALLBACK_ESCALATED],
            per_minute=20,
        ),
        by=by,
    )
    for row in (sms, robot):
        integration_switch(integration_id=row.pk, is_active=False, by=by)
    _failing_webhook(store, by=by)
    stop = channel_stop(channel=MessageChannel.EMAIL, store_id=store.pk, reason="邮件服务器维护", by=by)
    channel_resume(pause_id=stop.pk, by=by)


def _failing_webhook(store: Store, *, by: User) -> None:
    webhook = integration_create(
        provider=ProviderName.WEBHOOK,
        data=IntegrationInput(
            name="财务系统对接",
            store_id=store.pk,
            parameters={"url": "https://10.20.0.8/hooks/shuncheng"},
            secret=MADE_UP,
            events=[OutEvent.LEAD_REGISTERED, OutEvent.OPPORTUNITY_CLOSED],
        ),
        by=by,
    )
    begin = clock.now() - timedelta(minutes=20)
    with clock.travel(begin):
        integration_test(integration_id=webhook.pk, by=by)
    for minutes in (0, 2, 6, 14):
        with clock.travel(begin + timedelta(minutes=minutes)):
            outbox_send_next(MessageChannel.WEBHOOK)
