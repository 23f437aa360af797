"""The report of an import as a file: every row, what became of it and why. Numbers masked, formulas harmless."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from core.text import csv_safe
from leads.enums import LeadResult
from leads.models import LeadImport
from leads.services.import_words import hint_texts, reason_text, shown_phone

FORMATS = ("csv", "xlsx")
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class ReportFile:
    name: str
    content_type: str
    content: bytes


def import_report_file(*, lead_import: LeadImport, file_format: str, is_problems_only: bool) -> ReportFile:
    """CSV (UTF-8 with BOM, so that Excel reads it) or XLSX with text cells only."""
    lines = [_heading(), *_lines(lead_import, is_problems_only)]
    content = _csv(lines) if file_format == "csv" else _xlsx(lines)
    kind = "problems" if is_problems_only else "report"
    return ReportFile(
        name=f"import-{lead_import.pk}-{kind}.{file_format}", content_type=_TYPES[file_format], content=content
    )


def _heading() -> list[str]:
    return [
        _("Row"),
        _("Name"),
        _("Phone"),
        _("Model"),
        _("Area"),
        _("Lead number"),
        _("Result"),
        _("Reason"),
        _("Hints"),
    ]


def _lines(lead_import: LeadImport, is_problems_only: bool) -> Iterator[list[str]]:
    rows = lead_import.rows.order_by("row_no")
    if is_problems_only:
        rows = rows.exclude(result=LeadResult.CREATED)
    for row in rows:
        yield [
            str(row.row_no),
            csv_safe(row.parsed.get("name", "")),
            csv_safe(shown_phone(row)),
            csv_safe(row.parsed.get("model_text", "")),
            csv_safe(row.parsed.get("area", "")),
            csv_safe(row.parsed.get("external_no", "")),
            row.get_result_display(),
            csv_safe(reason_text(row)),
            csv_safe(" · ".join(hint_texts(row))),
        ]


def _csv(lines: list[list[str]]) -> bytes:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(lines)
    return buffer.getvalue().encode("utf-8-sig")


def _xlsx(lines: list[list[str]]) -> bytes:
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("import")
    for line in lines:
        cells = [WriteOnlyCell(sheet, value=text) for text in line]
        for cell in cells:
            cell.data_type = "s"  # text, whatever it looks like
        sheet.append(cells)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()
