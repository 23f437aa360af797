"""Gateways to the world outside. The console one writes a log line; real ones are added beside it."""

import logging
from typing import Protocol

from django.conf import settings

from notifications.models import OutboundMessage

logger = logging.getLogger(__name__)


class Uncertain(Exception):  # noqa: N818 -- an answer, not an error: nobody knows whether it was sent
    """The gateway may or may not have taken the message (a time-out after sending)."""


class Provider(Protocol):
    name: str

    def send(self, message: OutboundMessage) -> str:
        """Hand over the message, with its uid as idempotency key. Returns the gateway's own id.

        Raises Uncertain when the outcome is not known, anything else when it was certainly not sent.
        """


class ConsoleProvider:
    """For the trial: the message is a line in the worker's log, the number masked by the log filter."""

    name = "console"

    def send(self, message: OutboundMessage) -> str:
        logger.info("outgoing %s to %s: %s", message.channel, message.recipient, message.body)
        return f"console-{message.uid}"


_PROVIDERS: dict[str, Provider] = {"console": ConsoleProvider()}


def provider_for(channel: str) -> Provider:
    """The configured gateway; one for all channels so far."""
    return _PROVIDERS[settings.OUTBOX_PROVIDER]
