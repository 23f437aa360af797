"""The database of the measurements: filled once by `load_scale`, kept for a few days, replaced when tables change."""

import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import environ
import psycopg2

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "bench_"
KEPT_FOR = timedelta(days=3)  # later "today" is too far from the data
NOTE = "filled by ./dev bench at "


@contextlib.contextmanager
def cursor_of(url: str) -> Iterator[Any]:
    """A cursor outside of transactions, as CREATE DATABASE needs it."""
    place = environ.Env.db_url_config(url)
    connection = psycopg2.connect(
        dbname=place["NAME"],
        user=place["USER"] or None,
        password=place["PASSWORD"] or None,
        host=place["HOST"] or None,
        port=place["PORT"] or None,
    )
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def prepared(server_url: str, *, customers: int) -> str:
    """The address of a filled database on that server. Databases of former runs that are out of date are dropped."""
    name = f"{PREFIX}{customers}_{_schema()}"
    url = f"{server_url.rpartition('/')[0]}/{name}"
    with cursor_of(server_url) as cursor:
        cursor.execute(
            "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database WHERE datname LIKE %s",
            [PREFIX.replace("_", r"\_") + "%"],
        )
        found = dict(cursor.fetchall())
        for other, note in found.items():
            if not _is_fresh(note) or other.rpartition("_")[2] != _schema():
                cursor.execute(f'DROP DATABASE "{other}"')
        if _is_fresh(found.get(name)):
            return url
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    _fill(url, customers=customers)
    with cursor_of(url) as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute(f"COMMENT ON DATABASE \"{name}\" IS '{NOTE}{datetime.now(UTC).isoformat()}'")
    return url


def _schema() -> str:
    """Changes with the tables, and with the data that are written into them."""
    files = [*ROOT.glob("*/migrations/0*.py"), ROOT / "workbench" / "management" / "commands" / "load_scale.py"]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def _is_fresh(note: str | None) -> bool:
    if not note or not note.startswith(NOTE):
        return False
    return datetime.now(UTC) - datetime.fromisoformat(note.removeprefix(NOTE)) < KEPT_FOR


def _fill(url: str, *, customers: int) -> None:
    env: Mapping[str, str] = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "benchmarks.settings"}
    for command in (["migrate", "--verbosity", "0"], ["load_scale", "--customers", str(customers)]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=env, check=True)
