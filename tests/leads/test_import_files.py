"""Files of every sort: encodings, separators, Excel, and what must not get in."""

import io
import zipfile
from datetime import date, datetime, time

import pytest

from core.errors import DomainError, LimitReached
from leads.services.import_files import MAX_CELL, read_file
from leads.services.import_mapping import read_table
from tests.leads.conftest import workbook

TEXT = "姓名,手机号\r\n王建国,13805715621\r\n"


def cells(content, name="list.csv"):
    return [row.cells for row in read_file(name=name, content=content).rows]


@pytest.mark.parametrize(
    ("codec", "label"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8-BOM"), ("gbk", "GBK"), ("gb18030", "GBK"), ("utf-16", "UTF-16")],
)
def test_every_usual_encoding_is_read(codec, label):
    read = read_file(name="list.csv", content=TEXT.encode(codec))

    assert (read.encoding, read.rows[1].cells) == (label, ["王建国", "13805715621"])


def test_rare_characters_need_gb18030():
    read = read_file(name="list.csv", content="姓名,手机号\n䶮㐂😀,1".encode("gb18030"))

    assert (read.encoding, read.rows[1].cells[0]) == ("GB18030", "䶮㐂😀")


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_every_usual_separator_is_seen(sign):
    read = read_file(name="list.txt", content=TEXT.replace(",", sign).encode())

    assert (read.delimiter, read.rows[1].cells) == (sign, ["王建国", "13805715621"])


def test_separators_inside_quotes_do_not_count():
    content = '姓名;手机号;备注\n王;138;"a,b,c,d"\n李;139;"x\n第二行"\n'.encode()

    assert cells(content)[1:] == [["王", "138", "a,b,c,d"], ["李", "139", "x\n第二行"]]


def test_rows_are_numbered_as_a_spreadsheet_does_and_empty_ones_left_out():
    read = read_file(name="list.csv", content="姓名,电话\n\n王,1\n , \n李,2\n,,,\n".encode())

    assert [row.row_no for row in read.rows] == [1, 3, 5]


def test_excel_values_become_text_and_formulas_their_cached_result():
    content = workbook(
        [
            ["姓名", "手机号", "时间"],
            ["王", 13805715621.0, 46332.751389],
            ["=1+1", "'138", True],
            ["李", 138, datetime(2026, 11, 7, 9, 20, 11)],  # noqa: DTZ001 -- as Excel stores it
            ["张", time(9, 5), date(2026, 11, 7)],
        ]
    )

    assert cells(content, "list.xlsx")[1:] == [
        ["王", "13805715621", "46332.751389"],
        ["", "'138", "1"],
        ["李", "138", "2026-11-07 09:20:11"],
        ["张", "09:05:00", "2026-11-07 00:00:00"],
    ]


def test_nothing_is_looked_for_below_thousands_of_empty_rows():
    assert cells(("电话\n1" + "\n" * 2_500 + "2").encode()) == [["电话"], ["1"]]


def test_the_first_sheet_with_rows_counts():
    from openpyxl import Workbook  # noqa: PLC0415 -- only here

    book = Workbook()
    book.create_sheet("data").append(["姓名", "手机号"])
    buffer = io.BytesIO()
    book.save(buffer)

    assert cells(buffer.getvalue(), "list.xlsx") == [["姓名", "手机号"]]


def zipped(**entries):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return buffer.getvalue()


def with_entity(content):
    """The workbook with an entity bomb in its sheet."""
    source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    with zipfile.ZipFile(target, "w") as archive:
        for entry in source.infolist():
            data = source.read(entry)
            archive.writestr(entry, bomb + data.split(b"?>", 1)[-1] if "sheet1" in entry.filename else data)
    return target.getvalue()


GOOD = workbook([["姓名", "手机号"], ["王", "13805715621"]])


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("list.csv", b"", "empty"),
        ("list.csv", b" \r\n\r\n", "empty"),
        ("list.xlsx", workbook([]), "empty"),
        ("list.pdf", b"%PDF-1.7", "kind"),
        ("list.xlsx", TEXT.encode(), "kind"),
        ("list.csv", GOOD, "kind"),
        ("list.xls", b"\xd0\xcf\x11\xe0" + b"\x00" * 600, "old_excel"),
        ("list.csv", b"\xff\xfe\x00\xd8\x00", "encoding"),
        ("list.csv", b"name,phone\n\x00\x01\x02", "encoding"),
        ("list.csv", bytes(range(1, 256)) * 20, "encoding"),
        ("list.csv", ('姓名,备注\n王,"' + "x" * 200_000).encode(), "broken"),
        ("list.xlsx", GOOD[:-40], "broken"),
        ("list.xlsx", GOOD[:200] + b"\x00" * 300 + GOOD[500:], "broken"),
        ("list.xlsx", zipped(hello_txt="x"), "broken"),
        ("list.xlsx", zipped(xl__workbook_xml="<workbook", content_xml="x"), "broken"),
        ("list.xlsx", zipped(xl__worksheets__sheet1_xml=b"0" * 30_000_000), "unsafe"),
        ("list.xlsx", with_entity(GOOD), "unsafe"),
    ],
)
def test_what_is_no_list_gets_a_clear_refusal(name, content, code):
    with pytest.raises(DomainError) as error:
        read_file(name=name, content=content)

    assert (error.value.code, error.value.field) == (code, "file")


