"""Writing inboxes, and handing messages to the world outside."""

import json
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from core import clock, events
from core.errors import DomainError
from core.transactions import service
from notifications.enums import MessageState
from notifications.events import MessageNotSent
from notifications.models import Notification, OutboundMessage
from notifications.providers import Uncertain, provider_for
from staff.models import User

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
SENDING_TIMEOUT = timedelta(minutes=5)


# By hand: only so does the database say whether the row was new, without a second question.
_NOTICE = """
INSERT INTO notifications_notification
  (uid, created_at, updated_at, recipient_id, kind, data, url, subject, dedupe_key)
VALUES (gen_random_uuid(), %(now)s, %(now)s, %(recipient_id)s, %(kind)s, %(data)s, %(url)s, %(subject)s, %(dedupe_key)s)
ON CONFLICT DO NOTHING
"""


@service
def notice_create(
    *, recipient_id: int, kind: str, url: str = "", subject: str = "", dedupe_key: str | None = None, **data: Any
) -> bool:
    """Put one line into an inbox. Returns False when a line with this key was written before."""
    values: dict[str, Any] = {
        "now": clock.now(),
        "recipient_id": recipient_id,
        "kind": str(kind),
        "data": json.dumps(data),
        "url": url,
        "subject": subject,
        "dedupe_key": dedupe_key,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NOTICE, values)
        return bool(cursor.rowcount)


@service
def notices_done(*, subjects: Sequence[str], recipient_id: int | None = None) -> int:
    """What the lines were about is done: they leave the inbox. Returns how many."""
    if not subjects:
        return 0
    rows = Notification.objects.filter(subject__in=subjects, done_at=None)
    if recipient_id is not None:
        rows = rows.filter(recipient=recipient_id)
    return rows.update(done_at=clock.now())


@service
def notices_read(*, by: User, ids: Sequence[int] | None = None) -> int:
    """Mark lines as read, all of them when `ids` is None."""
    rows = Notification.objects.filter(recipient=by, read_at=None)
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    return rows.update(read_at=clock.now())


@service
def notice_finish(*, notice_id: int, by: User) -> None:
    """Take a line out of the own inbox; somebody else's does not exist for this person."""
    now = clock.now()
    rows = Notification.objects.filter(pk=notice_id, recipient=by)
    if not rows.update(done_at=now, read_at=now):
        raise DomainError(_("This notification does not exist."), code="missing")


@service
def notice_snooze(*, notice_id: int, until: datetime, by: User) -> None:
    """Hide a line until a moment in the future (at most 30 days)."""
    now = clock.now()
    if not now < until <= now + timedelta(days=30):
        raise DomainError(_("Choose a time within the next 30 days."), field="until")
    rows = Notification.objects.filter(pk=notice_id, recipient=by, done_at=None)
    if not rows.update(snoozed_until=until, read_at=now):
        raise DomainError(_("This notification does not exist."), code="missing")


@service
def message_queue(
    *, channel: str, recipient: str, body: str, subject: str, idempotency_key: str, by: User | None
) -> None:
    """Write a message into the outbox; a worker sends it. The same key again changes nothing."""
    OutboundMessage.objects.bulk_create(
        [
            OutboundMessage(
                channel=channel,
                recipient=recipient,
                body=body,
                subject=subject,
                idempotency_key=idempotency_key,
                created_by=by,
                next_try_at=clock.now(),
            )
        ],
        ignore_conflicts=True,
    )


def outbox_send_next() -> bool:
    """Send one message. Returns False when nothing is due.

    Three steps so that the provider is never called inside a transaction: claim, call, note the answer. A claim whose
    process died becomes "uncertain" after five minutes and is not repeated by itself (reliability.md 2.1, 8).
    """
    message = _claim()
    if message is None:
        return _expire_claims() > 0
    try:
        key = provider_for(message.channel).send(message)
    except Uncertain as error:
        _note(message, MessageState.UNCERTAIN, error=str(error))
    except Exception as error:  # noqa: BLE001 -- whatever a gateway raises is noted with the message and tried again
        logger.exception("message %s was not sent", message.pk)
        _note_failure(message, error)
    else:
        _note(message, MessageState.SENT, key=key)
    return True


@service
def _claim() -> OutboundMessage | None:
    message = (
        OutboundMessage.objects.filter(state=MessageState.QUEUED, next_try_at__lte=clock.sql_now())
        .select_for_update(no_key=True, skip_locked=True)
        .order_by("next_try_at", "id")
        .first()
    )
    if message is not None:
        message.state, message.claimed_at = MessageState.SENDING, clock.now()
        message.attempts += 1
        message.save(update_fields=["state", "claimed_at", "attempts", "updated_at"])
    return message


@service
def _expire_claims() -> int:
    stuck = list(
        OutboundMessage.objects.filter(
            claimed_at__lt=clock.now() - SENDING_TIMEOUT, state=MessageState.SENDING
        ).select_for_update(no_key=True, skip_locked=True)
    )
    for message in stuck:
        message.state, message.last_error = MessageState.UNCERTAIN, "the sender died after it claimed the message"
        message.save(update_fields=["state", "last_error", "updated_at"])
        _tell_not_sent(message)
    return len(stuck)


def _tell_not_sent(message: OutboundMessage) -> None:
    events.emit(MessageNotSent(message_id=message.pk, subject=message.subject, state=message.state))


@service
def _note(message: OutboundMessage, state: str, *, key: str = "", error: str = "") -> None:
    message.state, message.provider_key, message.last_error = state, key, error[:300]
    message.provider = provider_for(message.channel).name
    message.sent_at = clock.now() if state == MessageState.SENT else None
    message.save(update_fields=["state", "provider", "provider_key", "last_error", "sent_at", "updated_at"])
    if state == MessageState.UNCERTAIN:
        _tell_not_sent(message)


@service
def _note_failure(message: OutboundMessage, error: Exception) -> None:
    is_final = message.attempts >= MAX_ATTEMPTS
    message.state = MessageState.FAILED if is_final else MessageState.QUEUED
    message.next_try_at = None if is_final else clock.now() + timedelta(minutes=2**message.attempts)
    message.last_error = f"{type(error).__name__}: {error}"[:300]
    message.save(update_fields=["state", "next_try_at", "last_error", "updated_at"])
    if is_final:
        _tell_not_sent(message)
