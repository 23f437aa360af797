"""Requests of customers about their data, and how long which data is kept (reliability.md 1.1, 4.5)."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from core import clock
from core.models import TimeStampedModel
from core.tracking import tracked
from core.triggers import append_only
from privacy.enums import OPEN_STATES, DataClass, RequestKind, RequestState, RunState


class PrivacyRequest(TimeStampedModel):
    """A customer asks for a copy of the data or for its erasure. Answered within `due_on` (15 working days)."""

    store = models.ForeignKey("staff.Store", models.PROTECT, related_name="+", verbose_name=_("store"))
    customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, related_name="privacy_requests", verbose_name=_("customer")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=RequestKind)
    state = models.CharField(
        _("state"), max_length=10, choices=RequestState, default=RequestState.WAITING, editable=False
    )
    asked_on = models.DateField(_("asked by the customer on"))
    asked_how = models.CharField(_("how the customer asked and was recognised"), max_length=200)
    due_on = models.DateField(_("to be answered by"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, editable=False)
    comment = models.CharField(_("answer"), max_length=500, blank=True, editable=False)
    done_at = models.DateTimeField(_("done at"), null=True, editable=False)
    evidence = models.JSONField(_("evidence"), default=dict, editable=False)  # counts by kind of row; no personal data

    class Meta:
        verbose_name = _("privacy request")
        verbose_name_plural = _("privacy requests")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "kind"], condition=Q(state__in=OPEN_STATES), name="privacy_request_one_open"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("recorded_by")),
                name="privacy_request_decided_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state=RequestState.DONE) | Q(done_at__isnull=False, decided_by__isnull=False),
                name="privacy_request_done_was_decided",
            ),
        ]
        indexes = [models.Index(fields=["store", "due_on"], condition=Q(state__in=OPEN_STATES), name="privacy_open")]

    def __str__(self) -> str:
        return f"{self.kind} {self.customer_id}"

    @property
    def is_late(self) -> bool:
        return self.state in OPEN_STATES and self.due_on < clock.today()


@tracked(exclude=["updated_at"])
class RetentionRule(TimeStampedModel):
    """How long one kind of data is kept, dated. One version at a time."""

    data_class = models.CharField(_("data"), max_length=20, choices=DataClass)
    keep_days = models.PositiveIntegerField(_("kept for (days)"))
    is_active = models.BooleanField(_("is deleted afterwards"), default=True)
    is_legally_checked = models.BooleanField(_("checked by a lawyer"), default=False)
    source = models.CharField(_("why this long"), max_length=120, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid until"), null=True, blank=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("set by")
    )

    class Meta:
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        constraints = [
            models.CheckConstraint(condition=Q(keep_days__gte=1), name="retention_keeps_a_day"),
            ExclusionConstraint(
                name="retention_one_at_a_time",
                expressions=[
                    ("data_class", RangeOperators.EQUAL),
                    (
                        Func(F("valid_from"), F("valid_to"), function="DATERANGE", output_field=DateRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.data_class} {self.keep_days}"


class RetentionRun(TimeStampedModel):
    """What one day of one rule found and removed: the evidence that periods are kept. No personal data in it."""

    rule = models.ForeignKey(RetentionRule, models.PROTECT, related_name="runs", verbose_name=_("rule"))
    data_class = models.CharField(_("data"), max_length=20, choices=DataClass)
    store = models.ForeignKey("staff.Store", models.PROTECT, null=True, related_name="+", verbose_name=_("store"))
    local_on = models.DateField(_("local day"))
    before = models.DateTimeField(_("everything before"))
    state = models.CharField(_("state"), max_length=10, choices=RunState, default=RunState.DONE, editable=False)
    found_count = models.PositiveIntegerField(_("found"), default=0)
    removed_count = models.PositiveIntegerField(_("removed"), default=0)
    evidence = models.JSONField(_("evidence"), default=dict)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    class Meta:
        verbose_name = _("retention run")
        verbose_name_plural = _("retention runs")
        constraints = [
            models.UniqueConstraint(
                fields=["data_class", "local_on", "store"], nulls_distinct=False, name="retention_run_once_a_day"
            ),
            models.UniqueConstraint(
                fields=["data_class", "store"],
                condition=Q(state__in=[RunState.WAITING, RunState.APPROVED]),
                nulls_distinct=False,
                name="retention_run_one_open",
            ),
        ]
        indexes = [models.Index(fields=["-local_on", "-id"], name="retention_newest")]

    def __str__(self) -> str:
        return f"{self.data_class} {self.local_on}"


class RetentionItem(models.Model):
    """One customer on the list of a run that somebody decides about."""

    run = models.ForeignKey(RetentionRun, models.CASCADE, related_name="items", verbose_name=_("run"))
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+", verbose_name=_("customer"))
    last_at = models.DateTimeField(_("last contact"))
    done_at = models.DateTimeField(_("done at"), null=True)
    kept_because = models.CharField(_("kept because"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("entry of a retention run")
        verbose_name_plural = _("entries of a retention run")
        constraints = [models.UniqueConstraint(fields=["run", "customer"], name="retention_item_once")]
        indexes = [
            models.Index(fields=["run", "id"], condition=Q(done_at=None, kept_because=""), name="retention_todo")
        ]

    def __str__(self) -> str:
        return f"{self.run_id}:{self.customer_id}"


class Erasure(models.Model):
    """Evidence that a customer was made anonymous: when, why, and how many rows of each kind. Append-only."""

    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+", verbose_name=_("customer"))
    request = models.ForeignKey(
        PrivacyRequest, models.PROTECT, null=True, related_name="+", verbose_name=_("privacy request")
    )
    run = models.ForeignKey(RetentionRun, models.PROTECT, null=True, related_name="+", verbose_name=_("run"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("done by")
    )
    occurred_at = models.DateTimeField(_("occurred at"), default=clock.now)
    counts = models.JSONField(_("rows"), default=dict)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        constraints = [
            models.CheckConstraint(
                condition=Q(request__isnull=False) | Q(run__isnull=False), name="erasure_has_a_cause"
            )
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return str(self.customer_id)
