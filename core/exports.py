"""Files that people take away: CSV and XLSX whose every cell is text, so that no spreadsheet runs what somebody typed.

Source: reliability.md 4.5 (OWASP list of formula starts, full-width ones too), 33 (RFC 5987 names).
"""

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from defusedcsv import csv
from django.http import HttpResponse
from django.utils.http import content_disposition_header
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from core.text import csv_safe, is_formula

CSV, XLSX = "csv", "xlsx"
FORMATS = (CSV, XLSX)
_TYPES = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
CELL_LENGTH = 32_767  # what Excel opens
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')

Row = Sequence[object]


@dataclass(frozen=True)
class ExportFile:
    """A finished file. `name` comes with its ending."""

    name: str
    content_type: str
    content: bytes


def export_file(*, name: str, file_format: str, rows: Iterable[Row], sheet: str = "data") -> ExportFile:
    """Make the file; `rows` with the heading first. Raises ValueError for a format that does not exist."""
    if file_format not in FORMATS:
        raise ValueError(f"{file_format!r} is not one of {FORMATS}.")
    content = csv_bytes(rows) if file_format == CSV else xlsx_bytes(rows, sheet=sheet)
    return stored_file(name=name, file_format=file_format, content=content)


def stored_file(*, name: str, file_format: str, content: bytes) -> ExportFile:
    """A file that was made before."""
    return ExportFile(f"{file_name(name)}.{file_format}", _TYPES[file_format], content)


def csv_bytes(rows: Iterable[Row]) -> bytes:
    """UTF-8 with a mark, so that Excel reads Chinese; what could be a formula begins with an apostrophe."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow([csv_safe(value) for value in row])
    return buffer.getvalue().encode("utf-8-sig")


def xlsx_bytes(rows: Iterable[Row], *, sheet: str = "data") -> bytes:
    """Text cells only, whatever a text looks like; one that could be a formula also stays text when it is edited."""
    workbook = Workbook(write_only=True)
    page = workbook.create_sheet(sheet)
    for row in rows:
        page.append([_text_cell(page, value) for value in row])
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def _text_cell(page: object, value: object) -> WriteOnlyCell:
    text = ILLEGAL_CHARACTERS_RE.sub("", "" if value is None else str(value))[:CELL_LENGTH]
    cell = WriteOnlyCell(page, value=text)
    cell.data_type = "s"
    if is_formula(text):
        cell.quotePrefix = True
    return cell


def file_response(file: ExportFile) -> HttpResponse:
    """The file as a download that no cache keeps and no browser guesses about."""
    response = HttpResponse(file.content, content_type=file.content_type)
    response["Content-Disposition"] = str(content_disposition_header(True, file.name))
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def file_name(text: str) -> str:
    """A name that every system stores, without its ending."""
    return _NOT_IN_NAMES.sub("-", text).strip(" .-")[:100] or "export"
