"""Files of a backup: encrypted in pieces while they are written, so that size does not matter, and checked by SHA-256.

Sealed format: magic (5 bytes) | nonce prefix (7) | pieces. A piece is its length (4) and AES-256-GCM ciphertext; its
nonce is prefix | counter (4) | last (1), so pieces cannot be swapped, dropped or appended without notice.
"""

import base64
import binascii
import hashlib
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"SCBK1"
PREFIX_BYTES = 7
PIECE_BYTES = 1024 * 1024
KEY_BYTES = 32


class ArchiveError(Exception):
    """A file of a backup cannot be used; the text says which and why."""


def parse_key(text: str) -> bytes | None:
    """The key of BACKUP_KEY, None when there is none. Raises ArchiveError."""
    if not text.strip():
        return None
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ArchiveError("BACKUP_KEY is not base64.") from error
    if len(key) != KEY_BYTES:
        raise ArchiveError(f"BACKUP_KEY has {len(key)} bytes instead of {KEY_BYTES}.")
    return key


def write_archive(source: BinaryIO, target: Path, key: bytes | None) -> str:
    """Copy a stream into a file of our own, sealed when there is a key. Returns the SHA-256 of the file."""
    digest = hashlib.sha256()
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for block in _sealed(source, key) if key else _pieces(source):
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def read_archive(path: Path, key: bytes | None) -> Iterator[bytes]:
    """The content, piece by piece. Raises ArchiveError for a wrong key and for every change of the file."""
    with path.open("rb") as file:
        if key is None:
            yield from _pieces(file)
        else:
            yield from _opened(file, path.name, key)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    while piece := source.read(PIECE_BYTES):
        yield piece


def _nonce(prefix: bytes, number: int, *, is_last: bool) -> bytes:
    return prefix + struct.pack(">IB", number, is_last)


def _sealed(source: BinaryIO, key: bytes) -> Iterator[bytes]:
    cipher, prefix = AESGCM(key), os.urandom(PREFIX_BYTES)
    yield MAGIC + prefix
    number, piece = 0, source.read(PIECE_BYTES)
    while True:
        following = source.read(PIECE_BYTES)
        body = cipher.encrypt(_nonce(prefix, number, is_last=not following), piece, MAGIC)
        yield struct.pack(">I", len(body)) + body
        if not following:
            return
        number, piece = number + 1, following


def _opened(file: BinaryIO, name: str, key: bytes) -> Iterator[bytes]:
    head = file.read(len(MAGIC) + PREFIX_BYTES)
    if not head.startswith(MAGIC) or len(head) < len(MAGIC) + PREFIX_BYTES:
        raise ArchiveError(f"{name} is not a sealed file of ours.")
    cipher, prefix, number = AESGCM(key), head[len(MAGIC) :], 0
    size = file.read(4)
    while size:
        body = file.read(int.from_bytes(size, "big"))
        size = file.read(4)
        try:
            yield cipher.decrypt(_nonce(prefix, number, is_last=not size), body, MAGIC)
        except (InvalidTag, ValueError) as error:
            raise ArchiveError(f"{name} does not open: another BACKUP_KEY, or the file was cut or changed.") from error
        number += 1
    if number == 0:
        raise ArchiveError(f"{name} does not open: the file was cut.")
