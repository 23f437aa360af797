"""Base model and the few tables that belong to no business app."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _

from core import clock
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
        label = next((label for choice, label in field.flatchoices if choice == value), value)
        return force_str(label, strings_only=True)


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


class AccessLogEntry(models.Model):
    """Who looked at protected data, when and why. Append-only: the database refuses UPDATE and DELETE."""

    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("actor"))
    action = models.CharField(_("action"), max_length=30)
    subject_type = models.CharField(_("subject type"), max_length=60)
    subject_id = models.BigIntegerField(_("subject"))
    field = models.CharField(_("field"), max_length=40, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    ip = models.GenericIPAddressField(_("address"), null=True, blank=True)
    occurred_at = models.DateTimeField(_("occurred at"), default=clock.now)

    class Meta:
        verbose_name = _("access log entry")
        verbose_name_plural = _("access log")
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "-occurred_at"], name="accesslog_subject"),
            models.Index(fields=["actor", "-occurred_at"], name="accesslog_actor"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.action} {self.subject_type}:{self.subject_id}"
