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

MOST_DIGITS = 18  # of a bigint, whatever they are

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


def whole_number(text: str | None) -> int | None:
    """A key or a count out of an address or a form: ASCII digits that fit into a bigint; None for anything else.

    Longer runs of digits are no number of ours, and int() refuses very long ones with a ValueError.
    """
    return int(text) if text and len(text) <= MOST_DIGITS and text.isascii() and text.isdecimal() else None


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
    return f"'{text}" if is_formula(text) else text


def is_formula(text: str) -> bool:
    """Whether a spreadsheet could run the text: its first character, or the first one to be seen, begins a formula."""
    return bool(text) and (text[:1] in _FORMULA_STARTS or text.lstrip()[:1] in _FORMULA_STARTS)


# A text message carries 70 characters; a longer one is cut into parts of 67, the rest numbers the parts (GSM 03.40).
SMS_SINGLE = 70
SMS_PART = 67


def sms_parts(text: str) -> int:
    """How many text messages a text costs. Characters outside the basic plane, such as emoji, count twice."""
    units = len(text.encode("utf-16-le")) // 2
    return 1 if units <= SMS_SINGLE else -(-units // SMS_PART)
