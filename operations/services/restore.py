"""A backup comes back into an empty database, and is believed only after counting."""

import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from core.encryption import parse_keys
from operations.services import contents, postgres
from operations.services.archive import ArchiveError, read_archive
from operations.services.backup import DATABASE, FILES, backup_verify


class RestoreError(Exception):
    """The backup was not restored, or what came back is not what went in."""


def restore(folder: Path, *, key: bytes | None, say: Callable[[str], None]) -> None:
    """Verify, restore, compare, and try the rules and the keys. Raises RestoreError or ArchiveError."""
    manifest = backup_verify(folder)
    if manifest["is_sealed"] and key is None:
        raise ArchiveError("The backup is sealed: BACKUP_KEY is needed.")
    _refuse_data()
    _refuse_missing_keys(manifest)
    is_older = _is_older_than_code(manifest)
    suffix, used_key = (".sealed", key) if manifest["is_sealed"] else ("", None)
    _restore_database(read_archive(folder / (DATABASE + suffix), used_key), major=manifest["postgres_major"])
    say("The database is back.")
    count = _restore_files(read_archive(folder / (FILES + suffix), used_key))
    say(f"{count} private files are back.")
    problems = differences(manifest, files=count)
    if not is_older:
        problems += [f"{count} times {name}" for name, count in contents.broken_invariants().items()]
        problems += contents.unreadable()
    if problems:
        raise RestoreError("What came back differs from the backup:\n" + "\n".join(problems))
    say(f"{len(manifest['tables'])} tables have the rows and contents of the backup.")
    say("The backup is of an older version: rules and keys were not tried." if is_older else "Rules and keys hold.")


def differences(manifest: dict[str, Any], *, files: int) -> list[str]:
    """Sentences about what is not as the manifest says."""
    with transaction.atomic():
        is_same_server = postgres.server_major() == manifest["postgres_major"]
        has_digests = is_same_server and any(content for _rows, content in manifest["tables"].values())
        found = contents.digests(has_digests=has_digests)
    problems = []
    for table in sorted(found.keys() | manifest["tables"].keys()):
        rows, content = found.get(table, [None, ""])
        wanted_rows, wanted_content = manifest["tables"].get(table, [None, ""])
        if rows != wanted_rows:
            problems.append(f"{table}: {rows} rows instead of {wanted_rows}")
        elif has_digests and content != wanted_content:
            problems.append(f"{table}: other contents")
    if files != manifest["files"]:
        problems.append(f"{files} files instead of {manifest['files']}")
    return problems


def _is_older_than_code(manifest: dict[str, Any]) -> bool:
    """The code has migrations that the backup has not. Raises RestoreError when it is the other way round."""
    known = {".".join(name) for name in MigrationLoader(None).disk_migrations}
    if newer := sorted(set(manifest["migrations"]) - known):
        raise RestoreError(f"The backup is of a newer version, with {newer[-1]}: restore it with that version.")
    return bool(known - set(manifest["migrations"]))


def _refuse_data() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        if cursor.fetchone()[0]:
            raise RestoreError(
                f"The database {postgres.database_name()} holds tables. A backup is restored into an empty one only."
            )
    directory = postgres.private_files_dir()
    if directory.is_dir() and any(directory.iterdir()):
        raise RestoreError(f"{directory} holds files. Private files are restored into an empty directory only.")


def _refuse_missing_keys(manifest: dict[str, Any]) -> None:
    """Without its keys the copy would look fine and be unreadable where it matters."""
    missing = sorted(set(manifest["key_ids"]) - set(parse_keys(settings.FIELD_KEYS).keys))
    if missing:
        raise RestoreError(f"FIELD_KEYS lacks the keys {', '.join(missing)} that the backup was written with.")


def _restore_database(pieces: Iterator[bytes], *, major: int) -> None:
    program = postgres.find_program("pg_restore", major=max(major, postgres.server_major()))
    argv = [str(program), "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
    argv += ["--dbname", postgres.database_name()]
    connection.close()
    with tempfile.TemporaryFile() as dump, tempfile.TemporaryFile() as errors:
        for piece in pieces:  # all of it is authentic before the database sees any of it
            dump.write(piece)
        dump.seek(0)
        done = subprocess.run(argv, env=postgres.connection_env(), stdin=dump, stderr=errors, check=False)
        if done.returncode != 0:
            errors.seek(0)
            raise RestoreError(f"pg_restore failed: {errors.read().decode(errors='replace')[-2000:]}")


def _restore_files(pieces: Iterator[bytes]) -> int:
    directory = postgres.private_files_dir()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryFile() as file:
        for piece in pieces:
            file.write(piece)
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r") as tar:
            members = [member for member in tar.getmembers() if member.isfile()]
            tar.extractall(directory, members=members, filter="data")
    return len(members)
