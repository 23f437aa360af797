"""Rights of the database roles: the application changes rows, not tables, and nothing that is only ever added to.

The owner runs migrations. `app` has no DDL and neither UPDATE nor DELETE on append-only tables: what a trigger forbids
today nobody who breaks into a web process can allow tomorrow (reliability.md 2.2, 27; 4.2). `readonly` is for reports
and sees no passwords, no sessions and no ciphertext.
"""

import re
from collections.abc import Iterator

from django.apps import apps
from django.db import connection, models, transaction
from psycopg2 import sql

from core.encryption import EncryptedTextField

APPEND_ONLY_TRIGGER = "append_only"
# Nobody reads them for a report; each row is a key to something.
SECRET_TABLES = frozenset({"django_session", "staff_usersession", "staff_recoverycode", "staff_quickpin"})
SECRET_COLUMN = re.compile(r"password|secret|session_(key|data)|digest|.*_(digest|hash)")

# The ways in which words leave a table that is final; each checks for itself that it may.
FORGETTING = "journey_forget(bigint), approval_forget(bigint), access_log_forget(integer)"


def append_only_tables() -> list[str]:
    """The tables whose rows are only ever added, as the models say."""
    return sorted(
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if any(trigger.name == APPEND_ONLY_TRIGGER for trigger in getattr(model._meta, "triggers", []))
    )


def roles_grant(*, app: str, readonly: str) -> list[str]:
    """Give both roles exactly their rights, whatever they had before. Returns the roles that do not exist."""
    present = _existing_roles(app, readonly)
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (*_of_app(app), *_of_readonly(readonly)):
            role, text = statement
            if role in present:
                cursor.execute(text)
    return [role for role in (app, readonly) if role not in present]


def _existing_roles(*names: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(names)])
        return {row[0] for row in cursor.fetchall()}


def _tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        return [row[0] for row in cursor.fetchall()]


def _of_app(role: str) -> Iterator[tuple[str, sql.Composable]]:
    name = sql.Identifier(role)
    for text in (
        "REVOKE ALL ON SCHEMA public FROM {role}",
        "GRANT USAGE ON SCHEMA public TO {role}",
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        "REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        # A restored function is open to everybody, hence the first line.
        "REVOKE EXECUTE ON FUNCTION {forgetting} FROM PUBLIC",
        "GRANT EXECUTE ON FUNCTION {forgetting} TO {role}",
    ):
        yield role, sql.SQL(text).format(role=name, forgetting=sql.SQL(FORGETTING))
    present = set(_tables())
    for table in append_only_tables():
        if table in present:
            text = sql.SQL("REVOKE UPDATE, DELETE ON {table} FROM {role}")
            yield role, text.format(table=sql.Identifier(table), role=name)
    yield role, sql.SQL("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}").format(role=name)


def _of_readonly(role: str) -> Iterator[tuple[str, sql.Composable]]:
    name = sql.Identifier(role)
    yield role, sql.SQL("GRANT USAGE ON SCHEMA public TO {role}").format(role=name)
    yield role, sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}").format(role=name)
    for table, columns in _readable_columns().items():
        text = sql.SQL("GRANT SELECT ({columns}) ON {table} TO {role}")
        listed = sql.SQL(", ").join(map(sql.Identifier, columns))
        yield role, text.format(columns=listed, table=sql.Identifier(table), role=name)


def _readable_columns() -> dict[str, list[str]]:
    """Every column of every table but the secret ones."""
    encrypted = {
        (model._meta.db_table, field.column)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedTextField | models.BinaryField)
    }
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns JOIN pg_tables"
            " ON schemaname = table_schema AND tablename = table_name WHERE table_schema = 'public'"
            " ORDER BY table_name, ordinal_position"
        )
        for table, column in cursor.fetchall():
            if table not in SECRET_TABLES and not SECRET_COLUMN.fullmatch(column) and (table, column) not in encrypted:
                found.setdefault(table, []).append(column)
    return found
