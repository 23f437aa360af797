"""Reading what people upload: CSV and XLSX in any usual encoding become rows of plain text. Nothing is evaluated.

Limits and the order of the checks: reliability.md 4.6.
"""

import csv
import io
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

import openpyxl
from defusedxml.common import DefusedXmlException
from django.utils.translation import gettext_lazy as _
from openpyxl.utils.exceptions import InvalidFileException

from core.errors import DomainError, LimitReached
from core.text import clean_text

MAX_BYTES = 5 * 1024 * 1024
MAX_ROWS = 10_000
MAX_COLUMNS = 60
MAX_CELL = 2_000
MAX_ZIP_ENTRIES = 2_000
MAX_UNZIPPED_BYTES = 100 * 1024 * 1024
MAX_ZIP_RATIO = 200
# Formatted but empty rows below the data go on to row 1,048,576; after so many there is nothing more to find.
MAX_EMPTY_RUN = 2_000

DELIMITERS = ",;\t|"
_SAMPLE_LINES = 20
_ZIP_MAGIC = b"PK\x03\x04"
_OLE_MAGIC = b"\xd0\xcf\x11\xe0"
# What openpyxl stumbles over in a file that is no workbook.
_DAMAGE: tuple[type[BaseException], ...] = (
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
)
_DAMAGE += (OSError, EOFError, SyntaxError, NotImplementedError, RuntimeError)
_TEXT_ENDINGS = (".csv", ".txt", ".tsv")
_BOMS: list[tuple[bytes, str, str]] = [
    (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8-BOM"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
]


@dataclass(frozen=True)
class FileRow:
    """`row_no` is the number a spreadsheet shows beside the row; the first row of the file is 1."""

    row_no: int
    cells: list[str]


@dataclass(frozen=True)
class FileContent:
    """Rows with at least one filled cell. `encoding` and `delimiter` are empty for XLSX."""

    rows: list[FileRow]
    encoding: str = ""
    delimiter: str = ""


def read_file(*, name: str, content: bytes) -> FileContent:
    """Return the filled rows of a file.

    Raises DomainError (empty, not what its name says, unknown encoding, broken) or LimitReached (5 MB, 10,000 rows
    below the header, 60 columns); the message is for the person who uploaded it.
    """
    if len(content) > MAX_BYTES:
        raise LimitReached(_("The file is larger than 5 MB. Split it and import the parts."), field="file")
    if not content.strip():
        raise _refused(_("The file is empty."), "empty")
    ending = name.lower()
    if content.startswith(_OLE_MAGIC):
        raise _refused(_("This is an old or password-protected Excel file. Save it as .xlsx or CSV."), "old_excel")
    if content.startswith(_ZIP_MAGIC):
        if not ending.endswith(".xlsx"):
            raise _refused(_("The name does not fit the content. Only CSV and XLSX files can be read."), "kind")
        return _read_xlsx(content)
    if not ending.endswith(_TEXT_ENDINGS):
        raise _refused(_("Only CSV and XLSX files can be read, and this is neither."), "kind")
    return _read_csv(content)


def _refused(message: object, code: str) -> DomainError:
    return DomainError(message, field="file", code=code)  # type: ignore[arg-type]


# ---- CSV ---------------------------------------------------------------------------------------------------


def _read_csv(content: bytes) -> FileContent:
    text, encoding = _decode(content)
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        rows = _filled(list(cells) for cells in reader)
    except csv.Error as error:
        message = _("Row %(row)s cannot be read: a quotation mark is not closed, or a cell is far too long.")
        raise DomainError(message, field="file", code="broken", params={"row": reader.line_num}) from error
    return FileContent(rows=rows, encoding=encoding, delimiter=delimiter)


def _decode(content: bytes) -> tuple[str, str]:
    """The text and the name of its encoding. GBK is tried after UTF-8, because nearly everything is valid GBK."""
    for bom, codec, label in _BOMS:
        if content.startswith(bom):
            try:
                return content.decode(codec), label
            except UnicodeDecodeError as error:
                raise _refused(
                    _("The characters of this file are damaged. Save it as CSV UTF-8."), "encoding"
                ) from error
    if b"\x00" in content:
        raise _refused(_("This is no text file. Save the list as CSV UTF-8 or XLSX."), "encoding")
    for codec, label in (("utf-8", "UTF-8"), ("gbk", "GBK"), ("gb18030", "GB18030")):
        try:
            text = content.decode(codec)
        except UnicodeDecodeError:
            continue
        if _is_plausible(text):
            return text, label
    raise _refused(
        _("The characters of this file cannot be read. Save it as CSV UTF-8 and upload it again."), "encoding"
    )


def _is_plausible(text: str) -> bool:
    """Binary data decodes as GB18030 more often than one thinks; then it is full of control and private characters."""
    sample = text[:20_000]
    odd = sum(unicodedata.category(char) in ("Cc", "Cn", "Co") and char not in "\r\n\t" for char in sample)
    return odd * 50 <= len(sample)


def _delimiter(text: str) -> str:
    """The sign that splits the first rows into the most columns, the same number in each; a comma when none does."""
    sample = "".join(text.splitlines(keepends=True)[:_SAMPLE_LINES])
    return max(DELIMITERS, key=lambda sign: (_columns(sample, sign), -DELIMITERS.index(sign)))


def _columns(sample: str, sign: str) -> int:
    try:
        widths = [len(cells) for cells in csv.reader(io.StringIO(sample, newline=""), delimiter=sign) if any(cells)]
    except csv.Error:
        return 0
    most = max(widths, default=0)
    return most if sum(width == most for width in widths) * 2 >= len(widths) else min(widths, default=0)


# ---- XLSX --------------------------------------------------------------------------------------------------


def _read_xlsx(content: bytes) -> FileContent:
    _check_zip(content)
    try:
        workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        try:
            for sheet in workbook.worksheets:
                sheet.reset_dimensions()  # some programs write a wrong size; read what is there
                rows = _filled([_cell_text(cell) for cell in cells] for cells in sheet.iter_rows(values_only=True))
                if rows:
                    return FileContent(rows=rows)
        finally:
            workbook.close()
    except DomainError:
        raise
    except _DAMAGE as error:
        if isinstance(error, DefusedXmlException) or isinstance(error.__cause__, DefusedXmlException):
            raise _refused(_("This Excel file contains instructions that are not allowed."), "unsafe") from error
        raise _refused(_("This Excel file is damaged. Open it, save it again and upload it."), "broken") from error
    raise _refused(_("The file is empty."), "empty")


def _check_zip(content: bytes) -> None:
    """Refuse archives that would grow beyond measure, before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise _refused(_("This Excel file is damaged. Open it, save it again and upload it."), "broken") from error
    total = sum(entry.file_size for entry in entries)
    is_bomb = any(entry.file_size > MAX_ZIP_RATIO * max(entry.compress_size, 1_000) for entry in entries)
    if len(entries) > MAX_ZIP_ENTRIES or total > MAX_UNZIPPED_BYTES or is_bomb:
        raise _refused(_("This Excel file unpacks to far too much. Save the list as CSV."), "unsafe")


def _cell_text(value: object) -> str:
    """The cached value as text: whole numbers without `.0`, moments as ISO text. A formula was never run."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return format(value, ".0f") if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


# ---- both --------------------------------------------------------------------------------------------------


def _filled(records: Iterable[list[str]]) -> list[FileRow]:
    """Number the records and keep those with a filled cell. Raises LimitReached."""
    rows: list[FileRow] = []
    last = 0
    for row_no, record in enumerate(records, start=1):
        if row_no - last > MAX_EMPTY_RUN:
            break
        cells = list(_trimmed(record))
        if not cells:
            continue
        last = row_no
        if len(cells) > MAX_COLUMNS:
            raise LimitReached(_("The list has more than 60 columns. Delete those that are not needed."), field="file")
        rows.append(FileRow(row_no, cells))
        if len(rows) > MAX_ROWS + 1:  # and the header
            raise LimitReached(_("The list has more than 10,000 rows. Split it and import the parts."), field="file")
    return rows


def _trimmed(record: list[str]) -> Iterator[str]:
    """The cells up to the last filled one, harmless and at most one character longer than MAX_CELL."""
    cells = [_harmless(cell[: MAX_CELL + 1]) for cell in record]
    while cells and not cells[-1]:
        cells.pop()
    yield from cells


def _harmless(cell: str) -> str:
    """`clean_text`, with a short cut for what nearly every cell is: printable and in normal form."""
    cell = cell.strip()
    if cell.isprintable() and unicodedata.is_normalized("NFC", cell):
        return cell
    return clean_text(cell, is_multiline=True)
