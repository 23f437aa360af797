"""Ways to the outside as data: set up, tried out, switched off, and the emergency stop of a channel."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError
from core.text import clean_text
from core.transactions import service
from notifications.enums import (
    CHANNEL_OF,
    PARAMETERS,
    WAITING_STATES,
    MessageChannel,
    MessagePurpose,
    OutEvent,
    ProviderName,
    WaitReason,
)
from notifications.models import ChannelPause, Integration, OutboundMessage, ProviderTemplate
from notifications.policies import ensure_can_change_ways_of
from notifications.providers import NotSent
from notifications.providers.http import check_shape
from notifications.services.health import subject_of
from notifications.services.inbox import notices_done
from notifications.services.outbox import message_queue
from notifications.services.publish import body_of
from staff.models import User

SECRET_LENGTH = 16


@dataclass(frozen=True)
class IntegrationInput:
    """What an administrator typed. `secret` "": as it was. `per_minute` None: as fast as it goes."""

    name: str
    store_id: int | None
    parameters: Mapping[str, str] = field(default_factory=dict)
    secret: str = ""
    events: Sequence[str] = ()
    per_minute: int | None = None
    alert_after: int = 3


@service
def integration_create(*, provider: str, data: IntegrationInput, by: User) -> Integration:
    """Set up a way to the outside; it is in use from now on. Raises PermissionDenied, ValidationError."""
    ensure_can_change_ways_of(by, data.store_id)
    row = Integration(provider=provider, channel=CHANNEL_OF[provider])
    if not data.secret and provider != ProviderName.SMTP:
        raise DomainError(_("Enter the secret."), field="secret")
    _fill(row, data)
    _save(row)
    return row


@service
def integration_update(*, integration_id: int, data: IntegrationInput, by: User) -> Integration:
    """Change the settings; an empty secret leaves the stored one. Raises PermissionDenied, ValidationError."""
    row = _lock(integration_id, by=by)
    ensure_can_change_ways_of(by, data.store_id)
    _fill(row, data)
    _save(row)
    return row


@service
def integration_switch(*, integration_id: int, is_active: bool, by: User) -> Integration:
    """Use it or not. Switched on again, what waited for it goes at once. Raises PermissionDenied, ValidationError."""
    row = _lock(integration_id, by=by)
    if row.is_active == is_active:
        return row
    row.is_active = is_active
    row.rest_until = None
    row.failures, row.failing_since, row.told_at = 0, None, None
    _validate(row)
    _save(row)
    notices_done(subjects=[subject_of(row.pk)])
    if is_active:
        _wake(row.channel, row.store_id)
    return row


@service
def integration_test(*, integration_id: int, recipient: str = "", by: User) -> OutboundMessage:
    """Queue a test to oneself, on the same road as every message. Returns it; its state is the result.

    `recipient`: for e-mail the own address; a text message goes to the person's own phone.
    Raises PermissionDenied, DomainError.
    """
    row = _lock(integration_id, by=by)
    address = _test_address(row, recipient, by)
    text = _now("Test from Shuncheng by %(name)s: this integration works.") % {"name": by.name}
    key = f"test:{uuid.uuid4()}"
    is_webhook = row.channel == MessageChannel.WEBHOOK
    message_queue(
        channel=row.channel,
        recipient=address,
        body=body_of("test", clock.now(), {"integration": row.pk}) if is_webhook else text,
        title="test" if is_webhook else _now("Test from Shuncheng"),
        subject=row.test_subject,
        idempotency_key=key,
        by=by,
        store_id=row.store_id,
        purpose=MessagePurpose.INTERNAL,
        integration_id=row.pk,
    )
    return OutboundMessage.objects.get(idempotency_key=key)


def _test_address(row: Integration, recipient: str, by: User) -> str:
    if row.channel == MessageChannel.SMS:
        if not by.phone:
            raise DomainError(_("Your own account has no phone number to send a test to."), field="recipient")
        return by.phone
    if row.channel == MessageChannel.EMAIL:
        if not recipient:
            raise DomainError(_("Enter your own e-mail address."), field="recipient")
        return recipient
    return row.name


@service
def provider_template_save(
    *, integration_id: int, code: str, provider_code: str, sign_name: str, placeholders: Sequence[str], by: User
) -> ProviderTemplate:
    """Say how the provider calls one of our texts; the same text again replaces it. Raises ValidationError."""
    integration = _lock(integration_id, by=by)
    row = ProviderTemplate.objects.filter(integration=integration, code=code).first() or ProviderTemplate(
        integration=integration, code=code
    )
    row.provider_code, row.sign_name = clean_text(provider_code), clean_text(sign_name)
    row.placeholders = list(placeholders)
    row.full_clean(exclude=["integration"])
    row.save()
    return row


@service
def provider_template_remove(*, template_id: int, by: User) -> None:
    row = ProviderTemplate.objects.select_related("integration").get(pk=template_id)
    _lock(row.integration_id, by=by)
    row.delete()


@service
def channel_stop(*, channel: str, store_id: int | None, reason: str, by: User) -> ChannelPause:
    """Nothing of this channel leaves until it is let go again. Raises PermissionDenied, ValidationError."""
    ensure_can_change_ways_of(by, store_id)
    row = ChannelPause(channel=channel, store_id=store_id, reason=clean_text(reason), paused_by=by)
    if not row.reason:
        raise DomainError(_("Say why."), field="reason")
    row.clean_fields(exclude=["store", "paused_by", "resumed_by"])
    ChannelPause.objects.bulk_create([row], ignore_conflicts=True)  # two who press it at once stop it once
    return ChannelPause.objects.get(channel=channel, store=store_id, resumed_at=None)


@service
def channel_resume(*, pause_id: int, by: User) -> int:
    """Let the messages go that waited; returns how many. Raises PermissionDenied."""
    row = ChannelPause.objects.select_for_update(no_key=True, of=("self",)).get(pk=pause_id)
    ensure_can_change_ways_of(by, row.store_id)
    if row.resumed_at is not None:
        return 0
    row.resumed_at, row.resumed_by = clock.now(), by
    row.save(update_fields=["resumed_at", "resumed_by", "updated_at"])
    return _wake(row.channel, row.store_id)


def _lock(integration_id: int, *, by: User) -> Integration:
    row = Integration.objects.select_for_update(no_key=True, of=("self",)).get(pk=integration_id)
    ensure_can_change_ways_of(by, row.store_id)
    return row


def _wake(channel: str, store_id: int | None) -> int:
    rows = OutboundMessage.objects.filter(
        channel=channel,
        state__in=WAITING_STATES,
        wait_reason__in=[WaitReason.CHANNEL_OFF, WaitReason.NO_INTEGRATION, WaitReason.PACE],
    )
    if store_id is not None:
        rows = rows.filter(store=store_id)
    return rows.update(next_try_at=clock.now())


def _fill(row: Integration, data: IntegrationInput) -> None:
    row.name, row.store_id = clean_text(data.name), data.store_id
    row.parameters = {name: clean_text(value) for name, value in data.parameters.items() if clean_text(value)}
    row.events = [event for event in OutEvent.values if event in data.events]
    row.per_minute, row.alert_after = data.per_minute, max(1, data.alert_after)
    if data.secret:
        row.secret, row.secret_set_at = _secret(row.provider, data.secret), clock.now()
    _check_parameters(row)
    _validate(row)


def _secret(provider: str, typed: str) -> str:
    """The key out of a robot's whole address; a webhook's must be long enough to be none that is guessed."""
    text = typed.strip()
    if provider == ProviderName.WECOM_ROBOT and "://" in text:
        return parse_qs(urlsplit(text).query).get("key", [""])[0]
    if provider == ProviderName.WEBHOOK and len(text) < SECRET_LENGTH:
        raise DomainError(
            _("The secret needs at least %(length)s characters."), field="secret", params={"length": SECRET_LENGTH}
        )
    return text


def _check_parameters(row: Integration) -> None:
    needed, _optional = PARAMETERS[row.provider]
    for name in needed:
        if not row.parameters.get(name):
            raise DomainError(_("This is needed."), field=name)
    for name in ("url", "endpoint"):
        if row.parameters.get(name):
            try:
                check_shape(row.parameters[name])
            except NotSent:
                raise DomainError(_("This is no address that can be called."), field=name) from None


def _save(row: Integration) -> None:
    """Two who set up the same way in one moment: the unique index decides, and the second is told."""
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise DomainError(
            _("There is one in use for this channel and store; switch it off first."), code="taken"
        ) from error


def _validate(row: Integration) -> None:
    """Messages of the database's rules stand at the form, not at a field that it may not have."""
    try:
        row.full_clean(exclude=["secret"])
    except ValidationError as error:
        known = {"name", "per_minute", "alert_after", NON_FIELD_ERRORS}
        if set(error.message_dict) <= known:
            raise
        raise ValidationError(error.messages) from error
