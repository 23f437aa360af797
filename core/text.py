"""Text that people typed or files brought: made harmless on the way in and on the way out."""

import re
import unicodedata

# Zero-width characters, marks and bidirectional controls: invisible, but they break look-ups and can reorder a line.
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
# A zero-width joiner is kept only between two emoji, where it makes one picture of them (a family, a profession).
_EMOJI = "[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]"
_LOOSE_JOINER = re.compile(f"(?<!{_EMOJI})\u200d|\u200d(?!{_EMOJI})")
# C0 and C1 controls except tab and line feed; half a surrogate pair cannot be stored as UTF-8.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_BLANKS = re.compile(r"\s+")

_FORMULA_STARTS = frozenset("=+-@|%\t\r\n＝＋－＠｜％")


def clean_text(value: str, *, is_multiline: bool = False) -> str:
    """Return the text in NFC without control, zero-width and bidi characters, trimmed; emoji and rare characters stay.

    One line: every run of blanks (also the Chinese full-width one) becomes one space. Several lines: line ends become
    LF, blanks inside stay as typed. May be repeated: cleaning clean text changes nothing.
    """
    text = _CONTROL.sub("", _LINE_END.sub("\n", value))
    text = _LOOSE_JOINER.sub("", _INVISIBLE.sub("", text))
    text = unicodedata.normalize("NFC", text)
    return text.strip() if is_multiline else _BLANKS.sub(" ", text).strip()


def csv_safe(value: object) -> str:
    """Return the text of a cell so that no spreadsheet runs it as a formula (CWE-1236).

    A text whose first visible character could start a formula, half- or full-width, gets a leading apostrophe, which
    spreadsheets do not show. None becomes an empty cell. Numbers keep their sign: a number is no formula.
    """
    if value is None:
        return ""
    text = str(value)
    if isinstance(value, int | float):
        return text
    is_formula = text[:1] in _FORMULA_STARTS or text.lstrip()[:1] in _FORMULA_STARTS
    return f"'{text}" if text and is_formula else text
