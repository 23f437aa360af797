"""What a person finds in the inbox."""

from datetime import date

from django.db.models import Q, QuerySet

from notifications.models import MessageTemplate, Notification
from staff.models import User

COUNT_LIMIT = 100


def inbox(user: User) -> QuerySet[Notification]:
    return Notification.objects.inbox_of(user).order_by("-created_at", "-id")


def unread_count(user: User) -> int:
    """At most COUNT_LIMIT: more than that is shown as 99+."""
    return Notification.objects.inbox_of(user).unread()[:COUNT_LIMIT].count()


def templates_in_force(*, channel: str, on: date) -> QuerySet[MessageTemplate]:
    return MessageTemplate.objects.filter(
        Q(valid_to=None) | Q(valid_to__gt=on), channel=channel, valid_from__lte=on
    )
