"""The journey: one purchase intent, who owns it, and the append-only log of what happened."""

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock
from core.models import TimeStampedModel
from core.triggers import append_only
from opportunities.enums import (
    EventKind,
    Level,
    OwnerRule,
    PaymentMethod,
    PurchaseWindow,
    SalesMode,
    Usage,
)
from opportunities.querysets import OpportunityQuerySet
from opportunities.stages import Outcome, Stage


@pghistory.track(
    # The row as it was: what it is now stands in the table itself, so an insert costs nothing.
    pghistory.UpdateEvent("changed", row=pghistory.Old),
    pghistory.DeleteEvent("deleted"),
    obj_field=pghistory.ObjForeignKey(related_name="history"),
    exclude=["next_action_at", "next_action_label", "last_contact_at", "updated_at"],
)
class Opportunity(TimeStampedModel):
    """One purchase intent of one customer: a stage, an owner and always a next action (architecture.md 1)."""

    store = models.ForeignKey(
        "staff.Store", models.PROTECT, related_name="opportunities", verbose_name=_("store"), db_index=False
    )
    customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, related_name="opportunities", verbose_name=_("customer")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="opportunities",
        verbose_name=_("owner"),
        db_index=False,
    )
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("registered by"),
        db_index=False,
    )
    stage = models.CharField(_("stage"), max_length=20, choices=Stage, default=Stage.LEAD, editable=False)
    stage_at = models.DateTimeField(_("stage reached at"), default=clock.now, editable=False)
    outcome = models.CharField(_("outcome"), max_length=5, choices=Outcome, default=Outcome.OPEN, editable=False)
    level = models.CharField(_("intention level"), max_length=1, choices=Level, default=Level.C)
    requested_level = models.CharField(_("proposed level"), max_length=1, choices=Level, blank=True)
    level_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("level proposed by"),
    )
    # what the customer wants
    channel = models.ForeignKey(
        "customers.Channel", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("channel")
    )
    sales_mode = models.CharField(_("sales mode"), max_length=10, choices=SalesMode, default=SalesMode.IN_STORE)
    series = models.ForeignKey(
        "vehicles.Series", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("series")
    )
    trim = models.ForeignKey(
        "vehicles.Trim", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("trim")
    )
    model_text = models.CharField(_("model in the customer's words"), max_length=60, blank=True)
    colour = models.CharField(_("colours"), max_length=60, blank=True)
    budget_min_rmb = models.DecimalField(_("budget from (RMB)"), max_digits=12, decimal_places=2, null=True, blank=True)
    budget_max_rmb = models.DecimalField(_("budget to (RMB)"), max_digits=12, decimal_places=2, null=True, blank=True)
    usage = models.CharField(_("use"), max_length=15, choices=Usage, blank=True)
    payment_method = models.CharField(_("payment"), max_length=10, choices=PaymentMethod, blank=True)
    purchase_window = models.CharField(_("expected purchase"), max_length=10, choices=PurchaseWindow, blank=True)
    expected_on = models.DateField(_("expected purchase by"), null=True, blank=True)
    trade_in = models.CharField(_("trade-in"), max_length=100, blank=True)
    competitor = models.CharField(_("compares with"), max_length=60, blank=True)
    concerns = ArrayField(models.CharField(max_length=20), verbose_name=_("concerns"), default=list, blank=True)
    decision_makers = models.PositiveSmallIntegerField(_("people deciding"), null=True, blank=True)
    # closing, in two steps
    close_requested = models.CharField(_("proposed outcome"), max_length=5, choices=Outcome, blank=True, editable=False)
    close_reason = models.CharField(_("reason"), max_length=20, blank=True, editable=False)
    close_note = models.CharField(_("explanation"), max_length=500, blank=True, editable=False)
    close_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("close proposed by"),
    )
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("closed by"),
    )
    # read models, written by the services of this app and of followups
    opened_at = models.DateTimeField(_("opened at"), default=clock.now, editable=False)
    last_contact_at = models.DateTimeField(_("last effective contact"), null=True, blank=True, editable=False)
    next_action_at = models.DateTimeField(_("next action at"), null=True, blank=True, editable=False)
    next_action_label = models.CharField(_("next action"), max_length=40, blank=True, editable=False)
    last_note = models.CharField(_("last note"), max_length=200, blank=True, editable=False)
    is_parallel = models.BooleanField(_("one of several at the same time"), default=False)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    objects = OpportunityQuerySet.as_manager()

    class Meta:
        verbose_name = _("opportunity")
        verbose_name_plural = _("opportunities")
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(outcome=Outcome.OPEN, is_parallel=False),
                name="opportunity_one_open_per_customer",
            ),
            models.CheckConstraint(
                condition=Q(budget_min_rmb=None) | Q(budget_max_rmb=None) | Q(budget_min_rmb__lte=F("budget_max_rmb")),
                name="opportunity_budget_range",
                violation_error_message=_("The upper budget must not be below the lower one."),
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.OPEN, closed_at=None)
                | ~Q(outcome=Outcome.OPEN) & Q(closed_at__isnull=False),
                name="opportunity_closed_has_a_time",
            ),
            # nobody confirms an application of his own
            models.CheckConstraint(
                condition=~Q(outcome__in=[Outcome.LOST, Outcome.VOID])
                | Q(close_requested_by=None)
                | ~Q(closed_by=F("close_requested_by")),
                name="opportunity_close_needs_two",
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "outcome", "next_action_at", "id"], name="opp_owner_next"),
            models.Index(fields=["store", "outcome", "next_action_at", "id"], name="opp_store_next"),
            models.Index(fields=["registered_by", "outcome", "next_action_at", "id"], name="opp_registrar_next"),
            models.Index(fields=["owner", "opened_at"], name="opp_owner_opened"),
            models.Index(fields=["store", "opened_at"], name="opp_store_opened"),
            models.Index(
                fields=["store", "opened_at"],
                condition=Q(owner=None, outcome=Outcome.OPEN),
                name="opp_unassigned",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer} {self.wanted}".strip()

    @property
    def wanted(self) -> str:
        """The car as people call it: trim, else series, else the customer's words."""
        if self.trim:
            return f"{self.series} {self.trim.name}" if self.series else str(self.trim)
        return str(self.series) if self.series else self.model_text

    @property
    def stage_number(self) -> int:
        return Stage(self.stage).number

    @property
    def is_open(self) -> bool:
        return self.outcome == Outcome.OPEN


