"""`@service`: one write, one transaction.

Source: reliability.md 4.1 (retry 40001, 40P01, 55P03 up to three times).
"""

import time
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext_lazy as _

from core.errors import Conflict

P = ParamSpec("P")
R = TypeVar("R")

SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"
LOCK_NOT_AVAILABLE = "55P03"
RETRIED_STATES = frozenset({SERIALIZATION_FAILURE, DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE})

# Waits before the second and third try, in seconds: long enough for the other transaction to end.
PAUSES_S = (0.05, 0.2)


class _Frame:
    """The outermost service that runs now, and the first error that left a service nested in it."""

    def __init__(self) -> None:
        self.nested_error: Exception | None = None


_frame: ContextVar[_Frame | None] = ContextVar("core_service_frame", default=None)


def service(func: Callable[P, R]) -> Callable[P, R]:
    """Run a write in a transaction: all of it happens or nothing.

    The outermost service opens the transaction (inside a foreign `atomic()` block: a savepoint) and runs again, at
    most three times in total, when PostgreSQL reports a deadlock, a serialization failure or a lock timeout; inside a
    foreign block it does not, because what the block did before cannot be repeated from here. A service called by a
    service joins that transaction without a savepoint. If it raises, the whole transaction is lost: a caller who wants
    to go on must wrap the call in `transaction.atomic()`.

    Raises Conflict when the rows stay locked by somebody else.
    """

    @wraps(func)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        frame = _frame.get()
        # A frame copied from another thread belongs to another connection: then this is an outermost call.
        if frame is not None and connection.in_atomic_block:
            return _run_nested(frame, func, *args, **kwargs)
        if connection.in_atomic_block:
            return _run_in_foreign_block(func, *args, **kwargs)
        return _run_with_retry(func, *args, **kwargs)

    return run


def sql_state(error: BaseException) -> str | None:
    """Return PostgreSQL's five-character code of a database error, or None."""
    code = getattr(error.__cause__, "pgcode", None) or getattr(error.__cause__, "sqlstate", None)
    return code if isinstance(code, str) else None


def _run_nested(frame: _Frame, func: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    try:
        with transaction.atomic(savepoint=False):
            return func(*args, **kwargs)
    except Exception as error:
        frame.nested_error = frame.nested_error or error
        raise


def _run_outermost(func: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    frame = _Frame()
    token = _frame.set(frame)
    try:
        with transaction.atomic():
            result = func(*args, **kwargs)
            if frame.nested_error is not None and connection.needs_rollback:
                # Without this the block would roll back in silence and the caller would believe that it was saved.
                raise transaction.TransactionManagementError(
                    "A nested service failed and its error was swallowed; wrap that call in transaction.atomic()."
                ) from frame.nested_error
            return result
    finally:
        _frame.reset(token)


def _run_in_foreign_block(func: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    try:
        return _run_outermost(func, *args, **kwargs)
    except OperationalError as error:
        if sql_state(error) == LOCK_NOT_AVAILABLE:
            raise _locked_by_somebody() from error
        raise


def _run_with_retry(func: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    pauses = iter(PAUSES_S)
    while True:
        try:
            return _run_outermost(func, *args, **kwargs)
        except OperationalError as error:
            if sql_state(error) not in RETRIED_STATES:
                raise
            pause = next(pauses, None)
            if pause is None:
                raise _locked_by_somebody() from error
        time.sleep(pause)


def _locked_by_somebody() -> Conflict:
    return Conflict(
        _("Somebody else is changing this record right now. Nothing was saved; please try again in a moment."),
        code="locked",
    )
