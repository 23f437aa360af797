"""One message at a time: may it go, through which way, and what became of it (reliability.md 2.1, 8).

Three steps, so that no provider is ever called inside a transaction: claim, call, note the answer. A sender that dies
between the first and the last leaves a claim; after SENDING_TIMEOUT a paid message becomes "uncertain" and is not
repeated by itself, one whose receiver can tell repeats is tried again.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from core import clock
from core.business_calendar import clamp_to_contact_hours
from core.transactions import service
from notifications.enums import (
    OUTBOX_MACHINE,
    WAITING_STATES,
    AttemptKind,
    MessageChannel,
    MessagePurpose,
    MessageState,
    WaitReason,
)
from notifications.models import Integration, OutboundMessage, ProviderTemplate
from notifications.policies import stop_reason
from notifications.providers import PROVIDERS, Answer, Config, NotSent, Outgoing, Throttled, Uncertain
from notifications.selectors import is_channel_stopped, way_for
from notifications.services.health import note_failure, note_success, rest
from notifications.services.outbox import message_stop, note_attempt, tell_not_sent

logger = logging.getLogger(__name__)

SENDING_TIMEOUT = timedelta(minutes=5)
LOOK_AGAIN = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)
MAX_ATTEMPTS = 5
# Another system may be away for a morning: 2, 4, 8 … minutes, four hours in all.
MAX_ATTEMPTS_WEBHOOK = 8


@dataclass(frozen=True)
class Claim:
    """A message that this process now sends (`is_to_send`), or one that was postponed or stopped instead."""

    message: OutboundMessage
    integration: Integration | None = None
    is_to_send: bool = False


def outbox_send_next(channel: str = "") -> bool:
    """Handle one due message, of one channel or of any. Returns False when nothing was due."""
    claim = _claim(channel)
    if claim is None:
        return _expire_claims() > 0
    if claim.is_to_send:
        _send(claim)
    return True


def _send(claim: Claim) -> None:
    message, provider = claim.message, PROVIDERS[claim.message.provider]
    try:
        outgoing, config = _prepare(claim)
    except Exception as error:  # noqa: BLE001 -- a missing key or template: nothing has left, it is tried again
        logger.exception("message %s cannot be prepared", message.pk)
        _note_not_sent(message, NotSent(type(error).__name__, str(error)))
        return
    try:
        answer = provider.send(outgoing, config)
    except Throttled as error:
        _note_throttled(message, error)
    except NotSent as error:
        _note_not_sent(message, error)
    except Uncertain as error:
        _note_uncertain(message, error)
    except Exception as error:  # noqa: BLE001 -- whatever it is, it must not stop the others; nobody knows what left
        logger.exception("message %s: the provider failed", message.pk)
        _note_uncertain(message, Uncertain(type(error).__name__, str(error)))
    else:
        _note_sent(message, answer)


def _prepare(claim: Claim) -> tuple[Outgoing, Config]:
    message, integration = claim.message, claim.integration
    mapping = _template_of(message, integration)
    values = {**(message.template_values or {}), "body": message.body}
    outgoing = Outgoing(
        key=str(message.uid),
        address=message.address or "",
        body=message.body,
        title=message.title,
        sign_name=mapping.sign_name if mapping else "",
        template=mapping.provider_code if mapping else "",
        values=[(name, values.get(name, "")) for name in mapping.placeholders] if mapping else (),
    )
    if integration is None:
        return outgoing, Config()
    return outgoing, Config(parameters=integration.parameters, secret=integration.secret or "")


def _template_of(message: OutboundMessage, integration: Integration | None) -> ProviderTemplate | None:
    """What the provider approved for this text, else for texts written by hand."""
    if integration is None or message.channel != MessageChannel.SMS:
        return None
    rows = ProviderTemplate.objects.filter(integration=integration, code__in={message.template, ""})
    return max(rows, key=lambda row: row.code, default=None)


@service
def _claim(channel: str) -> Claim | None:
    """Take the message that is due first and judge it as things are now: wishes, stops, hours, way, pace."""
    rows = OutboundMessage.objects.filter(state__in=WAITING_STATES, next_try_at__lte=clock.sql_now())
    if channel:
        rows = rows.filter(channel=channel)
    rows = rows.select_related("store", "integration").order_by("next_try_at", "id")
    message = rows.select_for_update(no_key=True, skip_locked=True, of=("self",)).first()
    if message is None:
        return None
    if why := stop_reason(message):
        message_stop(message, why, by=None)
        return Claim(message)
    if is_channel_stopped(channel=message.channel, store_id=message.store_id):
        return _postpone(message, WaitReason.CHANNEL_OFF, clock.now() + LOOK_AGAIN)
    opens_at = _contact_time(message)
    if opens_at > clock.now():
        return _postpone(message, WaitReason.CONTACT_HOURS, opens_at)
    integration = way_for(message)
    if integration is not None and not (integration.is_active or message.subject == integration.test_subject):
        return _postpone(message, WaitReason.CHANNEL_OFF, clock.now() + LOOK_AGAIN)
    if integration is None and not settings.OUTBOX_PROVIDER:
        return _postpone(message, WaitReason.NO_INTEGRATION, clock.now() + LOOK_AGAIN)
    free_at = _pace(integration)
    if free_at is not None:
        return _postpone(message, WaitReason.PACE, free_at)
    OUTBOX_MACHINE.check(message.state, MessageState.SENDING)
    message.state, message.claimed_at, message.wait_reason = MessageState.SENDING, clock.now(), WaitReason.NONE
    message.attempts += 1
    message.provider = integration.provider if integration else settings.OUTBOX_PROVIDER
    message.integration = integration
    message.save(
        update_fields=["state", "claimed_at", "wait_reason", "attempts", "provider", "integration", "updated_at"]
    )
    return Claim(message, integration, is_to_send=True)


def _contact_time(message: OutboundMessage) -> datetime:
    """Now, or when the store's hours for customers begin. Staff messages and what the law asks for go at any time."""
    now = clock.now()
    if message.store is None or message.purpose in {MessagePurpose.INTERNAL, MessagePurpose.LEGAL}:
        return now
    return clamp_to_contact_hours(now, message.store.contact_from, message.store.contact_until)


