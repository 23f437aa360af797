"""Notices and messages about a customer who is made anonymous."""

from collections.abc import Sequence

from django.db.models import Q

from core.transactions import service
from notifications.enums import WAITING_STATES, MessageState, StopReason
from notifications.models import Notification, OutboundMessage


@service
def messages_forget(*, addressee: str, subjects: Sequence[str], urls: Sequence[str]) -> dict[str, int]:
    """Delete the notices that name the customer and empty the messages to the customer; that there was one stays.

    `subjects`, `urls`: what the notices are about, and the pages they lead to (beginnings).
    """
    about = Q(subject__in=subjects)
    for url in urls:
        about |= Q(url__startswith=url)
    messages = OutboundMessage.objects.filter(addressee=addressee)
    messages.filter(state__in=WAITING_STATES).update(
        state=MessageState.CANCELLED, stop_reason=StopReason.DO_NOT_CONTACT, next_try_at=None
    )
    emptied = messages.update(recipient="", address=None, title="", body="", template_values=None)
    return {"notices": Notification.objects.filter(about).delete()[0], "messages": emptied}


@service
def messages_empty(*, ids: Sequence[int]) -> int:
    """Forget address and words of messages that were sent long ago; when, to whose customer and how it ended stay."""
    return OutboundMessage.objects.filter(pk__in=ids).update(
        recipient="", address=None, title="", body="", template_values=None
    )
