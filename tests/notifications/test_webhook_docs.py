"""The example of docs/webhooks.md does what it promises to receivers."""

import re
from pathlib import Path

import pytest

from core import clock
from notifications.enums import OutEvent
from notifications.providers import PROVIDERS, Config, Outgoing
from tests.notifications.gateways import Gateway, serving

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "webhooks.md").read_text()
SECRET = "a-made-up-secret-of-length"


@pytest.fixture
def is_genuine():
    """The function of the example, as a receiver would copy it."""
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)  # noqa: S102 -- our own documentation
    return names["is_genuine"]


def test_a_receiver_who_copies_the_example_knows_us_from_others(is_genuine):
    with serving(Gateway()) as gateway:
        message = Outgoing("key", "", '{"event":"test"}', title="test")
        PROVIDERS["webhook"].send(message, Config({"url": gateway.url}, SECRET))
    seen = gateway.seen[0]

    assert is_genuine(SECRET, seen.headers, seen.body)
    assert not is_genuine("another secret", seen.headers, seen.body)
    assert not is_genuine(SECRET, seen.headers, seen.body + b" ")
    assert not is_genuine(SECRET, {**seen.headers, "x-shuncheng-timestamp": "1"}, seen.body)
    assert not is_genuine(SECRET, {}, seen.body)
    assert clock.now().timestamp() - int(seen.headers["x-shuncheng-timestamp"]) < 300


def test_every_event_is_described():
    assert {event.value for event in OutEvent} <= set(re.findall(r"^\| `([a-z.]+)` \|", TEXT, re.MULTILINE))
