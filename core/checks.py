"""System checks for what the code silently relies on in PostgreSQL (libraries.md 6)."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections


@register(Tags.database)  # type: ignore[type-var]  # the stubs do not know that a list of CheckMessage is enough
def check_postgres(app_configs: Any, databases: list[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """PostgreSQL is 15 or newer and trigrams work for Chinese (they vanish when LC_CTYPE is C)."""
    messages: list[CheckMessage] = []
    for alias in databases or []:
        with connections[alias].cursor() as cursor:
            if connections[alias].pg_version < 150000:  # type: ignore[attr-defined]
                messages.append(Error("PostgreSQL 15 or newer is needed.", id="core.E001"))
            cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
            if cursor.fetchone() is None:
                continue  # before the first migration
            cursor.execute("SELECT similarity('张三丰', '张三')")
            row = cursor.fetchone()
            if row is None or row[0] <= 0:
                hint = "Create the database with --lc-ctype=C.UTF-8 (or a Chinese UTF-8 locale)."
                messages.append(Error("Trigram search does not see Chinese characters.", hint=hint, id="core.E002"))
    return messages
