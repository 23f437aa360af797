"""The report of an import as a file: every row, what became of it and why. Numbers masked, formulas harmless."""

import itertools
from collections.abc import Iterator

from django.utils.translation import gettext as _

from core.exports import ExportFile, export_file
from leads.enums import LeadResult
from leads.models import LeadImport
from leads.services.import_words import hint_texts, reason_text, shown_phone


def import_report_file(*, lead_import: LeadImport, file_format: str, is_problems_only: bool) -> ExportFile:
    """Every row of the list, or those that did not become a customer."""
    kind = "problems" if is_problems_only else "report"
    rows = itertools.chain([_heading()], _lines(lead_import, is_problems_only))
    return export_file(name=f"import-{lead_import.pk}-{kind}", file_format=file_format, rows=rows, sheet="import")


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
            row.parsed.get("name", ""),
            shown_phone(row),
            row.parsed.get("model_text", ""),
            row.parsed.get("area", ""),
            row.parsed.get("external_no", ""),
            row.get_result_display(),
            reason_text(row),
            " · ".join(hint_texts(row)),
        ]
