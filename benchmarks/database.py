"""The database of the measurements: filled once by `load_scale`, kept for a few days, migrated when tables change."""

import contextlib
import os
import subprocess
import sys
import time
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


def prepared(server_url: str, *, customers: int) -> tuple[str, str]:
    """The address of a filled database on that server, and when and how fast it was filled. One that is too old is
    dropped."""
    name = f"{PREFIX}{customers}"
    url = f"{server_url.rpartition('/')[0]}/{name}"
    with cursor_of(server_url) as cursor:
        cursor.execute(
            "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database WHERE datname LIKE %s",
            [PREFIX.replace("_", r"\_") + "%"],
        )
        found = dict(cursor.fetchall())
        for other, note in found.items():
            if not _is_fresh(note):
                cursor.execute(f'DROP DATABASE "{other}"')
        if _is_fresh(found.get(name)):
            _manage(url, "upgrade")
            return url, found[name]
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    begin = time.monotonic()
    _manage(url, "migrate", "--verbosity", "0")
    _manage(url, "load_scale", "--customers", str(customers))
    note = f"{NOTE}{datetime.now(UTC).isoformat(timespec='seconds')} in {time.monotonic() - begin:.0f} s"
    with cursor_of(url) as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute(f"COMMENT ON DATABASE \"{name}\" IS '{note}'")
    return url, note


def _is_fresh(note: str | None) -> bool:
    if not note or not note.startswith(NOTE):
        return False
    filled_at = datetime.fromisoformat(note.removeprefix(NOTE).split()[0])
    return datetime.now(UTC) - filled_at < KEPT_FOR


def _manage(url: str, *command: str) -> None:
    env: Mapping[str, str] = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "benchmarks.settings"}
    subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=env, check=True)
