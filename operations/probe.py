"""Health checks of the containers: `python -m operations.probe web|tick|heavy|beat`. Status 0 is healthy.

Loads neither Django nor the settings, because it runs every few seconds. Workers are judged by what they wrote into the
database after real work: one that is alive but deaf is dead all the same (reliability.md 2.1, 6).
"""

import os
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psycopg2

STALE_S = 180
BEATS = {"tick": "followups.remind_due", "heavy": "leads.import_run"}
ADDRESS = "127.0.0.1"


def web() -> str:
    """ "" when the web process answers and reaches its database. Asked under a name that the site answers to."""
    port = os.environ.get("WEB_BIND", ":8000").rpartition(":")[2]
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".")
    headers = {"Host": host, "X-Forwarded-Proto": "https", "X-Forwarded-For": ADDRESS}
    request = urllib.request.Request(f"http://{ADDRESS}:{port}/healthz/", headers=headers)  # noqa: S310 -- our own
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=8) as answer:
            return "" if answer.status == 200 else f"status {answer.status}"
    except OSError as error:
        return str(error)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is no sign of health: whatever it leads to is not this process."""

    def redirect_request(self, *args: object) -> None:
        return None


def worker(beat_name: str) -> str:
    """ "" when the worker's own sweep has beaten within three minutes, by the clock of the database."""
    try:
        connection = psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=5)
    except psycopg2.Error as error:
        return f"no database: {error}"
    try:
        with connection.cursor() as cursor:
            statement = "SELECT extract(epoch FROM now() - beat_at) FROM core_heartbeat WHERE name = %s"
            cursor.execute(statement, [beat_name])
            row = cursor.fetchone()
    except psycopg2.Error as error:
        return str(error)
    finally:
        connection.close()
    if row is None:
        return f"{beat_name} has never beaten"
    return "" if row[0] < STALE_S else f"{beat_name} was silent for {row[0]:.0f} s"


def beat() -> str:
    """ "" when beat has handed a wake-up to the broker within three minutes."""
    path = Path(os.environ.get("BEAT_ALIVE_FILE", ""))
    try:
        age = time.time() - path.stat().st_mtime
    except OSError as error:
        return str(error)
    return "" if age < STALE_S else f"no wake-up was sent for {age:.0f} s"


PROBES: dict[str, Callable[[], str]] = {
    "web": web,
    "beat": beat,
    **{name: lambda beat_name=beat_name: worker(beat_name) for name, beat_name in BEATS.items()},  # type: ignore[misc]
}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in PROBES:
        sys.stderr.write(f"usage: python -m operations.probe {'|'.join(PROBES)}\n")
        return 2
    problem = PROBES[arguments[0]]()
    sys.stdout.write((problem or "ok") + "\n")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
