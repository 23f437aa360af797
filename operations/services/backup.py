"""A backup: the database of one moment, the private files, and a manifest that says what must come out again.

No key is in it. Files of customers and protected columns are ciphertext as they are on the machine.
"""

import json
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from core import clock
from operations.services import contents, postgres
from operations.services.archive import ArchiveError, sha256_of, write_archive

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE, FILES = "database.dump", "files.tar"
FOLDER = re.compile(r"shuncheng-(\d{8}T\d{6})Z")


@dataclass(frozen=True, kw_only=True)
class Backup:
    """A finished backup on disk."""

    folder: Path
    manifest: dict[str, Any]


def backup_create(target: Path, *, key: bytes | None, has_digests: bool = True) -> Backup:
    """Write a backup into a new folder below `target`. It has its name only when it is complete."""
    now = clock.now()
    target.mkdir(parents=True, exist_ok=True)
    folder = target / f"shuncheng-{now:%Y%m%dT%H%M%S}Z"
    if folder.exists():
        raise ArchiveError(f"{folder} exists already.")
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=target))
    try:
        manifest = _write(building, now=now, key=key, has_digests=has_digests)
        building.rename(folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return Backup(folder=folder, manifest=manifest)


def _write(folder: Path, *, now: datetime, key: bytes | None, has_digests: bool) -> dict[str, Any]:
    suffix = ".sealed" if key else ""
    major = postgres.server_major()
    program = postgres.find_program("pg_dump", major=major)
    with _snapshot() as snapshot:  # rows are counted in the very moment that is dumped
        tables = contents.digests(has_digests=has_digests)
        keys = contents.key_ids()
        with _dump(program, snapshot) as stream:
            checksums = {DATABASE + suffix: write_archive(stream, folder / (DATABASE + suffix), key)}
    with _files() as (stream, count):  # after the database: a row never names a file that the backup lacks
        checksums[FILES + suffix] = write_archive(stream, folder / (FILES + suffix), key)
    manifest = {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "is_sealed": bool(key),
        "postgres_major": major,
        "migrations": sorted(".".join(name) for name in MigrationRecorder(connection).applied_migrations()),
        "tables": tables,
        "key_ids": keys,
        "files": count,
        "sha256": checksums,
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
    return manifest


@contextmanager
def _snapshot() -> Iterator[str]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        yield cursor.fetchone()[0]


@contextmanager
def _dump(program: Path, snapshot: str) -> Iterator[BufferedReader]:
    argv = [str(program), "-Fc", "--no-owner", "--no-privileges", "--lock-wait-timeout=60s", f"--snapshot={snapshot}"]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(argv, env=postgres.connection_env(), stdout=subprocess.PIPE, stderr=errors)
        try:
            assert isinstance(process.stdout, BufferedReader)  # noqa: S101 -- what PIPE gives
            yield process.stdout
        finally:
            if process.stdout:
                process.stdout.close()
            status = process.wait()
        if status != 0:
            errors.seek(0)
            raise postgres.ProgramError(f"pg_dump failed: {errors.read().decode(errors='replace')[-2000:]}")


@contextmanager
def _files() -> Iterator[tuple[Any, int]]:
    """The private files as one tar; they are ciphertext already."""
    source = postgres.private_files_dir()
    paths = sorted(path for path in source.rglob("*") if path.is_file()) if source.is_dir() else []
    with tempfile.TemporaryFile() as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            for path in paths:
                tar.add(path, arcname=str(path.relative_to(source)), recursive=False)
        file.seek(0)
        yield file, len(paths)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Raises ArchiveError when this is no backup or one that a newer version made."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        raise ArchiveError(f"{folder} is not a backup: {error}") from error
    if manifest.get("format") != FORMAT:
        raise ArchiveError(f"{folder} has format {manifest.get('format')}, this version reads {FORMAT}.")
    return manifest


def backup_verify(folder: Path) -> dict[str, Any]:
    """The manifest, when every file is there and as it was written. Raises ArchiveError."""
    manifest = read_manifest(folder)
    for name, wanted in manifest["sha256"].items():
        path = folder / name
        if not path.is_file():
            raise ArchiveError(f"{name} is missing.")
        if sha256_of(path) != wanted:
            raise ArchiveError(f"{name} was changed or damaged: its checksum differs.")
    return manifest


def backups_thin(target: Path, *, keep_daily: int, keep_weekly: int) -> list[Path]:
    """Delete all but the newest of each of the last days and weeks that have one. Returns what was deleted."""
    found = {folder: moment for folder in target.iterdir() if (moment := _moment_of(folder))}
    newest_first = sorted(found, key=lambda folder: found[folder], reverse=True)
    kept: set[Path] = set(newest_first[:1])
    for count, period in ((keep_daily, "%Y-%m-%d"), (keep_weekly, "%G-%V")):
        first_of: dict[str, Path] = {}
        for folder in newest_first:
            first_of.setdefault(found[folder].strftime(period), folder)
        kept |= set(list(first_of.values())[:count])
    doomed = [folder for folder in newest_first if folder not in kept]
    for folder in doomed:
        shutil.rmtree(folder)
    return doomed


def _moment_of(folder: Path) -> datetime | None:
    match = FOLDER.fullmatch(folder.name)
    is_backup = bool(match) and (folder / MANIFEST).is_file()
    return datetime.strptime(match[1], "%Y%m%dT%H%M%S") if match and is_backup else None  # noqa: DTZ007 -- UTC by name
