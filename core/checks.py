"""System checks for what the code silently relies on in PostgreSQL (libraries.md 6)."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import ProgrammingError, connections, transaction

from core.encryption import DecryptionError
from core.rotation import encrypted_columns, try_to_open


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


@register(Tags.database)  # type: ignore[type-var]
def check_field_keys(app_configs: Any, databases: list[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """The keys of this process open what is stored: found before the first person does."""
    messages: list[CheckMessage] = []
    if "default" not in (databases or []):
        return messages
    for column in encrypted_columns():
        try:
            with transaction.atomic():
                try_to_open(column)
        except ProgrammingError:
            continue  # before the migration that makes the table
        except DecryptionError as error:
            hint = "Put the key that wrote it back into FIELD_KEYS; never reuse an id for another key."
            messages.append(Error(str(error), hint=hint, id="core.E003"))
    return messages
