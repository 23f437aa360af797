"""How far a long import is, seen from outside while its transaction is still open."""

from types import TracebackType
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from core import clock
from core.models import Heartbeat

_WRITE = """
INSERT INTO core_heartbeat (name, beat_at, detail) VALUES (%s, %s, jsonb_build_object('done', %s::int))
ON CONFLICT (name) DO UPDATE SET beat_at = EXCLUDED.beat_at, detail = EXCLUDED.detail
"""


def _name(import_id: int) -> str:
    return f"leads.import:{import_id}"


class Progress:
    """Writes through a connection of its own, because nobody sees what an open transaction writes.

    The row is a sign of life, no fact: nothing depends on it, and it goes when the import ends.
    """

    def __init__(self, import_id: int) -> None:
        self.name = _name(import_id)
        self.connection: BaseDatabaseWrapper = connection.copy()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._execute("DELETE FROM core_heartbeat WHERE name = %s", [self.name])
        finally:
            self.connection.close()

    def report(self, done: int) -> None:
        self._execute(_WRITE, [self.name, clock.now(), done])

    def _execute(self, statement: str, values: list[Any]) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values)


def rows_done(import_id: int) -> int | None:
    """How many rows the worker has written so far; None when it has not begun."""
    row = Heartbeat.objects.filter(name=_name(import_id)).first()
    return row.detail.get("done") if row else None
