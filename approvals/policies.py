"""Who may decide a request, and who may take it back."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from approvals.kinds import kind_of
from approvals.models import ApprovalRequest
from staff.models import User


def can_decide(user: User, request: ApprovalRequest) -> bool:
    """The authority of the kind, and never the own request (R-875). One query."""
    condition = kind_of(request.kind).decidable_by(user)
    if condition is None or request.requested_by_id == user.pk:
        return False
    return ApprovalRequest.objects.filter(condition, pk=request.pk).exists()


def ensure_can_decide(user: User, request: ApprovalRequest) -> None:
    if request.requested_by_id == user.pk:
        raise PermissionDenied(_("Nobody decides an own request; somebody else has to."))
    if not can_decide(user, request):
        raise PermissionDenied(_("Another leader has to decide this."))


def can_withdraw(user: User, request: ApprovalRequest) -> bool:
    return user.is_active and request.is_pending and request.requested_by_id == user.pk


def ensure_can_withdraw(user: User, request: ApprovalRequest) -> None:
    if not user.is_active or request.requested_by_id != user.pk:
        raise PermissionDenied(_("Only the one who asked may take it back."))
