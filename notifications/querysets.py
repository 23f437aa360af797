from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from core import clock
from staff.policies import can_configure, configures_all_stores

if TYPE_CHECKING:
    from staff.models import User


class NotificationQuerySet(models.QuerySet):
    def inbox_of(self, user: "User") -> Self:
        """Not done and not asleep."""
        return self.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=clock.now()), recipient=user, done_at=None)

    def unread(self) -> Self:
        return self.filter(read_at=None)


class OutboxQuerySet(models.QuerySet):
    def visible_to(self, user: "User") -> Self:
        """Administrators read what their store sends, those of the group everything."""
        return _of_store(self, user)


class IntegrationQuerySet(models.QuerySet):
    def visible_to(self, user: "User") -> Self:
        """Those of the own store and those for all stores."""
        return _of_store(self, user)

    def serving(self, store_id: int | None) -> Self:
        return self.filter(Q(store=None) | Q(store=store_id))


def _of_store(rows: Any, user: "User") -> Any:
    if not can_configure(user):
        return rows.none()
    if configures_all_stores(user):
        return rows
    return rows.filter(Q(store=None) | Q(store=user.store_id))
