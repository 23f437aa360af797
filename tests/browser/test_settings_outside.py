"""Outbox and integrations in a real browser: clean at every size and theme, and an uncertain message is settled."""

from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from notifications.models import MessageAttempt, OutboundMessage
from notifications.services import channel_stop
from tests.browser.conftest import violations
from tests.conftest import NOON
from tests.factories import IntegrationFactory, OutboundMessageFactory, ProviderTemplateFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def outside(people: SimpleNamespace) -> OutboundMessage:
    """One way of each kind of light, a stopped channel and a message of which nobody knows."""
    sms = IntegrationFactory(store=people.store, name="阿里云短信", last_ok_at=NOON)
    ProviderTemplateFactory(integration=sms, placeholders=["body"])
    IntegrationFactory(webhook=True, store=people.store, name="财务系统", failures=3, last_error="no_connection: erp")
    IntegrationFactory(robot=True, store=people.store, name="群机器人", is_active=False)
    channel_stop(channel="email", store_id=people.store.pk, reason="维护", by=people.administrator)
    for state in ("sent", "failed", "dead", "queued"):
        OutboundMessageFactory(store=people.store, state=state, integration=sms, last_error="isv.X: no")
    message = OutboundMessageFactory(store=people.store, state="uncertain", integration=sms, attempts=1)
    MessageAttempt.objects.create(message=message, kind="uncertain", code="no_answer", detail="dysmsapi")
    return message


@pytest.mark.parametrize("size", ["tablet", "phone", "desktop"])
def test_the_pages_are_clean_at_every_size(
    size: str,
    people: SimpleNamespace,
    open_page: Callable[..., Page],
    log_in: Callable[[Page, str], None],
    noon: datetime,
) -> None:
    message = outside(people)
    page = open_page(size)
    log_in(page, "administrator")
    found = {}
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for path in (
            "/notifications/outbox/",
            "/notifications/outbox/?state=cancelled",
            f"/notifications/outbox/{message.pk}/",
            "/notifications/integrations/",
            f"/notifications/integrations/{message.integration_id}/",
            "/notifications/integrations/new/webhook/",
        ):
            page.goto(path)
            found[path, theme] = violations(page)
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                found[path, theme].append("scrolls sideways")

    assert {key: list_ for key, list_ in found.items() if list_} == {}


def test_an_uncertain_message_is_settled_by_hand(
    people: SimpleNamespace,
    open_page: Callable[..., Page],
    log_in: Callable[[Page, str], None],
    noon: datetime,
) -> None:
    message = outside(people)
    page = open_page("desktop")
    log_in(page, "administrator")

    page.goto("/notifications/outbox/?state=uncertain")
    page.locator(".ob-row a").click()
    page.locator("#id_reason").fill("控制台里查到了")
    page.locator("button[name=was_sent][value='1']").click()

    expect(page.locator("main")).to_contain_text("控制台里查到了")
    message.refresh_from_db()
    assert message.state == "sent"