def _pace(integration: Integration | None) -> datetime | None:
    """None: go, and this one is counted. Else when the way is free again."""
    if integration is None:
        return None
    now = clock.now()
    if integration.rest_until is not None and integration.rest_until > now:
        return integration.rest_until
    if integration.per_minute is None:
        return None
    row = Integration.objects.select_for_update(no_key=True, of=("self",)).get(pk=integration.pk)
    if row.window_at is None or now >= row.window_at + MINUTE:
        row.window_at, row.window_count = now, 0
    if row.window_count >= (row.per_minute or 0):
        return row.window_at + MINUTE
    row.window_count += 1
    row.save(update_fields=["window_at", "window_count"])
    return None


def _postpone(message: OutboundMessage, why: str, until: datetime) -> Claim:
    if message.wait_reason != why:
        note_attempt(message, AttemptKind.POSTPONED, code=why)
    message.wait_reason, message.next_try_at = why, until
    message.save(update_fields=["wait_reason", "next_try_at", "updated_at"])
    return Claim(message)


@service
def _expire_claims() -> int:
    """Senders that died. Returns how many there were."""
    rows = OutboundMessage.objects.filter(claimed_at__lt=clock.now() - SENDING_TIMEOUT, state=MessageState.SENDING)
    stuck = list(rows.select_for_update(no_key=True, skip_locked=True))
    for message in stuck:
        text = ""
        if PROVIDERS[message.provider].is_repeatable:
            _try_again_later(message, AttemptKind.UNCERTAIN, "sender_died", text)
        else:
            _become_uncertain(message, "sender_died", text)
    return len(stuck)


# ---- what became of it --------------------------------------------------------------------------------------------


def _lock_claimed(message: OutboundMessage) -> OutboundMessage | None:
    """The row, if this try still counts: a late answer is news for an uncertain message, not for a decided one."""
    row = OutboundMessage.objects.select_for_update(no_key=True, of=("self",)).get(pk=message.pk)
    is_open = row.state in {MessageState.SENDING, MessageState.UNCERTAIN}
    if is_open and row.attempts == message.attempts:
        return row
    logger.warning("message %s: a late answer was not needed any more", row.pk)
    return None


