from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.state_machine import StateMachine


class ApprovalState(models.TextChoices):
    """`void`: nobody decided it; what it was about changed, or it lapsed."""

    PENDING = "pending", pgettext_lazy("approval", "Waiting")
    APPROVED = "approved", pgettext_lazy("approval", "Approved")
    REJECTED = "rejected", pgettext_lazy("approval", "Sent back")
    WITHDRAWN = "withdrawn", pgettext_lazy("approval", "Taken back")
    VOID = "void", pgettext_lazy("approval", "No longer valid")


class VoidCause(models.TextChoices):
    """Why a request ended without a decision."""

    CHANGED = "changed", _("What it was about has changed.")
    REPLACED = "replaced", _("A newer request took its place.")
    SETTLED = "settled", _("It was settled in another way.")
    EXPIRED = "expired", _("Nobody decided in time.")
    OBSOLETE = "obsolete", _("What it was about is no longer there.")


APPROVAL_MACHINE = StateMachine(
    ApprovalState,
    {
        ApprovalState.PENDING: [
            ApprovalState.APPROVED,
            ApprovalState.REJECTED,
            ApprovalState.WITHDRAWN,
            ApprovalState.VOID,
        ]
    },
)
DECIDED: tuple[str, ...] = (ApprovalState.APPROVED, ApprovalState.REJECTED)
