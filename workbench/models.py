"""Customer lists that were taken away as a file: who, what, why, and until when the file exists (R-877)."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.encryption import EncryptedTextField
from core.models import TimeStampedModel
from core.tracking import tracked
from workbench.enums import OPEN_STATES, ExportFormat, ExportState, RefusedBecause


@tracked()
class ExportRule(TimeStampedModel):
    """How much may be taken away without a second person; dated, the latest that is in force counts."""

    rows_without_approval = models.PositiveIntegerField(_("rows without approval"), default=50)
    rows_at_most = models.PositiveIntegerField(_("rows at most"), default=20_000)
    link_hours = models.PositiveSmallIntegerField(_("hours until the file is deleted"), default=24)
    decide_within_hours = models.PositiveSmallIntegerField(_("hours until a request lapses"), default=48)
    valid_from = models.DateField(_("valid from"), unique=True)

    class Meta:
        verbose_name = _("rule for exports")
        verbose_name_plural = _("rules for exports")
        ordering = ["-valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=Q(rows_at_most__gte=1, link_hours__gte=1, decide_within_hours__gte=1),
                name="exportrule_makes_sense",
            )
        ]

    def __str__(self) -> str:
        return str(self.valid_from)


class CustomerExport(TimeStampedModel):
    """One file with customers. The rows are chosen when it is asked for, so that what was approved is what is given.

    `rights`: role, scope, store and team of the person at that moment; with others nothing is given.
    """

    store = models.ForeignKey("staff.Store", models.PROTECT, related_name="+", verbose_name=_("store"))
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by"), db_index=False
    )
    view = models.CharField(_("view"), max_length=20)
    filters = models.JSONField(_("filters"), default=dict, blank=True)
    file_format = models.CharField(_("format"), max_length=4, choices=ExportFormat)
    with_phones = models.BooleanField(_("full phone numbers"), default=False)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    fingerprint = models.CharField(_("fingerprint of the question"), max_length=64, editable=False)
    rights = models.JSONField(_("rights of the person then"), default=dict, editable=False)
    row_ids = ArrayField(models.BigIntegerField(), verbose_name=_("chosen rows"), default=list, editable=False)
    state = models.CharField(
        pgettext_lazy("export", "state"), max_length=10, choices=ExportState, default=ExportState.QUEUED, editable=False
    )
    refused_because = models.CharField(
        _("why not given"), max_length=10, choices=RefusedBecause, blank=True, editable=False
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        db_index=False,
        verbose_name=_("approved by"),
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, editable=False)
    next_try_at = models.DateTimeField(_("next try at"), null=True, editable=False)
    row_count = models.PositiveIntegerField(_("rows"), default=0, editable=False)
    ready_at = models.DateTimeField(_("ready at"), null=True, editable=False)
    expires_at = models.DateTimeField(_("deleted at"), null=True, editable=False)
    content = EncryptedTextField(_("file"), null=True)  # base64 of the file
    download_count = models.PositiveIntegerField(_("downloads"), default=0, editable=False)
    last_error = models.CharField(_("last error"), max_length=300, blank=True, editable=False)

    class Meta:
        verbose_name = _("export of customers")
        verbose_name_plural = _("exports of customers")
        constraints = [
            models.UniqueConstraint(
                fields=["requested_by", "fingerprint"],
                condition=Q(state__in=OPEN_STATES),
                name="export_same_once_at_a_time",
            ),
            # the file exists while it may be fetched, and never longer
            models.CheckConstraint(
                condition=Q(state=ExportState.READY, content__isnull=False, expires_at__isnull=False)
                | ~Q(state=ExportState.READY) & Q(content__isnull=True),
                name="export_file_only_while_ready",
            ),
        ]
        indexes = [
            models.Index(fields=["requested_by", "-created_at"], name="export_requester"),
            models.Index(fields=["next_try_at"], condition=Q(state=ExportState.QUEUED), name="export_due"),
            models.Index(fields=["expires_at"], condition=Q(state=ExportState.READY), name="export_expiring"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What stands in the file and in the log."""
        return f"E{self.pk:06}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def is_ready(self) -> bool:
        return self.state == ExportState.READY


class DayTally(models.Model):
    """What one person did in one store on one day that is over; the figures of the month add them up.

    Counted by tally_close_next and again whenever something about the day changes afterwards: see ReopenedDay.
    """

    store = models.ForeignKey("staff.Store", models.CASCADE, related_name="+", verbose_name=_("store"), db_index=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+", verbose_name=_("person"), db_index=False
    )
    on = models.DateField(_("day"))
    in_time = models.PositiveIntegerField(_("callbacks in time"))
    late = models.PositiveIntegerField(_("callbacks done late"))
    customers = models.PositiveIntegerField(_("new customers"))
    visits = models.PositiveIntegerField(_("visits"))
    contacts = models.PositiveIntegerField(_("contacts"))

    class Meta:
        verbose_name = _("figures of a day")
        verbose_name_plural = _("figures of days")
        constraints = [
            models.UniqueConstraint(fields=["store", "on", "person"], name="daytally_once", nulls_distinct=False)
        ]
        indexes = [models.Index(fields=["person", "on"], name="daytally_person")]

    def __str__(self) -> str:
        return f"{self.on} {self.person_id}"


class ClosedDay(models.Model):
    """A day that is counted, in every store."""

    on = models.DateField(_("day"), primary_key=True)

    class Meta:
        verbose_name = _("counted day")
        verbose_name_plural = _("counted days")

    def __str__(self) -> str:
        return str(self.on)


class ReopenedDay(models.Model):
    """Something about a counted day of a store changed: until it is counted again its figures are not used.

    Written by triggers in the transaction of the change, whoever changes it; more than once for a day does no harm.
    """

    store = models.ForeignKey("staff.Store", models.CASCADE, related_name="+", verbose_name=_("store"), db_index=False)
    on = models.DateField(_("day"))

    class Meta:
        verbose_name = _("day to count again")
        verbose_name_plural = _("days to count again")
        indexes = [models.Index(fields=["on", "store"], name="reopenedday_on")]

    def __str__(self) -> str:
        return f"{self.on} {self.store_id}"
