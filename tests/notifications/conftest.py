"""A gateway in this process for the tests of the outbox; the ones over HTTP are in gateways.py."""

from collections.abc import Iterator

import pytest

from core import events
from notifications import providers
from notifications.events import MessageNotSent
from notifications.models import OutboundMessage
from notifications.providers import Answer, Config, Outgoing
from notifications.services import message_queue


class FakeGateway:
    """Takes messages, or raises what it is told to."""

    def __init__(self, name: str, *, is_repeatable: bool) -> None:
        self.name, self.is_repeatable = name, is_repeatable
        self.taken: list[Outgoing] = []
        self.configs: list[Config] = []
        self.error: Exception | None = None

    @property
    def keys(self) -> list[str]:
        return [message.key for message in self.taken]

    def send(self, message: Outgoing, config: Config) -> Answer:
        self.configs.append(config)
        if self.error is not None:
            raise self.error
        self.taken.append(message)
        return Answer(f"key-{message.key[:8]}")


def stand_in(monkeypatch: pytest.MonkeyPatch, name: str) -> FakeGateway:
    fake = FakeGateway(name, is_repeatable=providers.PROVIDERS[name].is_repeatable)
    monkeypatch.setitem(providers.PROVIDERS, name, fake)
    return fake


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> FakeGateway:
    """What stands where no integration is set up; its messages cost money, like those of a real one."""
    fake = stand_in(monkeypatch, "console")
    fake.is_repeatable = False
    return fake


@pytest.fixture
def heard() -> Iterator[list[MessageNotSent]]:
    found: list[MessageNotSent] = []
    with events.isolated_registry():
        events.on(MessageNotSent)(found.append)
        yield found


def queue(key: str = "m1", **changes: object) -> OutboundMessage:
    values = {"channel": "sms", "recipient": "+8619900000001", "body": "您好", "subject": "x:1", "by": None} | changes
    message_queue(idempotency_key=key, **values)  # type: ignore[arg-type]
    return OutboundMessage.objects.get(idempotency_key=key)


def state_of(row: object) -> dict[str, object]:
    return type(row).objects.filter(pk=row.pk).values().get()  # type: ignore[attr-defined]
