"""Files on the disk: ciphertext, whole or not at all, unreadable once the key is gone."""

import errno
import os
import time
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from core import private_files
from core.encryption import DecryptionError
from core.errors import DomainError
from core.models import PrivateFile
from core.private_files import file_read, file_shred, file_store, files_broken, files_sweep
from core.uploads import CleanFile

pytestmark = pytest.mark.django_db
CONTENT = b"\xff\xd8\xff CANARY-OF-THE-PICTURE " + b"x" * 5000
CLEAN = CleanFile(CONTENT, "image/jpeg", 10, 10)


@pytest.fixture
def folder(settings, tmp_path) -> Path:
    settings.PRIVATE_FILES_DIR = tmp_path / "private"
    return tmp_path / "private"


def store(people, **fields) -> PrivateFile:
    values = {"clean": CLEAN, "owner_type": "customers.Customer", "owner_id": 1, "kind": "licence"} | fields
    return file_store(**values, by=people.owner)


def on_disk(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_is_ciphertext_under_a_random_name(people, folder):
    row = store(people)

    [path] = on_disk(folder)
    assert CONTENT[5:25] not in path.read_bytes()
    assert path.name == row.storage_name
    assert path.stat().st_mode & 0o077 == 0
    assert file_read(PrivateFile.objects.get()) == CONTENT
    assert files_broken() == []


def test_two_files_of_the_same_content_have_nothing_in_common(people, folder):
    first, second = store(people), store(people)

    assert first.wrapped_key != second.wrapped_key
    one, other = (path.read_bytes() for path in on_disk(folder))
    assert one[:4] == other[:4]
    assert one[4:] != other[4:]


def test_a_shredded_file_is_unreadable_also_from_a_copy(people, folder):
    row = store(people)
    [path] = on_disk(folder)

    file_shred(file_id=row.pk, reason="客户要求", by=people.manager)

    assert path.exists()
    gone = PrivateFile.objects.get()
    with pytest.raises(DecryptionError, match="shredded"):
        file_read(gone)
    assert (gone.wrapped_key, gone.shredded_by, gone.shred_reason) == (None, people.manager, "客户要求")
    file_shred(file_id=row.pk, reason="又一次", by=people.owner)
    assert PrivateFile.objects.get().shred_reason == "客户要求"
    assert files_sweep() == 1
    assert on_disk(folder) == []


@pytest.mark.parametrize("step", ["write", "sync"])
def test_a_full_disk_is_said_and_leaves_nothing(people, folder, monkeypatch, step):
    real = os.fsync

    def full(handle):
        real(handle)
        raise OSError(errno.ENOSPC, "No space left on device")

    def opened(*args, **options):
        return FullFile(os.fdopen(args[0], "wb"))

    if step == "sync":
        monkeypatch.setattr(private_files.os, "fsync", full)
    else:
        monkeypatch.setattr(private_files, "open", opened, raising=False)

    with pytest.raises(DomainError) as refused:
        store(people)

    assert refused.value.code == "no_room"
    assert on_disk(folder) == []
    assert not PrivateFile.objects.exists()


class FullFile:
    """A file on a disk that has room for half of it."""

    def __init__(self, file):
        self.file = file

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()

    def write(self, content):
        self.file.write(content[: len(content) // 2])
        self.file.flush()
        raise OSError(errno.ENOSPC, "No space left on device")


def test_another_trouble_of_the_disk_is_an_error_and_leaves_nothing(people, folder, monkeypatch):
    def broken(handle):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(private_files.os, "fsync", broken)

    with pytest.raises(OSError, match="Input/output"):
        store(people)

    assert on_disk(folder) == []


def test_a_row_that_cannot_be_written_takes_the_file_with_it(people, folder):
    with pytest.raises(IntegrityError), transaction.atomic():
        store(people, owner_type="")

    assert on_disk(folder) == []


def test_a_file_that_was_changed_or_swapped_on_the_disk_does_not_open(people, folder):
    row, other = store(people), store(people)
    mine = folder / row.storage_name[:2] / row.storage_name
    foreign = folder / other.storage_name[:2] / other.storage_name

    changed = bytearray(mine.read_bytes())
    changed[100] ^= 1
    mine.write_bytes(bytes(changed))
    foreign.unlink()

    for broken, complaint in ((row, "was changed"), (other, "not on the disk")):
        with pytest.raises(DecryptionError, match=complaint):
            file_read(broken)
    assert [pk for pk, _reason in files_broken()] == [row.pk, other.pk]


def test_a_row_with_another_files_name_does_not_open(people, folder):
    row, other = store(people), store(people)

    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_privatefile SET storage_name = 'x' WHERE id = %s", [other.pk])
        cursor.execute("UPDATE core_privatefile SET storage_name = %s WHERE id = %s", [other.storage_name, row.pk])

    with pytest.raises(DecryptionError):
        file_read(PrivateFile.objects.get(pk=row.pk))


def test_the_database_knows_no_readable_file_that_was_shredded(people, folder):
    store(people)

    with pytest.raises(IntegrityError), transaction.atomic():
        PrivateFile.objects.update(shredded_at="2026-01-01T00:00+08:00")


def test_the_sweep_removes_old_leavings_and_nothing_else(people, folder):
    row = store(people)
    kept = folder / row.storage_name[:2] / row.storage_name
    old, part, young = folder / "ab" / "ab01", folder / "ab" / "ab02.part", folder / "ab" / "ab03"
    (folder / "ab").mkdir(exist_ok=True)
    for path in (old, part, young):
        path.write_bytes(b"leavings")
    for path in (old, part, kept):
        os.utime(path, (time.time() - 2 * 86_400,) * 2)

    assert files_sweep() == 2

    assert sorted(on_disk(folder)) == sorted([kept, young])


def test_the_command_reports_what_is_broken(people, folder, capsys):
    row = store(people)
    call_command("private_files", clean=True)
    assert "1 file" in capsys.readouterr().out

    (folder / row.storage_name[:2] / row.storage_name).unlink()
    with pytest.raises(CommandError, match="1 of 1"):
        call_command("private_files")


def test_tests_do_not_write_into_the_installation():
    assert django_settings.VAR_DIR not in Path(django_settings.PRIVATE_FILES_DIR).parents
