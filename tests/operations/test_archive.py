"""Sealed files: what goes in comes out, and no change of a single byte does."""

import base64
import io
import os
import shutil

import pytest
from django.core.management import CommandError, call_command

from operations.services import archive
from operations.services.archive import ArchiveError, parse_key, read_archive, write_archive
from operations.services.backup import MANIFEST, backups_thin

KEY, OTHER = b"k" * 32, b"o" * 32


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch):
    monkeypatch.setattr(archive, "PIECE_BYTES", 100)


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 1000])
@pytest.mark.parametrize("key", [None, KEY])
def test_what_goes_in_comes_out(tmp_path, size, key):
    content = os.urandom(size)
    digest = write_archive(io.BytesIO(content), tmp_path / "x", key)

    assert b"".join(read_archive(tmp_path / "x", key)) == content
    assert archive.sha256_of(tmp_path / "x") == digest
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o600


def sealed(tmp_path, content=b"a" * 250):
    path = tmp_path / "sealed"
    write_archive(io.BytesIO(content), path, KEY)
    return path, path.read_bytes()


def test_a_sealed_file_shows_nothing_and_opens_with_its_key_only(tmp_path):
    path, raw = sealed(tmp_path)

    assert b"aaaa" not in raw
    with pytest.raises(ArchiveError, match="another BACKUP_KEY"):
        list(read_archive(path, OTHER))


PIECE = 4 + 100 + 16


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw[:-1],
        lambda raw: raw[: 12 + 2 * PIECE],  # the last piece is gone: the one before it is no last one
        lambda raw: raw[:12] + raw[12 + PIECE : 12 + 2 * PIECE] + raw[12 : 12 + PIECE] + raw[12 + 2 * PIECE :],
        lambda raw: raw + raw[12 : 12 + PIECE],
        lambda raw: raw[:12],
        lambda raw: b"",
        lambda raw: raw[:40] + bytes([raw[40] ^ 1]) + raw[41:],
    ],
    ids=["short", "no last piece", "swapped", "appended", "only head", "empty", "one bit"],
)
def test_a_changed_file_does_not_open(tmp_path, change):
    path, raw = sealed(tmp_path)
    path.write_bytes(change(raw))

    with pytest.raises(ArchiveError):
        list(read_archive(path, KEY))


def test_the_key_is_32_bytes_of_base64_or_none():
    assert parse_key(" ") is None
    assert parse_key(base64.b64encode(KEY).decode()) == KEY
    for wrong in ("***", base64.b64encode(b"short").decode()):
        with pytest.raises(ArchiveError, match="BACKUP_KEY"):
            parse_key(wrong)


def folder_of(target, name):
    folder = target / name
    folder.mkdir()
    (folder / MANIFEST).write_text("{}")
    return name


def test_old_backups_go_but_one_of_each_day_and_week(tmp_path):
    kept = [
        folder_of(tmp_path, "shuncheng-20261121T200000Z"),  # today, newest
        folder_of(tmp_path, "shuncheng-20261120T200000Z"),
        folder_of(tmp_path, "shuncheng-20261115T200000Z"),  # Sunday: last of its week
        folder_of(tmp_path, "shuncheng-20261108T200000Z"),
    ]
    gone = [
        folder_of(tmp_path, "shuncheng-20261121T080000Z"),
        folder_of(tmp_path, "shuncheng-20261119T200000Z"),
        folder_of(tmp_path, "shuncheng-20261114T200000Z"),
        folder_of(tmp_path, "shuncheng-20261101T200000Z"),
    ]
    (tmp_path / "shuncheng-20260101T000000Z").mkdir()  # no manifest: not a finished backup, nobody's to delete
    (tmp_path / "photos").mkdir()

    deleted = backups_thin(tmp_path, keep_daily=2, keep_weekly=3)

    assert sorted(folder.name for folder in deleted) == sorted(gone)
    assert {path.name for path in tmp_path.iterdir()} == {*kept, "shuncheng-20260101T000000Z", "photos"}


def test_the_newest_backup_is_never_deleted(tmp_path):
    name = folder_of(tmp_path, "shuncheng-20200101T000000Z")
    folder_of(tmp_path, "shuncheng-20190101T000000Z")

    backups_thin(tmp_path, keep_daily=0, keep_weekly=0)

    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_is_no_backup_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(CommandError, match="is not a backup"):
        call_command("restore", tmp_path, "--verify")
    (tmp_path / MANIFEST).write_text('{"format": 99}')
    with pytest.raises(CommandError, match="format 99"):
        call_command("restore", tmp_path, "--verify")
    shutil.rmtree(tmp_path)
