"""What a deployment has to have right, asked by `manage.py check --database default`."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import ProgrammingError, transaction

from core.encryption import DecryptionError
from customers.services import identity_index_is_current


@register(Tags.database)  # type: ignore[type-var]
def check_index_key(app_configs: Any, databases: list[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """With another INDEX_KEY no number is found, and one that is known would be taken for new."""
    if "default" not in (databases or []):
        return []
    try:
        with transaction.atomic():
            is_current = identity_index_is_current()
    except (DecryptionError, ProgrammingError):
        return []  # core.E003 says so; before the migration that makes the table
    if is_current:
        return []
    hint = "Put the old key back, or stop the web processes and run `manage.py rebuild_index`."
    return [Error("INDEX_KEY is not the key of the stored hashes.", hint=hint, id="customers.E001")]
