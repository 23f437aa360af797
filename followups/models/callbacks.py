"""The promised callbacks, and what was said."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import clock
from core.models import TimeStampedModel
from core.triggers import append_only
from followups.enums import (
    CancelReason,
    ContactChannel,
    ContactOutcome,
    FollowUpState,
    RuleCode,
    Step,
)
from followups.models.rules import FollowUpRule
from followups.querysets import FollowUpQuerySet


class FollowUp(TimeStampedModel):
    """One promised callback. `due_at` is when it should be done, after `deadline_at` it counts as late.

    The reminder ladder lives on the row: `remind_step` is the next step to send, `remind_at` when. A reminder is
    sent by the sweep, one row per transaction (reliability.md 4.1).
    """

    store = models.ForeignKey("staff.Store", models.PROTECT, related_name="+", verbose_name=_("store"), db_index=False)
    opportunity = models.ForeignKey(
        "opportunities.Opportunity",
        models.PROTECT,
        related_name="follow_ups",
        verbose_name=_("opportunity"),
        db_index=False,
    )
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+", verbose_name=_("customer"))
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="follow_ups",
        verbose_name=_("assignee"),
        db_index=False,
    )
    rule = models.ForeignKey(
        FollowUpRule, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("rule"), db_index=False
    )
    rule_code = models.CharField(_("callback"), max_length=20, choices=RuleCode)
    occurrence = models.PositiveIntegerField(_("occurrence"), default=1)
    channel = models.CharField(_("by"), max_length=10, choices=ContactChannel, default=ContactChannel.PHONE)
    note = models.CharField(_("what to talk about"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=FollowUpState, default=FollowUpState.PENDING)
    due_at = models.DateTimeField(_("due"))
    due_on = models.DateField(_("due on (local day)"))
    deadline_at = models.DateTimeField(_("late after"))
    original_due_at = models.DateTimeField(_("first due"), editable=False)
    moved_times = models.PositiveSmallIntegerField(_("moved"), default=0)
    generation = models.PositiveSmallIntegerField(
        _("generation"), default=1, editable=False
    )  # +1 when moved: new ladder, new keys
    # the ladder
    remind_step = models.CharField(_("next reminder step"), max_length=10, choices=Step, blank=True, default=Step.SOON)
    remind_at = models.DateTimeField(_("next reminder at"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, editable=False)
    last_error = models.CharField(_("last error"), max_length=300, blank=True, editable=False)
    due_notified_at = models.DateTimeField(_("reminded at"), null=True, blank=True, editable=False)
    missed_at = models.DateTimeField(_("missed at"), null=True, blank=True, editable=False)
    excused = models.CharField(_("excused because"), max_length=20, blank=True, editable=False)
    # the end
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("done by"),
        db_index=False,
    )
    is_late = models.BooleanField(_("done late"), null=True, editable=False)
    contact = models.ForeignKey(
        "followups.Contact",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="completes",
        editable=False,
        verbose_name=_("contact"),
    )
    cancel_reason = models.CharField(_("cancelled because"), max_length=12, choices=CancelReason, blank=True)
    planned_from = models.ForeignKey(
        "followups.Contact",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="plans",
        editable=False,
        verbose_name=_("planned in contact"),
    )

    objects = FollowUpQuerySet.as_manager()

    class Meta:
        verbose_name = _("callback")
        verbose_name_plural = _("callbacks")
        constraints = [
            models.UniqueConstraint(
                fields=["opportunity", "rule_code", "occurrence"], name="followup_once_per_rule_and_occurrence"
            ),
            models.CheckConstraint(condition=Q(deadline_at__gte=F("due_at")), name="followup_late_after_due"),
            models.CheckConstraint(
                condition=~Q(state=FollowUpState.DONE) | Q(done_at__isnull=False), name="followup_done_has_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state=FollowUpState.PENDING) | Q(remind_at=None), name="followup_only_pending_reminds"
            ),
        ]
        indexes = [
            models.Index(
                fields=["remind_at", "id"],
                condition=Q(remind_at__isnull=False),
                name="followup_remind",
            ),
            # A foreign key with which one of these begins has no index of its own. With the deadline, so that late and
            # due are counted in the index alone.
            models.Index(
                fields=["assignee", "due_at", "id"],
                include=["deadline_at"],
                condition=Q(state=FollowUpState.PENDING),
                name="followup_mine",
            ),
            models.Index(
                fields=["store", "due_at", "id"],
                include=["deadline_at", "assignee", "opportunity"],
                condition=Q(state=FollowUpState.PENDING),
                name="followup_store_work",
            ),
            # The schedule of a day: what was agreed with the customer, a small part of what is due.
            models.Index(
                fields=["store", "due_on", "due_at"],
                condition=Q(channel=ContactChannel.VISIT) | Q(rule_code=RuleCode.MANUAL),
                name="followup_agreed",
            ),
            models.Index(fields=["assignee", "due_on"], name="followup_day"),
            models.Index(fields=["store", "due_on"], name="followup_day_of_store"),
            models.Index(fields=["opportunity", "state", "due_at"], name="followup_opportunity"),
            models.Index(
                fields=["assignee", "done_at"],
                include=["is_late"],
                condition=Q(state=FollowUpState.DONE),
                name="followup_done_by_me",
            ),
            models.Index(
                fields=["store", "done_at"],
                include=["is_late"],
                condition=Q(state=FollowUpState.DONE),
                name="followup_done_in_store",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule_code} #{self.pk}"

    @property
    def is_overdue(self) -> bool:
        return self.state == FollowUpState.PENDING and self.deadline_at < clock.now()


class Contact(TimeStampedModel):
    """What was done and said, written once. Evidence: who, when typed, how late, from which page and device."""

    store = models.ForeignKey("staff.Store", models.PROTECT, related_name="+", verbose_name=_("store"), db_index=False)
    opportunity = models.ForeignKey(
        "opportunities.Opportunity",
        models.PROTECT,
        related_name="contacts",
        verbose_name=_("opportunity"),
        db_index=False,
    )
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+", verbose_name=_("customer"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="contacts", verbose_name=_("recorded by"), db_index=False
    )
    channel = models.CharField(_("by"), max_length=10, choices=ContactChannel)
    outcome = models.CharField(_("result"), max_length=20, choices=ContactOutcome)
    sentence = models.CharField(_("in one sentence"), max_length=2000, blank=True)
    tags = ArrayField(models.CharField(max_length=20), default=list, blank=True, verbose_name=_("tags"))
    duration_s = models.PositiveIntegerField(_("duration (s)"), null=True, blank=True)
    is_effective = models.BooleanField(_("effective"))
    is_suspicious = models.BooleanField(_("one of a burst of identical entries"), default=False)
    occurred_at = models.DateTimeField(_("occurred at"))
    evidence = models.JSONField(_("evidence"), default=dict)
    idempotency_key = models.CharField(_("key against doubles"), max_length=60, unique=True)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = [
            models.Index(fields=["by", "-created_at"], name="contact_by_recent"),
            models.Index(fields=["store", "-created_at"], name="contact_store_recent"),
            models.Index(fields=["opportunity", "-occurred_at"], name="contact_opportunity"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.outcome}"


class ContactCorrection(TimeStampedModel):
    """A contact taken back within the undo window: the row stays, this says that it does not count."""

    contact = models.OneToOneField(Contact, models.PROTECT, related_name="correction", verbose_name=_("contact"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("corrected by"))

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        triggers = append_only()

    def __str__(self) -> str:
        return str(self.contact_id)