@service
def _note_sent(message: OutboundMessage, answer: Answer) -> None:
    row = _lock_claimed(message)
    if row is None:
        return
    OUTBOX_MACHINE.check(row.state, MessageState.SENT)
    row.state, row.provider_key, row.last_error = MessageState.SENT, answer.reference[:80], ""
    row.sent_at, row.next_try_at = clock.now(), None
    row.save(update_fields=["state", "provider_key", "last_error", "sent_at", "next_try_at", "updated_at"])
    note_attempt(row, AttemptKind.SENT, code=answer.code, detail=answer.reference)
    note_success(row.integration_id)


@service
def _note_not_sent(message: OutboundMessage, error: NotSent) -> None:
    row = _lock_claimed(message)
    if row is None:
        return
    if error.is_final:
        _give_up(row, AttemptKind.NOT_SENT, error.code, error.text)
    else:
        _try_again_later(row, AttemptKind.NOT_SENT, error.code, error.text)
        note_failure(row.integration_id, str(error))


@service
def _note_throttled(message: OutboundMessage, error: Throttled) -> None:
    """Not the fault of the message: the try does not count, and the whole way rests."""
    row = _lock_claimed(message)
    if row is None:
        return
    until = clock.now() + timedelta(seconds=error.retry_after_s)
    OUTBOX_MACHINE.check(row.state, MessageState.QUEUED)
    row.state, row.wait_reason, row.next_try_at = MessageState.QUEUED, WaitReason.PACE, until
    row.attempts -= 1
    row.last_error = str(error)[:300]
    row.save(update_fields=["state", "wait_reason", "next_try_at", "attempts", "last_error", "updated_at"])
    note_attempt(row, AttemptKind.NOT_SENT, code=error.code, detail=error.text)
    rest(row.integration_id, until)


@service
def _note_uncertain(message: OutboundMessage, error: Uncertain) -> None:
    row = _lock_claimed(message)
    if row is None:
        return
    if PROVIDERS[row.provider].is_repeatable:
        _try_again_later(row, AttemptKind.UNCERTAIN, error.code, error.text)
    else:
        _become_uncertain(row, error.code, error.text)
    note_failure(row.integration_id, str(error))


def _error(code: str, text: str) -> str:
    return f"{code}: {text}"[:300] if text else code


def _become_uncertain(row: OutboundMessage, code: str, text: str) -> None:
    if row.state == MessageState.UNCERTAIN:
        return  # it was already, since the claim ran out
    OUTBOX_MACHINE.check(row.state, MessageState.UNCERTAIN)
    row.state, row.next_try_at, row.last_error = MessageState.UNCERTAIN, None, _error(code, text)
    row.save(update_fields=["state", "next_try_at", "last_error", "updated_at"])
    note_attempt(row, AttemptKind.UNCERTAIN, code=code, detail=text)
    tell_not_sent(row)


def _try_again_later(row: OutboundMessage, kind: str, code: str, text: str) -> None:
    most = MAX_ATTEMPTS_WEBHOOK if row.channel == MessageChannel.WEBHOOK else MAX_ATTEMPTS
    if row.attempts >= most:
        _give_up(row, kind, code, text)
        return
    OUTBOX_MACHINE.check(row.state, MessageState.FAILED)
    row.state, row.wait_reason = MessageState.FAILED, WaitReason.RETRY
    row.next_try_at = clock.now() + timedelta(minutes=2**row.attempts)
    row.last_error = _error(code, text)
    row.save(update_fields=["state", "wait_reason", "next_try_at", "last_error", "updated_at"])
    note_attempt(row, kind, code=code, detail=text)


def _give_up(row: OutboundMessage, kind: str, code: str, text: str) -> None:
    OUTBOX_MACHINE.check(row.state, MessageState.DEAD)
    row.state, row.wait_reason, row.next_try_at = MessageState.DEAD, WaitReason.NONE, None
    row.last_error = _error(code, text)
    row.save(update_fields=["state", "wait_reason", "next_try_at", "last_error", "updated_at"])
    note_attempt(row, kind, code=code, detail=text)
    tell_not_sent(row)
