"""Who leads whom, who stands in for whom."""

from datetime import datetime

from django.db.models import QuerySet

from staff.enums import OWNER_ROLES, Role
from staff.models import Leave, User


def owners_of_store(store_id: int) -> QuerySet[User]:
    """People who may own customers of the store (R-036, R-093), by employee number."""
    return (
        User.objects.filter(store=store_id, is_active=True, roles__overlap=sorted(OWNER_ROLES))
        .exclude(roles__contains=[Role.SALES_MANAGER])
        .order_by("employee_number")
    )


def sales_manager_of(store_id: int) -> User | None:
    return (
        User.objects.filter(store=store_id, is_active=True, roles__contains=[Role.SALES_MANAGER]).order_by("id").first()
    )


def leader_of(user: User | None, *, store_id: int) -> User | None:
    """The supervisor of the person's team, else the sales manager of the store; never the person."""
    if user is not None and user.team is not None:
        supervisor = user.team.supervisor
        if supervisor is not None and supervisor.is_active and supervisor.pk != user.pk:
            return supervisor
    manager = sales_manager_of(store_id)
    if manager is not None and (user is None or manager.pk != user.pk):
        return manager
    return None


def leave_at(user_id: int, at: datetime) -> Leave | None:
    """The leave that covers the moment, with its stand-in."""
    return (
        Leave.objects.filter(user=user_id, starts_at__lte=at, ends_at__gt=at).select_related("stand_in__team").first()
    )
