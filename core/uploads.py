"""What comes in as a file: size, kind, virus scan, and a clean copy made by a process that can do little harm.

Source: reliability.md 4.5, invariant 34. The bytes that somebody sent are never stored.
"""

import logging
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from django.utils.translation import gettext_lazy as _

from core import antivirus
from core.errors import DomainError

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

logger = logging.getLogger(__name__)

SIZE_LIMIT = 8 * 1024 * 1024
WALL_SECONDS = 10
WORKER = Path(__file__).with_name("upload_worker.py")
JPEG, PDF = "image/jpeg", "application/pdf"
IMAGES = frozenset({"jpg", "jpeg", "png", "webp"})
# What begins how, and which endings a name of it has.
_MAGIC: tuple[tuple[bytes, int, str, frozenset[str]], ...] = (
    (b"\xff\xd8\xff", 0, "image", frozenset({"jpg", "jpeg"})),
    (b"\x89PNG\r\n\x1a\n", 0, "image", frozenset({"png"})),
    (b"WEBP", 8, "image", frozenset({"webp"})),
    (b"%PDF-", 0, "pdf", frozenset({"pdf"})),
)
_SENTENCES: dict[str, "_StrPromise"] = {
    "empty": _("The file is empty."),
    "size": _("The file is larger than 8 MB; take the picture with a lower resolution."),
    "type": _("Only pictures (JPEG, PNG, WebP) can be stored here."),
    "type_pdf": _("Only pictures (JPEG, PNG, WebP) and PDF files can be stored here."),
    "extension": _("The name of the file does not fit its content."),
    "pixels": _("The picture has too many pixels (more than 25 million)."),
    "broken": _("The file is damaged or is no picture; take it again."),
    "encrypted": _("The PDF is protected by a password; save it without one."),
    "pages": _("A PDF has 1 to 30 pages here."),
    "virus": _("The virus scanner refused this file."),
    "no_scanner": _("The virus scanner does not answer; nothing was saved. Try again later."),
}


@dataclass(frozen=True, slots=True, repr=False)
class CleanFile:
    """A file of our own making. Width and height are 0 for a PDF."""

    content: bytes
    media_type: str
    width: int
    height: int


def accept(*, name: str, content: bytes, is_pdf_allowed: bool = False) -> CleanFile:
    """Return a clean copy of an upload. Raises DomainError (field `file`) with what is wrong; takes up to 10 s, so
    call it outside of a transaction."""
    if not content:
        _refuse("empty")
    if len(content) > SIZE_LIMIT:
        _refuse("size")
    kind, endings = _kind_of(content)
    if kind is None or (kind == "pdf" and not is_pdf_allowed):
        _refuse("type_pdf" if is_pdf_allowed else "type")
    if Path(name).suffix.lower().removeprefix(".") not in endings:
        _refuse("extension")
    _scan(content)
    return _clean(kind, content)


def _kind_of(content: bytes) -> tuple[str | None, frozenset[str]]:
    for magic, offset, kind, endings in _MAGIC:
        if content[offset : offset + len(magic)] == magic:
            is_riff = offset == 0 or content.startswith(b"RIFF")
            return (kind, endings) if is_riff else (None, frozenset())
    return None, frozenset()


def _scan(content: bytes) -> None:
    try:
        found = antivirus.scan(content)
    except antivirus.ScannerError:
        logger.exception("the virus scanner does not answer")
        _refuse("no_scanner")
    if found:
        logger.warning("the virus scanner refused an upload: %s", found)
        _refuse("virus")


def _clean(kind: str, content: bytes) -> CleanFile:
    argv = [sys.executable, "-I", str(WORKER), kind]
    try:
        done = subprocess.run(argv, input=content, capture_output=True, timeout=WALL_SECONDS, env={}, check=False)
    except subprocess.TimeoutExpired:
        _refuse("broken")
    if done.returncode == 0:
        size, _newline, clean = done.stdout.partition(b"\n")
        width, height = (int(part) for part in size.split(b"x"))
        return CleanFile(clean, JPEG if kind == "image" else PDF, width, height)
    word = done.stdout.decode("ascii", "replace")
    _refuse(word if word in _SENTENCES else "broken")


def _refuse(code: str) -> NoReturn:
    raise DomainError(_SENTENCES[code], field="file", code=code)