class Ownership(TimeStampedModel):
    """Who owned the opportunity from when to when, by which rule. One row at a time is open (invariant 3)."""

    opportunity = models.ForeignKey(
        Opportunity, models.CASCADE, related_name="ownerships", verbose_name=_("opportunity")
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("owner"))
    rule = models.CharField(_("rule"), max_length=20, choices=OwnerRule)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("changed by")
    )
    from_at = models.DateTimeField(_("from"))
    until_at = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("ownership")
        verbose_name_plural = _("ownerships")
        constraints = [
            models.UniqueConstraint(fields=["opportunity"], condition=Q(until_at=None), name="ownership_one_at_a_time"),
            models.CheckConstraint(
                condition=Q(until_at=None) | Q(until_at__gte=F("from_at")), name="ownership_ends_after_it_starts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.opportunity_id} {self.owner}"


class JourneyEvent(models.Model):
    """Append-only log: the customer's timeline, the audit of the sale, the fact table of every funnel.

    The largest table: its indexes are those below, none of their own for the foreign keys.
    """

    opportunity = models.ForeignKey(
        Opportunity, models.PROTECT, related_name="journey", verbose_name=_("opportunity"), db_index=False
    )
    customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, related_name="journey", verbose_name=_("customer"), db_index=False
    )
    store = models.ForeignKey("staff.Store", models.PROTECT, related_name="+", verbose_name=_("store"), db_index=False)
    kind = models.CharField(_("kind"), max_length=20, choices=EventKind)
    stage = models.CharField(_("stage"), max_length=20, choices=Stage)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by"), db_index=False
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("owner"), db_index=False
    )
    channel = models.ForeignKey(
        "customers.Channel", models.PROTECT, null=True, related_name="+", verbose_name=_("channel"), db_index=False
    )
    series = models.ForeignKey(
        "vehicles.Series", models.PROTECT, null=True, related_name="+", verbose_name=_("series"), db_index=False
    )
    occurred_at = models.DateTimeField(_("occurred at"))
    recorded_at = models.DateTimeField(_("recorded at"), default=clock.now)
    subject = models.CharField(_("subject"), max_length=60, blank=True)  # "followups.Contact:17"
    data = models.JSONField(_("data"), default=dict)

    class Meta:
        verbose_name = _("journey event")
        verbose_name_plural = _("journey events")
        indexes = [
            models.Index(fields=["opportunity", "-occurred_at", "-id"], name="journey_opportunity"),
            models.Index(fields=["customer", "-occurred_at", "-id"], name="journey_customer"),
            models.Index(fields=["store", "kind", "occurred_at"], name="journey_store_kind"),
            models.Index(fields=["actor", "kind", "occurred_at"], name="journey_actor_kind"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.kind} {self.opportunity_id}"
