import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import clean_text, csv_safe, whole_number

FAMILY = "👨\u200d👩\u200d👧"


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  张\u3000 三  ", "张 三"),
        ("张\u200b三\u202e丰\ufeff", "张三丰"),
        ("a\u200db", "ab"),
        (f"张三{FAMILY}", f"张三{FAMILY}"),
        ("䶮敏 㐂 𠮷 😀❤\ufe0f", "䶮敏 㐂 𠮷 😀❤\ufe0f"),
        ("e\u0301", "é"),
        ("one\r\ntwo\rthree", "one two three"),
        ("nul\x00\x1bbell\x07", "nulbell"),
        ("half\ud83d", "half"),
        ("", ""),
    ],
)
def test_clean_text_keeps_what_people_see(raw, clean):
    assert clean_text(raw) == clean


def test_clean_text_keeps_the_lines_of_a_note():
    assert clean_text(" one\r\n\r\n  two\rthree\u2028four ", is_multiline=True) == "one\n\n  two\nthree\nfour"


@given(st.text(), st.booleans())
def test_clean_text_may_be_repeated_and_can_always_be_stored(raw, is_multiline):
    clean = clean_text(raw, is_multiline=is_multiline)

    assert clean_text(clean, is_multiline=is_multiline) == clean
    assert "\x00" not in clean
    clean.encode()


@pytest.mark.parametrize("start", list("=+-@|%\t\r＝＋－＠"))
def test_csv_safe_disarms_formulas(start):
    assert csv_safe(f"{start}1+1") == f"'{start}1+1"


def test_csv_safe_disarms_a_formula_behind_blanks():
    assert csv_safe('  =HYPERLINK("http://example.invalid")') == '\'  =HYPERLINK("http://example.invalid")'


@pytest.mark.parametrize(
    ("value", "cell"),
    [(None, ""), ("", ""), ("张三", "张三"), ("0756-6898829", "0756-6898829"), (-3, "-3"), (1.5, "1.5")],
)
def test_csv_safe_leaves_plain_values_alone(value, cell):
    assert csv_safe(value) == cell


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("42", 42), ("007", 7), ("9" * 18, 10**18 - 1)])
def test_a_whole_number_is_read_from_an_address(text, number):
    assert whole_number(text) == number


@pytest.mark.parametrize(
    "text", [None, "", " ", "-1", "+1", "1.5", "1e3", "1_000", "²", "४२", "１２", "9" * 19, "9" * 5_000, "x"]
)
def test_anything_else_in_an_address_is_no_number(text):
    assert whole_number(text) is None
