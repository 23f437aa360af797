"""Two people at the same moment: real threads, real connections, and a point where they try to meet."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections
from django.db.models import QuerySet

PATIENCE_S = 0.4


def race(*actions: Callable[[], Any]) -> list[Any]:
    """Run the actions at once, each on its own connection; returns results or exceptions in their order."""
    start = threading.Barrier(len(actions))

    def run(action: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            start.wait(timeout=10)
            return action()
        except Exception as error:  # noqa: BLE001 -- the test looks at it
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as pool:
        return [future.result(timeout=30) for future in [pool.submit(run, action) for action in actions]]


class Meeting:
    """A point between check and write. Who waits there in vain goes on alone: that is what a lock achieves."""

    def __init__(self) -> None:
        self._barrier = threading.Barrier(2)
        self.took_place = False

    def wait(self) -> None:
        try:
            self._barrier.wait(timeout=PATIENCE_S)
        except threading.BrokenBarrierError:
            return
        self.took_place = True

    def after(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function, and then the meeting."""

        def run(*args: Any, **kwargs: Any) -> Any:
            result = func(*args, **kwargs)
            self.wait()
            return result

        return run


def remove_locks(monkeypatch: Any) -> None:
    """Nobody locks a row any more."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **kwargs: self)


@contextmanager
def without_constraint(table: str, name: str) -> Iterator[None]:
    """A unique rule of the test database is gone for a while; the rows of the table are gone afterwards."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_indexdef(to_regclass(%s))", [name])
        definition = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM pg_constraint WHERE conname = %s", [name])
        is_constraint = cursor.fetchone()[0] == 1
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}" if is_constraint else f"DROP INDEX {name}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {table} CASCADE")
            cursor.execute(definition)
            if is_constraint:
                cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}")


def kinds(results: list[Any]) -> list[str]:
    """What came out, in words: "ok" or the name of the exception, sorted."""
    return sorted(type(result).__name__ if isinstance(result, Exception) else "ok" for result in results)
