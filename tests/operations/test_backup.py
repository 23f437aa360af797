"""The restore drill: dump, bring back into another database, count, compare, try the rules and the keys."""

import base64
import json
import os
import subprocess
import sys
from contextlib import closing

import psycopg2
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from core.models import PrivateFile
from core.private_files import file_store
from core.uploads import CleanFile
from customers.services import IdentityEntry, identity_save
from operations.services import contents, postgres
from tests.conftest import make_people
from tests.journeys import open_one, record

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
KEY = base64.b64encode(b"backup-key-of-a-test-0123456789a").decode()
CANARY = "皮蓬洛娜"
ID_NUMBER = "11010519491231002X"  # the example of the standard


@pytest.fixture
def store(tmp_path, settings):
    """A small store with customers, callbacks, contacts and files."""
    settings.PRIVATE_FILES_DIR = tmp_path / "private"
    people = make_people()
    for _number in range(3):
        record(open_one(people), people.owner)
    customer = open_one(people).customer
    customer.name = CANARY
    customer.save()
    entry = IdentityEntry(number=ID_NUMBER, source="original")
    identity_save(customer_id=customer.pk, kind="id_card", entry=entry, by=people.owner)
    clean = CleanFile(b"a picture " + CANARY.encode(), "image/jpeg", 10, 10)
    file_store(clean=clean, owner_type="customers.Customer", owner_id=customer.pk, kind="id_card", by=people.owner)
    folder = tmp_path / "private" / "ab"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "file-1").write_bytes(os.urandom(5000))
    (tmp_path / "private" / "file-2").write_bytes(b"ciphertext")
    return people


@pytest.fixture
def backup(store, tmp_path, monkeypatch):
    monkeypatch.setenv("BACKUP_KEY", KEY)
    call_command("backup", tmp_path / "backups")
    return next((tmp_path / "backups").iterdir())


