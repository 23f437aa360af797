"""What a person carries, told by the apps above: customers, callbacks, requests to decide.

An app registers its duties when it is ready; the pages of people count them without knowing what they are.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Counts = dict[int, int]


@dataclass(frozen=True)
class Duty:
    """`count`: how many each of these people has now. `due_between`: how many fall due in a time (None: the duty has no
    due time). `is_main`: the number beside the name in the roster. `must_move`: somebody who leaves hands it over; else
    it goes along by itself or simply ends."""

    code: str
    label: "str | _StrPromise"
    icon: str
    count: Callable[[Collection[int]], Counts]
    due_between: Callable[[int, datetime, datetime], int] | None = None
    is_main: bool = False
    must_move: bool = False


_duties: dict[str, Duty] = {}


def register(duty: Duty) -> None:
    """Make a duty known; the same code again replaces it."""
    _duties[duty.code] = duty


def all_duties() -> list[Duty]:
    return list(_duties.values())


def main_duty() -> Duty | None:
    return next((duty for duty in _duties.values() if duty.is_main), None)