@pytest.mark.parametrize(
    "content",
    [
        b"x" * (5 * 1024 * 1024 + 1),
        ("a\n" * 10_002).encode(),
        ",".join("abc" for _ in range(61)).encode(),
    ],
)
def test_lists_that_are_too_large_are_refused(content):
    with pytest.raises(LimitReached):
        read_file(name="list.csv", content=content)


def test_too_wide_an_excel_sheet_is_refused_with_the_same_words():
    with pytest.raises(LimitReached):
        read_file(name="list.xlsx", content=workbook([["x"] * 61]))


def test_ten_thousand_rows_and_a_heading_still_fit():
    assert len(cells(("电话\n" + "1\n" * 10_000).encode())) == 10_001


def test_huge_cells_are_cut_and_control_characters_removed():
    (row,) = cells(("王\u202e\u200b国\x07," + "长" * 100_000).encode())

    assert (row[0], len(row[1])) == ("王国", MAX_CELL + 1)


# ---- what the columns mean ---------------------------------------------------------------------------------


def mapping(text):
    table = read_table(read_file(name="list.csv", content=text.encode()).rows)
    return list(table.mapping.values()), len(table.rows), table.header


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("姓名,手机号,备注2,微信昵称\n王,13805715621,x,y", ["name", "phone", "note", ""]),
        ("Customer Name,Mobile,Source\nWang,13805715621,web", ["name", "phone", "channel"]),
        ("联系电话（必填）,客户 姓名\n13805715621,王", ["phone", "name"]),
        ("a,b,c,d\n男,王,13805715621,2026-11-01\n女,李,13805715622,2026-11-02", ["gender", "", "phone", "occurred_at"]),
        ("手机,电话\n13805715621,057188888888", ["phone", ""]),
    ],
)
def test_columns_are_guessed_by_heading_then_by_value(text, fields):
    assert mapping(text)[0] == fields


def test_a_title_above_and_a_missing_heading_are_noticed():
    assert mapping("外展名单\n姓名,手机号\n王,13805715621")[:2] == (["name", "phone"], 1)
    assert mapping("王,13805715621\n李,13805715622") == (["", "phone"], 2, ["A", "B"])
    assert mapping("13805715621\n13805715622")[:2] == (["phone"], 2)
    assert mapping("甲,乙\n丙,丁")[1:] == (1, ["甲", "乙"])
