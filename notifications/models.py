"""The inbox of each person and the outbox to the world outside."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from core.encryption import EncryptedTextField
from core.models import TimeStampedModel
from core.tracking import tracked
from core.triggers import append_only
from notifications.enums import (
    PROVIDERS_OF,
    SINGLE_CHANNELS,
    WAITING_STATES,
    AttemptKind,
    MessageChannel,
    MessagePurpose,
    MessageState,
    NoticeKind,
    OutEvent,
    ProviderName,
    StopReason,
    WaitReason,
)
from notifications.querysets import IntegrationQuerySet, NotificationQuerySet, OutboxQuerySet


class Notification(TimeStampedModel):
    """One line in somebody's inbox. `dedupe_key` makes each reminder step arrive exactly once."""

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications", verbose_name=_("recipient")
    )
    kind = models.CharField(_("kind"), max_length=30, choices=NoticeKind)
    data = models.JSONField(_("data"), default=dict)
    url = models.CharField(_("link"), max_length=200, blank=True)
    subject = models.CharField(_("subject"), max_length=60, blank=True)  # "followups.FollowUp:17"
    dedupe_key = models.CharField(_("key against doubles"), max_length=120, unique=True, null=True, blank=True)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    snoozed_until = models.DateTimeField(_("snoozed until"), null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        indexes = [
            models.Index(fields=["recipient", "-created_at", "-id"], condition=Q(done_at=None), name="notice_inbox"),
            models.Index(fields=["recipient"], condition=Q(done_at=None, read_at=None), name="notice_unread"),
            models.Index(fields=["subject"], condition=Q(done_at=None), name="notice_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.recipient_id}"


@tracked()
class MessageTemplate(TimeStampedModel):
    """A text to customers with named placeholders ({customer}, {store}, {consultant}, {model}); dated."""

    code = models.SlugField(_("code"), max_length=30)
    channel = models.CharField(_("channel"), max_length=10, choices=MessageChannel, default=MessageChannel.SMS)
    name_zh = models.CharField(_("name (Chinese)"), max_length=40)
    name_en = models.CharField(_("name (English)"), max_length=40)
    purpose = models.CharField(
        _("purpose"),
        max_length=10,
        choices=MessagePurpose,
        default=MessagePurpose.SERVICE,
        db_default=MessagePurpose.SERVICE,
    )
    body = models.TextField(_("text"), max_length=500)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid until"), null=True, blank=True)
    sort_order = models.PositiveSmallIntegerField(_("order"), default=100)

    class Meta:
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")
        ordering = ["sort_order", "code"]
        constraints = [models.UniqueConstraint(fields=["code", "valid_from"], name="template_version_once")]

    def __str__(self) -> str:
        return self.code


# The state of the connection, not a setting: it changes with every message.
_HEALTH = [
    "rest_until", "window_at", "window_count", "failures", "failing_since", "told_at", "last_ok_at", "last_error",
]  # fmt: skip


@tracked(exclude=["secret", "updated_at", *_HEALTH])
class Integration(TimeStampedModel):
    """A way to the world outside: which provider, with which settings, for one store or for all.

    `secret` is written and never shown again. `rest_until`: the provider asked for a pause. `told_at`: the
    administrators know that it fails; empty again as soon as something went through.
    """

    name = models.CharField(_("name"), max_length=60)
    channel = models.CharField(_("channel"), max_length=10, choices=MessageChannel)
    provider = models.CharField(_("provider"), max_length=20, choices=ProviderName)
    store = models.ForeignKey(
        "staff.Store", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("store")
    )
    parameters = models.JSONField(_("settings"), default=dict, blank=True)
    secret = EncryptedTextField(_("secret"), null=True, blank=True)
    secret_set_at = models.DateTimeField(_("secret set at"), null=True, blank=True, editable=False)
    events = ArrayField(
        models.CharField(max_length=30, choices=OutEvent), verbose_name=_("events"), default=list, blank=True
    )
    is_active = models.BooleanField(_("in use"), default=True)
    per_minute = models.PositiveSmallIntegerField(_("at most a minute"), null=True, blank=True)
    alert_after = models.PositiveSmallIntegerField(_("tell administrators after so many failures"), default=3)
    rest_until = models.DateTimeField(_("rests until"), null=True, blank=True, editable=False)
    window_at = models.DateTimeField(_("minute counted"), null=True, blank=True, editable=False)
    window_count = models.PositiveIntegerField(_("sent in that minute"), default=0, editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True, editable=False)
    told_at = models.DateTimeField(_("administrators told at"), null=True, blank=True, editable=False)
    last_ok_at = models.DateTimeField(_("last success at"), null=True, blank=True, editable=False)
    last_error = models.CharField(_("last error"), max_length=300, blank=True, editable=False)

    objects = IntegrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("integration")
        verbose_name_plural = _("integrations")
        ordering = ["channel", "name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "store"],
                condition=Q(is_active=True, channel__in=SINGLE_CHANNELS),
                nulls_distinct=False,
                name="integration_one_way_per_store",
                violation_error_message=_("There is one in use for this channel and store; switch it off first."),
            ),
            models.CheckConstraint(
                condition=Q(
                    *(Q(channel=key, provider__in=found) for key, found in PROVIDERS_OF.items()), _connector="OR"
                ),
                name="integration_provider_fits_channel",
            ),
            models.CheckConstraint(
                condition=Q(events__contained_by=[event.value for event in OutEvent]), name="integration_events_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def light(self) -> str:
        """ "off", "bad" (fails now), "new" (never proved itself) or "ok"."""
        if not self.is_active:
            return "off"
        if self.failures:
            return "bad"
        return "ok" if self.last_ok_at else "new"

    @property
    def test_subject(self) -> str:
        """What a test message is about; it goes also while the integration is switched off."""
        return f"notifications.Integration:{self.pk}:test"


@tracked(exclude=["updated_at"])
class ProviderTemplate(TimeStampedModel):
    """How a provider calls one of our texts. Providers of text messages send only texts that they approved.

    `code`: of a MessageTemplate; "" is for texts written by hand. `placeholders`: which of our values go into the
    provider's text, in its order; "body" is the whole text.
    """

    integration = models.ForeignKey(
        Integration, models.CASCADE, related_name="templates", verbose_name=_("integration")
    )
    code = models.SlugField(_("our text"), max_length=30, blank=True)
    provider_code = models.CharField(_("provider's template code"), max_length=60)
    sign_name = models.CharField(_("signature"), max_length=30, blank=True)
    placeholders = ArrayField(models.SlugField(max_length=30), verbose_name=_("values"), default=list, blank=True)

    class Meta:
        verbose_name = _("template of a provider")
        verbose_name_plural = _("templates of providers")
        ordering = ["code"]
        constraints = [models.UniqueConstraint(fields=["integration", "code"], name="provider_template_once")]

    def __str__(self) -> str:
        return self.provider_code


class ChannelPause(TimeStampedModel):
    """The emergency stop of a channel: its messages wait until it is let go again. `store` None: everywhere."""

    channel = models.CharField(_("channel"), max_length=10, choices=MessageChannel)
    store = models.ForeignKey(
        "staff.Store", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("store")
    )
    reason = models.CharField(_("reason"), max_length=200)
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("stopped by")
    )
    resumed_at = models.DateTimeField(_("let go again at"), null=True, blank=True, editable=False)
    resumed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("let go again by")
    )

    class Meta:
        verbose_name = _("stop of a channel")
        verbose_name_plural = _("stops of channels")
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "store"],
                condition=Q(resumed_at=None),
                nulls_distinct=False,
                name="channel_stopped_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.created_at:%Y-%m-%d %H:%M}"


class OutboundMessage(TimeStampedModel):
    """Something to be sent outside, written in the transaction that decided it and sent later by a worker.

    `recipient` is what people may see of the address ("138****5678"), `address` the address itself. `addressee`: whose
    wishes count, "customers.Customer:17"; "" for staff and systems. `subject`: what it is about.
    """

    channel = models.CharField(_("channel"), max_length=10, choices=MessageChannel)
    purpose = models.CharField(
        _("purpose"), max_length=10, choices=MessagePurpose, default=MessagePurpose.SERVICE, db_default="service"
    )
    store = models.ForeignKey("staff.Store", models.PROTECT, null=True, related_name="+", verbose_name=_("store"))
    integration = models.ForeignKey(
        Integration, models.PROTECT, null=True, related_name="messages", verbose_name=_("integration")
    )
    recipient = models.CharField(_("recipient"), max_length=100)
    address = EncryptedTextField(_("address"), null=True)
    addressee = models.CharField(_("whose wishes count"), max_length=60, blank=True, db_default="")
    title = models.CharField(_("heading"), max_length=120, blank=True, db_default="")
    body = models.TextField(_("text"))
    template = models.CharField(_("template"), max_length=30, blank=True, db_default="")
    template_values = models.JSONField(_("values of the template"), null=True, blank=True)
    subject = models.CharField(_("subject"), max_length=60, blank=True)
    idempotency_key = models.CharField(_("key against doubles"), max_length=120, unique=True)
    state = models.CharField(
        _("state"), max_length=10, choices=MessageState, default=MessageState.QUEUED, editable=False
    )
    wait_reason = models.CharField(
        _("waits because"), max_length=20, choices=WaitReason, blank=True, db_default="", editable=False
    )
    stop_reason = models.CharField(
        _("stopped because"), max_length=20, choices=StopReason, blank=True, db_default="", editable=False
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, editable=False)
    next_try_at = models.DateTimeField(_("next try at"), null=True, blank=True, editable=False)
    claimed_at = models.DateTimeField(_("claimed at"), null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True, editable=False)
    provider = models.CharField(_("provider"), max_length=20, blank=True, editable=False)
    provider_key = models.CharField(_("provider's key"), max_length=80, blank=True, editable=False)
    last_error = models.CharField(_("last error"), max_length=300, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("created by")
    )

    objects = OutboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outgoing messages")
        indexes = [
            models.Index(
                fields=["channel", "next_try_at", "id"],
                condition=Q(state__in=WAITING_STATES),
                name="outbox_ready",
            ),
            models.Index(fields=["claimed_at"], condition=Q(state=MessageState.SENDING), name="outbox_claimed"),
            models.Index(fields=["-created_at", "-id"], name="outbox_newest"),
            models.Index(fields=["state", "-created_at", "-id"], name="outbox_state"),
            models.Index(fields=["subject"], condition=~Q(subject=""), name="outbox_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"


class MessageAttempt(models.Model):
    """One line in the life of a message: a try and the provider's answer, or what a person did. Append-only."""

    message = models.ForeignKey(OutboundMessage, models.PROTECT, related_name="tries", verbose_name=_("message"))
    kind = models.CharField(_("kind"), max_length=15, choices=AttemptKind)
    occurred_at = models.DateTimeField(_("occurred at"), default=clock.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("done by")
    )
    provider = models.CharField(_("provider"), max_length=20, blank=True)
    code = models.CharField(_("answer"), max_length=60, blank=True)
    detail = models.CharField(_("detail"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("try of a message")
        verbose_name_plural = _("tries of messages")
        indexes = [models.Index(fields=["message", "id"], name="attempt_of_message")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.kind} {self.code}"
