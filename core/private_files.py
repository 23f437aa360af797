"""Files that belong to somebody: each encrypted whole with a key of its own, outside of everything that is served.

On disk: "SCF1" | nonce (12) | AES-256-GCM ciphertext and tag, bound to the row's uid. The key of the file is a field of
the row, encrypted with the key ring: deleting that key makes every copy of the file unreadable, also those in backups
of the files (crypto-shredding). Names on disk are random and say nothing.
"""

import base64
import contextlib
import errno
import hashlib
import logging
import os
import secrets
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import clock
from core.encryption import DecryptionError
from core.errors import DomainError
from core.models import PrivateFile
from core.transactions import service
from core.uploads import CleanFile

logger = logging.getLogger(__name__)

MAGIC = b"SCF1"
NONCE_BYTES = 12
ORPHAN_AFTER_S = 24 * 3600
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@service
def file_store(
    *,
    clean: CleanFile,
    owner_type: str,
    owner_id: int,
    kind: str,
    purpose: str = "",
    retain_until: date | None = None,
    by: Any,
) -> PrivateFile:
    """Encrypt a clean file, write it and its row. Raises DomainError (field `file`) when the disk has no room.

    The file is complete on disk before the row exists; a row that cannot be written takes the file with it. What a kill
    between the two leaves behind is ciphertext without a key, removed by `files_sweep`.
    """
    key = os.urandom(32)
    row = PrivateFile(
        owner_type=owner_type,
        owner_id=owner_id,
        kind=kind,
        purpose=purpose,
        storage_name=secrets.token_hex(16),
        wrapped_key=base64.b64encode(key).decode(),
        media_type=clean.media_type,
        size_bytes=len(clean.content),
        width=clean.width,
        height=clean.height,
        sha256=hashlib.sha256(clean.content).hexdigest(),
        retain_until=retain_until,
        uploaded_by=by,
    )
    _write(row, _seal(clean.content, key, row))
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except BaseException:
        file_discard(row)
        raise
    return row


def file_read(row: PrivateFile) -> bytes:
    """Return the content. Raises DecryptionError for a file that is gone, was changed or was shredded."""
    if row.wrapped_key is None:
        raise DecryptionError(f"the file {row.pk} was shredded")
    try:
        sealed = _path(row.storage_name).read_bytes()
    except OSError as error:
        raise DecryptionError(f"the file {row.pk} is not on the disk") from error
    key = base64.b64decode(row.wrapped_key)
    start = len(MAGIC) + NONCE_BYTES
    try:
        content = AESGCM(key).decrypt(sealed[len(MAGIC) : start], sealed[start:], _context(row))
    except (InvalidTag, ValueError) as error:
        raise DecryptionError(f"the file {row.pk} was changed on the disk") from error
    return content


@service
def file_shred(*, file_id: int, reason: str, by: Any) -> PrivateFile:
    """Delete the key: from the commit on nobody reads the file. The row stays as evidence. May be repeated.

    Afterwards the caller may remove what lies on the disk (`file_discard`); otherwise `files_sweep` does.
    """
    row = PrivateFile.objects.select_for_update(no_key=True).get(pk=file_id)
    if row.wrapped_key is not None:
        row.wrapped_key = None
        row.shredded_at, row.shredded_by, row.shred_reason = clock.now(), by, reason[:200]
        row.save(update_fields=["wrapped_key", "shredded_at", "shredded_by", "shred_reason", "updated_at"])
    return row


def file_discard(row: PrivateFile) -> None:
    """Remove the bytes on the disk. What cannot be removed now is unreadable anyway, and files_sweep tries again."""
    try:
        _path(row.storage_name).unlink(missing_ok=True)
    except OSError:
        logger.exception("a private file could not be removed")


def files_sweep() -> int:
    """Remove the bytes of shredded files, and what no row names when it is older than a day. Returns how many."""
    removed = 0
    for path in list(_files_on_disk()):
        name = path.name.removesuffix(".part")
        row = PrivateFile.objects.filter(storage_name=name).first() if path.name == name else None
        with contextlib.suppress(FileNotFoundError):
            is_old = time.time() - path.stat().st_mtime > ORPHAN_AFTER_S
            if (row is None and is_old) or (row is not None and row.wrapped_key is None):
                path.unlink()
                removed += 1
    return removed


def files_broken() -> list[tuple[int, str]]:
    """Read every file and compare its digest; id and what is wrong. For backups and restore drills."""
    found = []
    for row in PrivateFile.objects.filter(shredded_at=None).iterator(chunk_size=200):
        try:
            content = file_read(row)
        except DecryptionError as error:
            found.append((row.pk, str(error)))
            continue
        if hashlib.sha256(content).hexdigest() != row.sha256:
            found.append((row.pk, f"the file {row.pk} has another content than its row says"))
    return found


def _path(name: str) -> Path:
    return Path(settings.PRIVATE_FILES_DIR) / name[:2] / name


def _context(row: PrivateFile) -> bytes:
    return f"{PrivateFile._meta.db_table}|{row.uid}".encode()


def _seal(content: bytes, key: bytes, row: PrivateFile) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return MAGIC + nonce + AESGCM(key).encrypt(nonce, content, _context(row))


def _write(row: PrivateFile, sealed: bytes) -> None:
    try:
        _write_whole(_path(row.storage_name), sealed)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        logger.exception("no room for a private file")
        raise DomainError(
            _("The server has no room for the file; nothing was saved. Please tell the administrator."),
            field="file",
            code="no_room",
        ) from error


def _write_whole(path: Path, sealed: bytes) -> None:
    """All of it is there under its name, or nothing: also after a power cut, and when the disk is full."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    building = path.with_name(f"{path.name}.part")
    try:
        with open(os.open(building, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        building.replace(path)
        _sync_folder(path.parent)
    except BaseException:
        building.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _files_on_disk() -> Iterator[Path]:
    root = Path(settings.PRIVATE_FILES_DIR)
    return (path for path in root.glob("??/*") if path.is_file())
