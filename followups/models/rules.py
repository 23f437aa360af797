"""The rules that promise callbacks: whole versions, of which one is in force on each day (R-070, R-071, R-881)."""

from typing import Any

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from core.models import TimeStampedModel
from core.tracking import tracked
from core.triggers import append_only
from followups.enums import ClosedDays, ContactChannel, DueRule, RuleCode, RuleSetState, Trigger
from opportunities.enums import Level

# Only a draft may change; the row of a version that was published is evidence of what was promised.
_ONLY_DRAFTS = """
IF EXISTS (
    SELECT FROM followups_followupruleset
    WHERE id IN ({rows}) AND state <> 'draft'
) THEN
    RAISE EXCEPTION 'only a draft of the callback rules can change'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'rules_change_in_drafts_only';
END IF;
RETURN {answer};
"""
# Published: nothing but the day on which the next version replaces it.
_PUBLISHED_STAYS = """
IF OLD.state = 'published' AND (
    TG_OP = 'DELETE' OR NEW.state <> OLD.state OR NEW.valid_from <> OLD.valid_from OR NEW.number <> OLD.number
    OR NEW.store_id IS DISTINCT FROM OLD.store_id OR NEW.published_by_id IS DISTINCT FROM OLD.published_by_id
) THEN
    RAISE EXCEPTION 'a published version of the callback rules stays as it is'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ruleset_published_stays';
END IF;
IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
RETURN NEW;
"""


def _drafts_only() -> list[pgtrigger.Trigger]:
    def trigger(name: str, operation: Any, rows: str, answer: str) -> pgtrigger.Trigger:
        func = _ONLY_DRAFTS.format(rows=rows, answer=answer)
        return pgtrigger.Trigger(name=name, when=pgtrigger.Before, operation=operation, func=func)

    return [
        trigger("drafts_only_change", pgtrigger.Update, "OLD.rule_set_id, NEW.rule_set_id", "NEW"),
        trigger("drafts_only_delete", pgtrigger.Delete, "OLD.rule_set_id", "OLD"),
        trigger("drafts_only_add", pgtrigger.Insert, "NEW.rule_set_id", "NEW"),
    ]


def _validity() -> Func:
    return Func(F("valid_from"), F("valid_to"), function="DATERANGE", output_field=DateRangeField())


def _store() -> Coalesce:
    return Coalesce(F("store"), Value(0), output_field=models.BigIntegerField())


@tracked()
class FollowUpRuleSet(TimeStampedModel):
    """One version of all rules: a draft that changes, asked for, then in force from a day until the next version.

    Document control as for any procedure: number, date, compiler, approver, interpreter (R-872, R-881).
    """

    store = models.ForeignKey(
        "staff.Store", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("only for this store")
    )
    number = models.PositiveSmallIntegerField(_("version"))
    state = models.CharField(
        _("state"), max_length=10, choices=RuleSetState, default=RuleSetState.DRAFT, editable=False
    )
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid until"), null=True, blank=True)
    base = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("changes version")
    )
    note = models.CharField(_("what changes and why"), max_length=200, blank=True)
    document_number = models.CharField(_("document number"), max_length=30, blank=True)
    interpreter = models.CharField(_("who explains the rules"), max_length=60, blank=True)
    revision = models.PositiveIntegerField(_("revision"), default=1, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("written by")
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("asked for by")
    )
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("approved by")
    )
    published_at = models.DateTimeField(_("approved at"), null=True, editable=False)

    class Meta:
        verbose_name = _("version of the callback rules")
        verbose_name_plural = _("versions of the callback rules")
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from__lt=F("valid_to")), name="ruleset_ends_after_it_starts"
            ),
            models.UniqueConstraint(_store(), F("number"), name="ruleset_number_once"),
            models.UniqueConstraint(
                _store(), condition=~Q(state=RuleSetState.PUBLISHED), name="ruleset_one_draft_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(published_by=None) | ~Q(published_by=F("asked_by")), name="ruleset_approved_by_another"
            ),
            ExclusionConstraint(
                name="ruleset_one_in_force",
                expressions=[(_store(), RangeOperators.EQUAL), (_validity(), RangeOperators.OVERLAPS)],
                condition=Q(state=RuleSetState.PUBLISHED),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="published_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=_PUBLISHED_STAYS,
            )
        ]

    def __str__(self) -> str:
        return f"v{self.number}"

    @property
    def is_draft(self) -> bool:
        return self.state == RuleSetState.DRAFT


