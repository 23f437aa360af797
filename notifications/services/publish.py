"""Events that other systems and the groups of the staff asked for."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.transactions import service
from notifications.enums import MessageChannel, MessagePurpose
from notifications.models import OutboundMessage
from notifications.selectors import subscribers
from notifications.services.outbox import message_build


@service
def event_publish(
    *, event: str, stores: Any, at: datetime, data: Mapping[str, Any], subject: str, key: str, text: str = ""
) -> int:
    """Queue the event for every integration that asked for it; returns how many.

    `stores`: ids, or a queryset that yields them, of the store it happened in. `data`: ids and plain words only, no
    personal data. `key`: the same happening has the same key and is queued once. `text`: what a group robot says; a
    robot without one hears nothing.
    """
    found = list(subscribers(event=event, stores=stores))
    messages = [
        message_build(
            channel=integration.channel,
            recipient=integration.name,
            body=text if integration.channel == MessageChannel.WECOM else body_of(event, at, data),
            title=event,
            subject=subject,
            idempotency_key=f"{event}:{key}:{integration.pk}"[:120],
            by=None,
            store_id=integration.store_id,
            purpose=MessagePurpose.INTERNAL,
            integration_id=integration.pk,
        )
        for integration in found
        if text or integration.channel != MessageChannel.WECOM
    ]
    if messages:
        OutboundMessage.objects.bulk_create(messages, ignore_conflicts=True)
    return len(messages)


def body_of(event: str, at: datetime, data: Mapping[str, Any]) -> str:
    """What a webhook carries; docs/webhooks.md describes it."""
    return json.dumps({"event": event, "occurred_at": at.isoformat(), "data": dict(data)}, separators=(",", ":"))
