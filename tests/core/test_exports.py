"""Files that people open in a spreadsheet: what was typed into the product never runs there (reliability.md 33)."""

import csv
import io

import pytest
from openpyxl import load_workbook

from core.exports import CELL_LENGTH, FORMATS, ExportFile, csv_bytes, export_file, file_response, xlsx_bytes

# OWASP "CSV Injection", with what has been seen in the wild, and the full-width characters of Chinese keyboards.
PAYLOADS = [
    "=1+1", "=cmd|' /C calc'!A0", '=HYPERLINK("http://example.invalid","点我")', "=IMPORTXML(CONCAT(1),2)",
    "+1+1", "+cmd|' /C calc'!A0", "-1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0", "@A1",
    "|calc", "%0A=1+1", "\t=1+1", "\r=1+1", "\n=1+1", "  =1+1", " +1", "＝1+1", "＋1", "－1", "＠A1", "｜x", "％x",
    "\u3000=1+1", '"=1+1"', "=DDE(\"cmd\";\"/C calc\";\"x\")", "=rundll32|'URL.dll,OpenURL calc.exe'!A",
]  # fmt: skip
PLAIN = [
    "王建国",
    "189,800",
    "2026-11-17",
    "S7 尊享",
    "138****5678",
    "a=b",
    "5-7 万",
    "",
    "'quoted'",
    'say "hi"',
    "a,b\nc",
]
STARTS = tuple("=+-@|%\t\r\n＝＋－＠｜％")


def reread_csv(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.req("R-877")
@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_csv_cell_can_be_a_formula(payload):
    (row,) = reread_csv(csv_bytes([[payload, "王"]]))

    assert not row[0].startswith(STARTS)
    assert not row[0].lstrip().startswith(STARTS)
    assert payload.strip("\r\n\t ")[-2:] in row[0]  # disarmed, not lost
    assert row[1] == "王"


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_is_left_alone(text):
    assert reread_csv(csv_bytes([[text, "end"]])) == [[text, "end"]]


def test_numbers_keep_their_sign_and_nothing_is_an_empty_cell():
    assert reread_csv(csv_bytes([[-5, 1.5, None, 0]])) == [["-5", "1.5", "", "0"]]


@pytest.mark.req("R-877")
def test_every_xlsx_cell_is_text():
    rows = [[payload] for payload in [*PAYLOADS, *PLAIN]]

    sheet = load_workbook(io.BytesIO(xlsx_bytes(rows))).active

    cells = [row[0] for row in sheet.iter_rows(min_row=1, max_row=len(rows), max_col=1)]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    assert all(cell.quotePrefix for cell, payload in zip(cells, PAYLOADS, strict=False) if payload != '"=1+1"')
    assert cells[0].value == "=1+1"


def test_what_excel_cannot_store_is_left_out():
    sheet = load_workbook(io.BytesIO(xlsx_bytes([["a\x00b\x07c", "x" * 40_000]]))).active

    assert (sheet["A1"].value, len(sheet["B1"].value)) == ("abc", CELL_LENGTH)


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_file_knows_its_type(file_format):
    file = export_file(name="客户", file_format=file_format, rows=[["姓名"], ["王建国"]])

    assert (file.name, bool(file.content)) == (f"客户.{file_format}", True)


def test_an_unknown_format_is_a_mistake_of_the_program():
    with pytest.raises(ValueError, match="pdf"):
        export_file(name="x", file_format="pdf", rows=[])


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("report.csv", 'attachment; filename="report.csv"'),
        ("客户 1.csv", "attachment; filename*=utf-8''%E5%AE%A2%E6%88%B7%201.csv"),
    ],
)
def test_names_in_any_language_reach_the_browser(name, header):
    response = file_response(ExportFile(name=name, content_type="text/csv; charset=utf-8", content=b"x"))

    assert response["Content-Disposition"] == header
    assert (response["Cache-Control"], response["X-Content-Type-Options"]) == ("no-store", "nosniff")


@pytest.mark.parametrize(("name", "safe"), [("a/b\\c:d", "a-b-c-d"), ('x"\r\ny', "x-y"), ("...", "export")])
def test_a_name_cannot_break_out_of_the_header(name, safe):
    assert export_file(name=name, file_format="csv", rows=[]).name == f"{safe}.csv"