@tracked()
class FollowUpRule(TimeStampedModel):
    """One promise within a version. What was planned keeps the rule that planned it.

    Due and overdue count from the trigger's moment: days for DAYS (local calendar days), hours for HOURS.
    """

    rule_set = models.ForeignKey(
        FollowUpRuleSet,
        models.CASCADE,
        related_name="rules",
        verbose_name=_("version of the callback rules"),
    )
    code = models.CharField(_("callback"), max_length=20, choices=RuleCode)
    level = models.CharField(_("only for level"), max_length=1, choices=Level, blank=True)
    trigger = models.CharField(_("starts when"), max_length=10, choices=Trigger)
    channels = ArrayField(
        models.CharField(max_length=10, choices=ContactChannel), verbose_name=_("by"), default=list, size=4
    )
    due_rule = models.CharField(_("due"), max_length=10, choices=DueRule, default=DueRule.DAYS)
    due_after = models.PositiveSmallIntegerField(_("due after (days or hours)"), default=0)
    due_time = models.TimeField(_("due at the latest at"), default="18:00")
    overdue_after = models.PositiveSmallIntegerField(_("overdue after (days or hours)"), default=0)
    closed_days = models.CharField(
        _("on a day off"), max_length=10, choices=ClosedDays, blank=True, default=ClosedDays.AS_IT_IS
    )
    remind_before_min = models.PositiveSmallIntegerField(_("reminder before (minutes)"), default=60)
    escalate_after_min = models.PositiveSmallIntegerField(_("to the supervisor after (minutes overdue)"), default=60)
    manager_after_min = models.PositiveSmallIntegerField(
        _("to the sales manager after (minutes overdue)"), null=True, blank=True
    )
    is_active = models.BooleanField(_("in use"), default=True)
    source = models.CharField(_("source"), max_length=60, blank=True)
    revision = models.PositiveIntegerField(_("revision"), default=1, editable=False)

    class Meta:
        verbose_name = _("callback rule")
        verbose_name_plural = _("callback rules")
        constraints = [
            models.CheckConstraint(condition=Q(overdue_after__gte=F("due_after")), name="rule_overdue_not_before_due"),
            models.UniqueConstraint(fields=["rule_set", "code", "level"], name="rule_once_in_a_version"),
            models.CheckConstraint(condition=Q(channels__len__gt=0), name="rule_has_a_channel"),
            models.CheckConstraint(
                condition=Q(manager_after_min=None) | Q(manager_after_min__gte=F("escalate_after_min")),
                name="rule_manager_after_supervisor",
                violation_error_message=_("The sales manager hears of it after the supervisor, not before."),
            ),
        ]
        triggers = _drafts_only()

    def __str__(self) -> str:
        return f"{self.code} {self.level}".strip()

    @property
    def channel(self) -> str:
        """The first way that is tried."""
        return self.channels[0] if self.channels else str(ContactChannel.PHONE)


@tracked()
class FollowUpPolicy(TimeStampedModel):
    """The numbers around callbacks, a part of the version."""

    rule_set = models.OneToOneField(
        FollowUpRuleSet,
        models.CASCADE,
        related_name="policy",
        verbose_name=_("version of the callback rules"),
    )
    reschedule_max_times = models.PositiveSmallIntegerField(_("a callback may be moved (times)"), default=2)
    reschedule_max_days = models.PositiveSmallIntegerField(_("and by at most (days)"), default=7)
    next_max_days = models.PositiveSmallIntegerField(_("the next callback within (days)"), default=60)
    retry_after_hours = models.PositiveSmallIntegerField(_("after no answer call again in (hours)"), default=2)
    retry_clears_times = models.PositiveSmallIntegerField(
        _("a late callback stays late after tries without an answer (number)"), default=2
    )
    burst_entries = models.PositiveSmallIntegerField(_("flag identical entries from (number)"), default=3)
    burst_window_min = models.PositiveSmallIntegerField(_("within (minutes)"), default=10)
    undo_window_min = models.PositiveSmallIntegerField(_("a contact can be taken back for (minutes)"), default=10)
    revision = models.PositiveIntegerField(_("revision"), default=1, editable=False)

    class Meta:
        verbose_name = _("callback policy")
        verbose_name_plural = _("callback policies")
        triggers = _drafts_only()

    def __str__(self) -> str:
        return f"{self.rule_set_id}"


class RuleReading(TimeStampedModel):
    """Somebody confirmed having read a version of the rules (R-878)."""

    rule_set = models.ForeignKey(
        FollowUpRuleSet, models.PROTECT, related_name="readings", verbose_name=_("version of the callback rules")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("read by"), db_index=False
    )

    class Meta:
        verbose_name = _("rules read")
        verbose_name_plural = _("rules read")
        constraints = [models.UniqueConstraint(fields=["user", "rule_set"], name="rules_read_once")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.rule_set_id} {self.user_id}"
