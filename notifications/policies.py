"""Who runs the outbox, and whether a message may still be sent to the person it is for."""

from collections.abc import Callable

from notifications.enums import MessagePurpose, StopReason
from notifications.models import Integration, OutboundMessage
from staff.models import User
from staff.policies import can_configure, configures_all_stores, ensure

# (id, channel, purpose) -> a StopReason, "" when the message may go.
WishCheck = Callable[[int, str, str], str]
_wishes: dict[str, WishCheck] = {}


def register_wishes(model: str, check: WishCheck) -> None:
    """The app that knows the people of `model` ("customers.Customer") says what they agreed to. For apps.ready()."""
    _wishes[model] = check


def stop_reason(message: OutboundMessage) -> str:
    """Why this must not be sent, judged now; "" when it may. What the law asks for and staff messages always go."""
    if message.purpose in {MessagePurpose.LEGAL, MessagePurpose.INTERNAL}:
        return ""
    model, _colon, pk = message.addressee.partition(":")
    check = _wishes.get(model)
    if check is not None:
        return check(int(pk), message.channel, message.purpose)
    is_unknown = bool(model) or message.purpose == MessagePurpose.MARKETING
    return StopReason.NOBODY_ASKED if is_unknown else ""


def can_change_message(user: User, message: OutboundMessage) -> bool:
    if not can_configure(user):
        return False
    return configures_all_stores(user) or message.store_id is None or message.store_id == user.store_id


def can_change_integration(user: User, integration: Integration) -> bool:
    return can_change_ways_of(user, integration.store_id)


def can_change_ways_of(user: User, store_id: int | None) -> bool:
    """Those of the own store; what serves all stores only from above them."""
    if configures_all_stores(user):
        return True
    return can_configure(user) and store_id is not None and store_id == user.store_id


def ensure_can_change_message(user: User, message: OutboundMessage) -> None:
    ensure(can_change_message(user, message))


def ensure_can_change_ways_of(user: User, store_id: int | None) -> None:
    ensure(can_change_ways_of(user, store_id))
