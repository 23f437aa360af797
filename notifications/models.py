"""The inbox of each person and the outbox to the world outside."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.models import TimeStampedModel
from notifications.enums import MessageChannel, MessageState, NoticeKind
from notifications.querysets import NotificationQuerySet


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


class MessageTemplate(TimeStampedModel):
    """A text to customers with named placeholders ({customer}, {store}, {consultant}, {model}); dated."""

    code = models.SlugField(_("code"), max_length=30)
    channel = models.CharField(_("channel"), max_length=10, choices=MessageChannel, default=MessageChannel.SMS)
    name_zh = models.CharField(_("name (Chinese)"), max_length=40)
    name_en = models.CharField(_("name (English)"), max_length=40)
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


class OutboundMessage(TimeStampedModel):
    """Something to be sent outside, written in the transaction that decided it and sent later by a worker."""

    channel = models.CharField(_("channel"), max_length=10, choices=MessageChannel)
    recipient = models.CharField(_("recipient"), max_length=100)
    body = models.TextField(_("text"))
    subject = models.CharField(_("subject"), max_length=60, blank=True)
    idempotency_key = models.CharField(_("key against doubles"), max_length=120, unique=True)
    state = models.CharField(
        _("state"), max_length=10, choices=MessageState, default=MessageState.QUEUED, editable=False
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

    class Meta:
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outgoing messages")
        indexes = [
            models.Index(
                fields=["next_try_at", "id"],
                condition=Q(state__in=[MessageState.QUEUED, MessageState.SENDING]),
                name="outbox_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"
