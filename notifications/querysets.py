from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from core import clock

if TYPE_CHECKING:
    from staff.models import User


class NotificationQuerySet(models.QuerySet):
    def inbox_of(self, user: "User") -> Self:
        """Not done and not asleep."""
        return self.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=clock.now()), recipient=user, done_at=None)

    def unread(self) -> Self:
        return self.filter(read_at=None)
