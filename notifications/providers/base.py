"""What a provider is given, what it answers, and the three ways in which it may not work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Outgoing:
    """One message as a provider needs it. `key` is the same at every try, so that a receiver can tell repeats.

    `template`: the provider's own code of the text, `values` what goes into it, in the order the provider counts.
    """

    key: str
    address: str
    body: str
    title: str = ""
    sign_name: str = ""
    template: str = ""
    values: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Config:
    """The settings of one integration; the secret never leaves this object."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    secret: str = field(default="", repr=False)

    def get(self, name: str, default: str = "") -> str:
        return str(self.parameters.get(name) or default)


@dataclass(frozen=True)
class Answer:
    """It was taken. `reference`: the provider's own number for it."""

    reference: str
    code: str = "OK"


class NotSent(Exception):  # noqa: N818 -- an answer, not an accident
    """Certainly not sent. `is_final`: the message itself is wrong, another try would end the same way."""

    def __init__(self, code: str, text: str = "", *, is_final: bool = False) -> None:
        super().__init__(f"{code}: {text}" if text else code)
        self.code, self.text, self.is_final = code, text, is_final


class Throttled(NotSent):
    """Certainly not sent because there were too many. The whole integration rests for `retry_after_s`."""

    def __init__(self, code: str, text: str = "", *, retry_after_s: int = 60) -> None:
        super().__init__(code, text)
        self.retry_after_s = retry_after_s


class Uncertain(Exception):  # noqa: N818 -- an answer, not an accident
    """The request left, and nobody knows whether the provider took it (time-out, cut connection, its own failure)."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(f"{code}: {text}" if text else code)
        self.code, self.text = code, text


class Provider(Protocol):
    """`is_repeatable`: the receiver can tell a repeat or is not hurt by one, so an unknown outcome is tried again."""

    name: str
    is_repeatable: bool

    def send(self, message: Outgoing, config: Config) -> Answer:
        """Hand the message over. Raises NotSent, Throttled or Uncertain."""
