"""A small catalogue, and the real export of a lead platform (invented people)."""

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from openpyxl import Workbook

from leads.models import LeadImport
from leads.services import ImportOptions, import_confirm, import_map, import_upload
from staff.models import User
from tests.factories import SeriesFactory

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "dcc_leads_2026-11.csv"


@pytest.fixture
def catalogue(db: Any) -> SimpleNamespace:
    made = {"s7": SeriesFactory()}
    for code in ("e5", "v8"):
        name = f"远岚 {code.upper()}"
        made[code] = SeriesFactory(code=code, name=name, aliases=[code.upper()])
    return SimpleNamespace(**made)


def upload(by: User, text: str | bytes, name: str = "list.csv") -> LeadImport:
    """Staged and mapped as guessed."""
    content = text.encode() if isinstance(text, str) else text
    assert by.store_id is not None
    made = import_upload(store_id=by.store_id, name=name, content=content, by=by)
    return import_map(import_id=made.pk, mapping=made.mapping, by=by)


def confirm(lead_import: LeadImport, by: User, **options: Any) -> LeadImport:
    return import_confirm(import_id=lead_import.pk, options=ImportOptions(**options), by=by)


def listed(*lines: str) -> str:
    """A CSV with the usual headings: number, name, phone."""
    return "\n".join(["线索编号,姓名,手机号", *lines])


def workbook(rows: list[list[Any]]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
