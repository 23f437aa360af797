"""Requests that somebody else decides (architecture.md section 3)."""

import pgtrigger
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from approvals.enums import DECIDED, ApprovalState, VoidCause
from approvals.querysets import ApprovalRequestQuerySet
from core.models import TimeStampedModel


class ApprovalRequest(TimeStampedModel):
    """One question to somebody with the authority, about one version of one subject.

    Written once, decided once: what was asked never changes, and a request that has ended never changes at all.
    `payload`: ids and plain values of what is asked, no names or phones.
    """

    kind = models.CharField(_("kind"), max_length=30)
    store = models.ForeignKey("staff.Store", models.PROTECT, related_name="+", verbose_name=_("store"))
    subject_type = models.CharField(_("subject type"), max_length=60)  # "opportunities.Opportunity"
    subject_id = models.BigIntegerField(_("subject"))
    subject_version = models.PositiveIntegerField(_("version of the subject"), default=0)
    payload = models.JSONField(_("what is asked"), default=dict, blank=True, encoder=DjangoJSONEncoder)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="approval_requests",
        verbose_name=_("asked by"),
        db_index=False,
    )
    due_at = models.DateTimeField(_("lapses at"), null=True, blank=True)
    state = models.CharField(
        pgettext_lazy("approval", "state"),
        max_length=10,
        choices=ApprovalState,
        default=ApprovalState.PENDING,
        editable=False,
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("decided by"),
        db_index=False,
    )
    decided_at = models.DateTimeField(_("ended at"), null=True, blank=True, editable=False)
    comment = models.CharField(_("comment"), max_length=500, blank=True, editable=False)
    cause = models.CharField(_("why void"), max_length=10, choices=VoidCause, blank=True, editable=False)
    # what gave the decider the right at that moment: {"roles": [...], "scope": "...", "store": id}
    authority = models.JSONField(_("authority"), default=dict, blank=True, editable=False)

    objects = ApprovalRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("approval request")
        verbose_name_plural = _("approval requests")
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "kind"],
                condition=Q(state=ApprovalState.PENDING),
                name="approval_one_pending",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")), name="approval_not_by_oneself"
            ),
            models.CheckConstraint(
                condition=Q(state__in=DECIDED, decided_by__isnull=False) | ~Q(state__in=DECIDED) & Q(decided_by=None),
                name="approval_decided_has_a_decider",
            ),
            models.CheckConstraint(
                condition=Q(state=ApprovalState.PENDING, decided_at=None)
                | ~Q(state=ApprovalState.PENDING) & Q(decided_at__isnull=False),
                name="approval_ended_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "kind"], condition=Q(state=ApprovalState.PENDING), name="approval_waiting"),
            models.Index(fields=["requested_by", "-created_at"], name="approval_requester"),
            models.Index(fields=["decided_by", "-decided_at"], name="approval_decider"),
            models.Index(fields=["due_at"], condition=Q(state=ApprovalState.PENDING), name="approval_due"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            # the winner is final, for everybody including raw SQL
            pgtrigger.Protect(
                name="ended_is_final", operation=pgtrigger.Update, condition=~pgtrigger.Q(old__state="pending")
            ),
            pgtrigger.ReadOnly(
                name="question_is_fixed",
                fields=[
                    "kind",
                    "store",
                    "subject_type",
                    "subject_id",
                    "subject_version",
                    "payload",
                    "reason",
                    "requested_by",
                    "created_at",
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

    @property
    def subject(self) -> str:
        return f"{self.subject_type}:{self.subject_id}"

    @property
    def is_pending(self) -> bool:
        return self.state == ApprovalState.PENDING

    @property
    def is_approved(self) -> bool:
        return self.state == ApprovalState.APPROVED