@pytest.fixture
def empty_database():
    """The name of an empty database on the same server."""
    name = f"{connection.settings_dict['NAME']}_copy"
    parameters = connection.get_connection_params() | {"dbname": "postgres"}
    parameters.pop("cursor_factory", None)

    def run(statement):
        with closing(psycopg2.connect(**{k: v for k, v in parameters.items() if k != "options"})) as admin:
            admin.autocommit = True
            admin.cursor().execute(statement)

    run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    run(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'")
    yield name
    run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def manage(database, tmp_path, *arguments, **env):
    """A management command on another database, as another machine would run it."""
    parameters = connection.settings_dict
    place = f"{parameters['HOST']}:{parameters['PORT']}" if parameters["PORT"] else parameters["HOST"]
    # A socket directory stands behind a second slash.
    place = f"/{parameters['HOST']}" if str(parameters["HOST"]).startswith("/") else place
    url = f"postgres://{parameters['USER']}@{place}/{database}"
    given = {"DATABASE_URL": url, "PRIVATE_FILES_DIR": str(tmp_path / "copy"), "BACKUP_KEY": KEY}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        env=os.environ | given | env, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip


def rows(database, statement):
    parameters = connection.get_connection_params() | {"dbname": database}
    parameters.pop("cursor_factory", None)
    with closing(psycopg2.connect(**parameters)) as copy, copy.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def test_restore_drill(backup, empty_database, tmp_path):
    manifest = json.loads((backup / "manifest.json").read_text())
    assert manifest["tables"]["followups_contact"][0] == 3
    assert manifest["files"] == 3
    assert manifest["key_ids"] == ["test1"]

    done = manage(empty_database, tmp_path, "restore", str(backup))

    assert done.returncode == 0, done.stderr
    assert "rows and contents of the backup" in done.stdout
    assert "Rules and keys hold" in done.stdout
    for table, (count, _content) in manifest["tables"].items():
        assert rows(empty_database, f'SELECT count(*) FROM "{table}"') == [(count,)]  # noqa: S608
    assert {name: rows(empty_database, text) for name, text in contents.INVARIANTS.items()} == dict.fromkeys(
        contents.INVARIANTS, [(0,)]
    )
    assert (CANARY,) in rows(empty_database, "SELECT name FROM customers_customer")
    for name in ("ab/file-1", "file-2"):
        assert (tmp_path / "copy" / name).read_bytes() == (tmp_path / "private" / name).read_bytes()

    again = manage(empty_database, tmp_path, "restore", str(backup))
    assert again.returncode != 0
    assert "holds tables" in again.stderr


def test_a_copy_that_lacks_a_row_is_not_believed(backup, empty_database, tmp_path):
    manifest = json.loads((backup / "manifest.json").read_text())
    manifest["tables"]["followups_contact"][0] += 1
    manifest["tables"]["staff_user"][1] = "0"
    (backup / "manifest.json").write_text(json.dumps(manifest))

    done = manage(empty_database, tmp_path, "restore", str(backup))

    assert done.returncode != 0
    assert "followups_contact: 3 rows instead of 4" in done.stderr
    assert "staff_user: other contents" in done.stderr


def test_a_copy_without_its_keys_or_with_a_damaged_file_is_not_believed(store, empty_database, tmp_path, monkeypatch):
    stored = tmp_path / "private" / PrivateFile.objects.get().storage_name[:2]
    path = next(path for path in stored.iterdir() if path.name.startswith(stored.name))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    monkeypatch.setenv("BACKUP_KEY", KEY)
    call_command("backup", tmp_path / "backups")
    backup = next((tmp_path / "backups").iterdir())
    manifest = (backup / "manifest.json").read_text()

    (backup / "manifest.json").write_text(manifest.replace('"test1"', '"lost7"'))
    keyless = manage(empty_database, tmp_path, "restore", str(backup))
    (backup / "manifest.json").write_text(manifest)
    damaged = manage(empty_database, tmp_path, "restore", str(backup))

    assert (keyless.returncode != 0, "FIELD_KEYS lacks the keys lost7" in keyless.stderr) == (True, True)
    assert damaged.returncode != 0
    assert "differs from the backup" in damaged.stderr


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"BACKUP_KEY": ""}, "BACKUP_KEY is needed"),
        ({"BACKUP_KEY": base64.b64encode(b"x" * 32).decode()}, "does not open"),
    ],
)
def test_without_the_right_key_nothing_is_restored(backup, empty_database, tmp_path, env, sentence):
    done = manage(empty_database, tmp_path, "restore", str(backup), **env)

    assert done.returncode != 0
    assert sentence in done.stderr
    assert rows(empty_database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


def test_a_sealed_backup_shows_no_name_and_holds_no_key(backup):
    everything = b"".join(path.read_bytes() for path in backup.rglob("*") if path.is_file())

    assert CANARY.encode() not in everything
    assert ID_NUMBER.encode() not in everything
    for secret in (settings.FIELD_KEYS.partition(":")[2], settings.INDEX_KEY, settings.SECRET_KEY, KEY):
        assert secret.encode() not in everything


def test_a_damaged_backup_is_found_without_restoring_it(backup):
    call_command("restore", backup, "--verify")
    target = backup / "database.dump.sealed"
    raw = bytearray(target.read_bytes())
    raw[len(raw) // 2] ^= 1
    target.write_bytes(raw)

    with pytest.raises(CommandError, match="checksum differs"):
        call_command("restore", backup, "--verify")
    target.unlink()
    with pytest.raises(CommandError, match="is missing"):
        call_command("restore", backup, "--verify")


def test_a_failed_backup_leaves_nothing_that_looks_like_one(store, tmp_path, monkeypatch):
    monkeypatch.setattr(postgres, "_candidates", lambda name: [])

    with pytest.raises(CommandError, match="No pg_dump for PostgreSQL"):
        call_command("backup", tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []


def test_the_invariants_see_what_they_should(store):
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # triggers off, as only a superuser can
        cursor.execute("DELETE FROM followups_followup WHERE state = 'pending'")
        cursor.execute("SET session_replication_role = DEFAULT")

    assert contents.broken_invariants() == {"an open customer story without a next callback": 4}
