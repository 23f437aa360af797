"""What is in the database, in numbers: to compare a copy with its original, and to see that the rules hold in it."""

from typing import Any

from django.apps import apps
from django.db import connection

from core.encryption import DecryptionError, EncryptedTextField
from core.private_files import files_broken

# Each counts what must not exist; the constraints of the database say the same, this says it again after a restore.
INVARIANTS = {
    "an open customer story without a next callback": """
        SELECT count(*) FROM opportunities_opportunity o WHERE o.outcome = 'open' AND NOT EXISTS (
            SELECT 1 FROM followups_followup f WHERE f.opportunity_id = o.id AND f.state = 'pending')""",
    "two open stories of one customer": """
        SELECT count(*) FROM (SELECT customer_id FROM opportunities_opportunity
            WHERE outcome = 'open' AND NOT is_parallel GROUP BY customer_id HAVING count(*) > 1) AS twice""",
    "a phone that belongs to two customers of a store": """
        SELECT count(*) FROM (SELECT store_id, number FROM customers_customerphone
            GROUP BY store_id, number HAVING count(*) > 1) AS twice""",
    "a reminder delivered twice": """
        SELECT count(*) FROM (SELECT dedupe_key FROM notifications_notification
            WHERE dedupe_key IS NOT NULL GROUP BY dedupe_key HAVING count(*) > 1) AS twice""",
    "a request decided by who asked": """
        SELECT count(*) FROM approvals_approvalrequest WHERE state IN ('approved', 'rejected')
            AND (decided_by_id IS NULL OR decided_by_id = requested_by_id)""",
}


def digests(*, has_digests: bool = True) -> dict[str, list[Any]]:
    """Rows of every table, and a sum over their contents that is the same for the same rows in any order."""
    found: dict[str, list[Any]] = {}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL timezone = 'UTC'")
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        for (table,) in cursor.fetchall():
            content = "coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text" if has_digests else "''"
            cursor.execute(f'SELECT count(*), {content} FROM "{table}" AS t')  # noqa: S608 -- names from the catalogue
            found[table] = list(cursor.fetchone())
    return found


def broken_invariants() -> dict[str, int]:
    """What must not exist and does, with how often."""
    found = {}
    with connection.cursor() as cursor:
        for name, statement in INVARIANTS.items():
            cursor.execute(statement)
            count = cursor.fetchone()[0]
            if count:
                found[name] = count
    return found


def encrypted_columns() -> list[tuple[Any, str]]:
    """(model, name of the field) of every encrypted field."""
    return [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedTextField)
    ]


def key_ids() -> list[str]:
    """The keys that some stored value needs."""
    found: set[str] = set()
    with connection.cursor() as cursor:
        for model, name in encrypted_columns():
            table, column = model._meta.db_table, model._meta.get_field(name).column
            statement = f'SELECT DISTINCT substring("{column}" FROM 3 FOR get_byte("{column}", 1)) FROM "{table}"'  # noqa: S608
            cursor.execute(f'{statement} WHERE "{column}" IS NOT NULL')
            found |= {bytes(row[0]).decode("ascii", "replace") for row in cursor.fetchall()}
    return sorted(found)


def unreadable() -> list[str]:
    """Encrypted fields whose newest value does not open with the keys of this process; files that cannot be read."""
    found = []
    for model, name in encrypted_columns():
        row = model._base_manager.exclude(**{f"{name}__isnull": True}).order_by("-pk").first()
        try:
            if row is not None:
                getattr(row, name)
        except DecryptionError as error:
            found.append(str(error))
    return found + [reason for _pk, reason in files_broken()]
