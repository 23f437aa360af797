"""Base model and the few tables that belong to no business app."""

import uuid
from functools import cache
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _

from core import clock
from core.encryption import EncryptedTextField
from core.enums import AccessAction, AccessResult
from core.tracking import tracked
from core.triggers import append_only


class TimeStampedModel(models.Model):
    """Bigint key for joins, UUID for the outside, when it was written and when it last changed."""

    uid = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        abstract = True

    def _get_FIELD_display(self, field: Any) -> Any:
        """The label of the chosen value. Django's own way translates every choice to find one: a seventh of the time
        of a list."""
        value = getattr(self, field.attname)
        return force_str(_labels(field).get(value, value), strings_only=True)


@cache
def _labels(field: Any) -> dict[Any, Any]:
    return dict(reversed(field.flatchoices))  # of two labels for a value, the first


@tracked()
class BusinessDay(models.Model):
    """A day that differs from the weekday rule: public holiday or make-up workday. Editable by administrators."""

    on = models.DateField(_("day"), unique=True)
    is_workday = models.BooleanField(_("is a workday"))
    label = models.CharField(_("label"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("business day")
        verbose_name_plural = _("business days")
        ordering = ["on"]

    def __str__(self) -> str:
        return f"{self.on} {self.label}"


class Heartbeat(models.Model):
    """Written by a sweep after a real claim cycle, so a worker that is alive but deaf is seen (reliability.md 2.1)."""

    name = models.CharField(_("name"), max_length=60, primary_key=True)
    beat_at = models.DateTimeField(_("last beat"))
    detail = models.JSONField(_("detail"), default=dict, blank=True)

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.name


class JobRun(models.Model):
    """One run of a once-a-day job; the unique pair makes restarts and two beats harmless."""

    job = models.CharField(_("job"), max_length=60)
    local_on = models.DateField(_("local day"))
    started_at = models.DateTimeField(_("started at"), default=clock.now)
    detail = models.JSONField(_("detail"), default=dict, blank=True)

    class Meta:
        verbose_name = _("job run")
        verbose_name_plural = _("job runs")
        constraints = [models.UniqueConstraint(fields=["job", "local_on"], name="jobrun_once_a_day")]

    def __str__(self) -> str:
        return f"{self.job} {self.local_on}"


class RateCounter(models.Model):
    """How often one key was used in its present window (core.rate_limits). Rows of past windows are swept."""

    scope = models.CharField(_("scope"), max_length=40)
    key = models.CharField(_("key"), max_length=120)
    hits = models.PositiveIntegerField(_("hits"), default=0)
    expires_at = models.DateTimeField(_("window ends at"))

    class Meta:
        verbose_name = _("rate counter")
        verbose_name_plural = _("rate counters")
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="ratecounter_one_per_key")]
        indexes = [models.Index(fields=["expires_at"], name="ratecounter_expires")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"


class AccessLogEntry(models.Model):
    """Who looked at protected data, when and why. Append-only: the database refuses UPDATE and DELETE.

    Written by core.access_log only. `store` is the actor's; customer and store are plain numbers, so that the ground
    floor knows neither of their apps. Not partitioned: see docs/adr/0006.
    """

    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("actor"))
    store_id = models.BigIntegerField(_("store"), null=True)
    action = models.CharField(_("action"), max_length=30, choices=AccessAction)
    customer_id = models.BigIntegerField(_("customer"), null=True)
    subject_type = models.CharField(_("subject type"), max_length=60)
    subject_id = models.BigIntegerField(_("subject"))
    field = models.CharField(_("field"), max_length=40, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    result = models.CharField(
        _("result"), max_length=20, choices=AccessResult, default=AccessResult.OK, db_default=AccessResult.OK
    )
    session = models.CharField(_("session"), max_length=16, blank=True, db_default="")
    device = models.CharField(_("device"), max_length=60, blank=True, db_default="")
    user_agent = models.CharField(_("browser"), max_length=60, blank=True, db_default="")
    ip = models.GenericIPAddressField(_("address"), null=True, blank=True)
    # The hour of a page view, None for everything else: one row for each person, customer and hour.
    seen_hour = models.DateTimeField(_("hour of the view"), null=True, blank=True)
    occurred_at = models.DateTimeField(_("occurred at"), default=clock.now)

    class Meta:
        verbose_name = _("access log entry")
        verbose_name_plural = _("access log")
        constraints = [
            models.UniqueConstraint(
                fields=["actor", "customer_id", "seen_hour"],
                condition=Q(seen_hour__isnull=False),
                name="accesslog_view_once_an_hour",
            )
        ]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "-occurred_at"], name="accesslog_subject"),
            # Who saw this customer; what did this person, this store look at. Each in the order of the pages.
            models.Index(
                fields=["customer_id", "-occurred_at", "-id"],
                condition=Q(customer_id__isnull=False),
                name="accesslog_customer",
            ),
            models.Index(fields=["actor", "-occurred_at", "-id"], name="accesslog_actor_time"),
            models.Index(fields=["store_id", "-occurred_at", "-id"], name="accesslog_store"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type}:{self.subject_id}"


class PrivateFile(TimeStampedModel):
    """A file that belongs to somebody; its bytes are on disk, encrypted with the key of this row (core.private_files).

    The name that the uploader's file had is not kept: people put names and numbers into it. `owner_type` is
    "app.Model". Without `wrapped_key` nothing of the file can be read any more, wherever copies of it are.
    """

    owner_type = models.CharField(_("belongs to"), max_length=60)
    owner_id = models.BigIntegerField(_("belongs to number"))
    kind = models.CharField(_("kind"), max_length=20)
    purpose = models.CharField(_("purpose"), max_length=20, blank=True)
    storage_name = models.CharField(_("name on disk"), max_length=32, unique=True, editable=False)
    wrapped_key = EncryptedTextField(_("key of the file"), null=True)
    media_type = models.CharField(_("media type"), max_length=40)
    size_bytes = models.PositiveIntegerField(_("size (bytes)"))
    width = models.PositiveIntegerField(_("width (pixels)"), default=0)
    height = models.PositiveIntegerField(_("height (pixels)"), default=0)
    sha256 = models.CharField(_("digest"), max_length=64)
    retain_until = models.DateField(_("kept until"), null=True, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("uploaded by")
    )
    shredded_at = models.DateTimeField(_("deleted at"), null=True, blank=True, editable=False)
    shredded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("deleted by"),
    )
    shred_reason = models.CharField(_("reason of the deletion"), max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = _("private file")
        verbose_name_plural = _("private files")
        constraints = [
            models.CheckConstraint(
                condition=Q(wrapped_key__isnull=True, shredded_at__isnull=False)
                | Q(wrapped_key__isnull=False, shredded_at__isnull=True),
                name="privatefile_shredded_has_no_key",
            ),
            models.CheckConstraint(condition=~Q(owner_type=""), name="privatefile_has_an_owner"),
        ]
        indexes = [
            models.Index(
                fields=["owner_type", "owner_id", "id"], condition=Q(shredded_at=None), name="privatefile_owner"
            ),
            models.Index(fields=["retain_until"], condition=Q(shredded_at=None), name="privatefile_retention"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.owner_type}:{self.owner_id}"

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith("image/")
