"""In-process domain events: the fact and its consequences commit together (architecture.md section 3).

An event is a frozen dataclass of ids and plain values, named in the past tense, in the emitting app's `events.py`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import is_dataclass
from typing import Any, TypeVar

from django.db import connection

E = TypeVar("E")
Handler = Callable[[Any], None]

_handlers: defaultdict[type[Any], list[Handler]] = defaultdict(list)


def on(event_class: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Register the decorated function for events of exactly this class; the same function is registered once."""
    if not _is_frozen_dataclass(event_class):
        raise TypeError(f"{event_class!r} is not a frozen dataclass.")

    def register(handler: Callable[[E], None]) -> Callable[[E], None]:
        if handler not in _handlers[event_class]:
            _handlers[event_class].append(handler)
        return handler

    return register


def emit(event: object) -> None:
    """Run all handlers of the event now, in the order of registration, in the caller's transaction.

    An exception of a handler goes through to the caller and rolls everything back.
    Raises RuntimeError outside a transaction, where fact and consequence could part.
    """
    if not _is_frozen_dataclass(type(event)):
        raise TypeError(f"{event!r} is not an instance of a frozen dataclass.")
    if not connection.in_atomic_block:
        raise RuntimeError(f"{type(event).__name__} was emitted outside a transaction.")
    for handler in tuple(_handlers.get(type(event), ())):
        handler(event)


def handlers_of(event_class: type[Any]) -> tuple[Handler, ...]:
    """Return the handlers of an event class in the order in which they run."""
    return tuple(_handlers.get(event_class, ()))


@contextmanager
def isolated_registry(*, is_empty: bool = True) -> Iterator[None]:
    """Give a test its own registry (empty, or a copy of the real one) and put the real one back afterwards."""
    kept = {event_class: list(handlers) for event_class, handlers in _handlers.items()}
    if is_empty:
        _handlers.clear()
    try:
        yield
    finally:
        _handlers.clear()
        _handlers.update(kept)


def _is_frozen_dataclass(event_class: type[Any]) -> bool:
    return is_dataclass(event_class) and bool(event_class.__dataclass_params__.frozen)  # type: ignore[attr-defined]
