"""What goes into the outbox, and what administrators do with what lies in it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from core import clock, events
from core.errors import DomainError
from core.phones import mask_phone
from core.text import clean_text
from core.transactions import service
from notifications.enums import (
    OUTBOX_MACHINE,
    AttemptKind,
    MessageChannel,
    MessagePurpose,
    MessageState,
    StopReason,
    WaitReason,
)
from notifications.events import MessageNotSent
from notifications.models import MessageAttempt, OutboundMessage
from notifications.policies import ensure_can_change_message
from staff.models import User

MAX_AT_ONCE = 500


def mask_address(channel: str, address: str) -> str:
    """What people may see of it: 138****5678, l***@example.com."""
    if channel == MessageChannel.SMS:
        return mask_phone(address)
    if channel == MessageChannel.EMAIL:
        name, _at, domain = address.partition("@")
        return f"{name[:1]}***@{domain}"[:100]
    return address[:100]


def message_build(
    *,
    channel: str,
    recipient: str,
    body: str,
    subject: str,
    idempotency_key: str,
    by: User | None,
    store_id: int | None = None,
    purpose: str = "",
    addressee: str = "",
    title: str = "",
    template: str = "",
    values: Mapping[str, str] | None = None,
    integration_id: int | None = None,
) -> OutboundMessage:
    """An unsaved message, see message_queue."""
    default = MessagePurpose.SERVICE if channel == MessageChannel.SMS else MessagePurpose.INTERNAL
    return OutboundMessage(
        channel=channel,
        recipient=mask_address(channel, recipient),
        address=recipient,
        body=body,
        subject=subject,
        idempotency_key=idempotency_key,
        created_by=by,
        store_id=store_id or (by.store_id if by else None),
        purpose=purpose or default,
        addressee=addressee,
        title=title[:120],
        template=template,
        template_values=dict(values) if values is not None else None,
        integration_id=integration_id,
        next_try_at=clock.now(),
    )


@service
def message_queue(
    *, channel: str, recipient: str, body: str, subject: str, idempotency_key: str, by: User | None, **more: Any
) -> None:
    """Write a message into the outbox; a worker sends it. The same key again changes nothing.

    `more`: store_id (else that of `by`), purpose (MessagePurpose; a text message is SERVICE, anything else INTERNAL),
    addressee ("customers.Customer:17": whose consent counts when it is sent), title (heading of an e-mail), template
    and values (code of a MessageTemplate and what was filled in), integration_id (one certain way out).
    """
    message = message_build(
        channel=channel,
        recipient=recipient,
        body=body,
        subject=subject,
        idempotency_key=idempotency_key,
        by=by,
        **more,
    )
    OutboundMessage.objects.bulk_create([message], ignore_conflicts=True)


def note_attempt(
    message: OutboundMessage, kind: str, *, by: User | None = None, code: str = "", detail: str = ""
) -> None:
    MessageAttempt.objects.create(
        message=message, kind=kind, by=by, provider=message.provider, code=code[:60], detail=detail[:300]
    )


def tell_not_sent(message: OutboundMessage) -> None:
    events.emit(MessageNotSent(message_id=message.pk, subject=message.subject, state=message.state))


def _lock(message_id: int, *, by: User) -> OutboundMessage:
    message = OutboundMessage.objects.select_for_update(no_key=True, of=("self",)).get(pk=message_id)
    ensure_can_change_message(by, message)
    return message


def _requeue(message: OutboundMessage) -> None:
    OUTBOX_MACHINE.check(message.state, MessageState.QUEUED)
    message.state, message.next_try_at, message.attempts = MessageState.QUEUED, clock.now(), 0
    message.wait_reason, message.stop_reason = WaitReason.NONE, StopReason.NONE
    message.save(update_fields=["state", "next_try_at", "attempts", "wait_reason", "stop_reason", "updated_at"])


@service
def message_retry(*, message_id: int, by: User) -> OutboundMessage:
    """Try again now. An event that was delivered goes once more, under its own delivery id.

    Raises PermissionDenied, TransitionNotAllowed, DomainError for a message of which nobody knows whether it arrived:
    somebody has to say first that it did not.
    """
    message = _lock(message_id, by=by)
    if message.state == MessageState.UNCERTAIN:
        raise DomainError(_("First find out whether it arrived, and mark it as sent or not sent."), code="uncertain")
    if message.state == MessageState.SENT and message.channel != MessageChannel.WEBHOOK:
        raise DomainError(_("This message was sent."), code="sent")
    if message.state == MessageState.SENDING:
        raise DomainError(_("It is being sent right now."), code="sending")
    _requeue(message)
    note_attempt(message, AttemptKind.RETRIED, by=by)
    return message


@service
def messages_retry(*, message_ids: Sequence[int], by: User) -> int:
    """Try again what was given up, of these; returns how many. Others are left as they are."""
    rows = (
        OutboundMessage.objects.visible_to(by)
        .filter(pk__in=list(message_ids)[:MAX_AT_ONCE], state__in=[MessageState.DEAD, MessageState.FAILED])
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    )
    found = list(rows)
    for message in found:
        _requeue(message)
        note_attempt(message, AttemptKind.RETRIED, by=by)
    return len(found)


@service
def message_resolve(*, message_id: int, was_sent: bool, reason: str, by: User) -> OutboundMessage:
    """Somebody found out whether an uncertain message arrived. Raises PermissionDenied, DomainError."""
    message = _lock(message_id, by=by)
    reason = _reason(reason)
    if message.state != MessageState.UNCERTAIN:
        raise DomainError(_("Only a message of which nobody knows whether it was sent can be marked."), code="known")
    target = MessageState.SENT if was_sent else MessageState.DEAD
    OUTBOX_MACHINE.check(message.state, target)
    message.state, message.sent_at = target, clock.now() if was_sent else None
    message.save(update_fields=["state", "sent_at", "updated_at"])
    note_attempt(message, AttemptKind.MARKED_SENT if was_sent else AttemptKind.MARKED_FAILED, by=by, detail=reason)
    return message


@service
def message_cancel(*, message_id: int, reason: str, by: User) -> OutboundMessage:
    """Take a waiting message out; whoever wrote it hears of it. Raises PermissionDenied, TransitionNotAllowed."""
    message = _lock(message_id, by=by)
    message_stop(message, StopReason.BY_HAND, by=by, detail=_reason(reason))
    return message


def message_stop(message: OutboundMessage, why: str, *, by: User | None, detail: str = "") -> None:
    """For a locked row."""
    OUTBOX_MACHINE.check(message.state, MessageState.CANCELLED)
    message.state, message.stop_reason, message.next_try_at = MessageState.CANCELLED, why, None
    message.wait_reason = WaitReason.NONE
    message.save(update_fields=["state", "stop_reason", "next_try_at", "wait_reason", "updated_at"])
    note_attempt(message, AttemptKind.CANCELLED, by=by, code=why, detail=detail)
    tell_not_sent(message)


def _reason(text: str) -> str:
    cleaned = clean_text(text)
    if not cleaned:
        raise DomainError(_("Say why."), field="reason")
    return cleaned[:300]
