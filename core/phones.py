"""Telephone numbers of mainland China: one stored form, one masked form, a helpful reason for what is no number.

Source: domain.md section 16 (mobile 1[3-9] and nine digits; landline 0 + area code; 400/800 numbers). Which area codes
exist, and how long their numbers are, is known by phonenumbers; for mobiles the rule is wider than its table, because
operators open new segments faster than tables are updated.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, NoReturn

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from core.text import clean_text

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MOBILE_LENGTH = 11
SERVICE_LENGTH = 10
SUBSCRIBER_LENGTHS = (7, 8)
HIDDEN_DIGITS = 4


class PhoneKind(StrEnum):
    """What sort of line it is; only a mobile receives an SMS."""

    MOBILE = "MOBILE"
    LANDLINE = "LANDLINE"
    SERVICE_400 = "SERVICE_400"


@dataclass(frozen=True, slots=True)
class Phone:
    """A valid number. `e164` is the stored and unique form; an extension behind it is not part of it."""

    e164: str
    kind: PhoneKind
    extension: str = ""


_MOBILE = re.compile(r"1[3-9]\d{9}")
_SERVICE = re.compile(r"[48]00\d{7}")
_WRITTEN = re.compile(r"\+?[\d\s()\[\]./-]*\d[\d\s()\[\]./-]*")
_DASHES = re.compile("[\u2010-\u2015\u2212\u30fc_~]")
_LEADING_MARKS = "'\u2018\u2019`\u00b4\" "
_SEVERAL = re.compile(r"\d{5}\s*[/,;、|或和]\s*\+?[\d(]")
_EXCEL_FLOAT = re.compile(r"(\d+)\.0+")
_EXCEL_POWER = re.compile(r"\d(\.\d+)?e\+?\d+", re.IGNORECASE)
_EXTENSION_WORD = re.compile(r"(.*\d)[\s,;(-]*(?:转|轉|分机|分機|ext\.?|x|#)\s*(\d{1,6})\)?", re.IGNORECASE)
# A dash begins an extension only behind a complete number: 0756-6898829-801, but not 0756-689-8829.
_EXTENSION_DASH = re.compile(
    r"((?:(?:\+|00)?86[\s-]*)?(?:\(?0\d{2,3}\)?[\s-]*\d{7,8}|[48]00[\s-]*\d{3}[\s-]*\d{4}))\s*-\s*(\d{1,6})"
)


def normalize_phone(raw: str | int | float | None) -> Phone:
    """Read one number in any usual spelling: full-width, +86/0086/86, blanks, dashes, brackets, Excel's `'` and `.0`.

    Raises ValidationError with a reason for the user; `code` is one of empty, not_a_number, several, too_short,
    too_long, unknown_prefix, area_code_missing.
    """
    text = _tidy(raw)
    if not text:
        _refuse("empty", _("Enter a phone number."))
    if _SEVERAL.search(text):
        _refuse("several", _("Enter one phone number only."))
    with_extension = _EXTENSION_WORD.fullmatch(text) or _EXTENSION_DASH.fullmatch(text)
    text, extension = with_extension.groups() if with_extension else (text, "")
    if not _WRITTEN.fullmatch(text):
        _refuse_words(text)
    e164, kind = _read(_without_country(text))
    return Phone(e164, kind, extension)


def national(e164: str) -> str:
    """Return the number as it is written inside China: 13800138000, 0756-6898829, 400-800-1234."""
    head, tail = _split(e164)
    if _SERVICE.fullmatch(head + tail):
        return f"{head}-{tail[:3]}-{tail[3:]}"
    return f"{head}-{tail}" if head.startswith("0") else head + tail


def mask_phone(e164: str) -> str:
    """Return the number with four digits hidden: 138****5621, 0756****829, 400****234.

    Works on any text, also on what was rejected; too few digits give stars only.
    """
    head, tail = _split(e164)
    return f"{head}{'*' * HIDDEN_DIGITS}{tail[HIDDEN_DIGITS:]}" if len(tail) > HIDDEN_DIGITS else "*" * HIDDEN_DIGITS


def phone_tail(e164: str) -> str:
    """Return the last four digits, by which customers are found at the desk."""
    return e164[-4:]


def _tidy(raw: str | int | float | None) -> str:
    if raw is None or isinstance(raw, bool):
        return ""
    text = format(raw, ".0f") if isinstance(raw, float) and raw.is_integer() else str(raw)
    text = clean_text(unicodedata.normalize("NFKC", text)).lstrip(_LEADING_MARKS)
    text = _DASHES.sub("-", text)
    return text[: text.index(".")] if _EXCEL_FLOAT.fullmatch(text) else text


def _without_country(text: str) -> str:
    """Return the digits as dialled inside China: with the 0 of the area code, without +86."""
    digits = re.sub(r"\D", "", text)
    is_abroad = digits.startswith("00") and len(digits) > SERVICE_LENGTH
    if is_abroad or text.startswith(("+", "(+")):
        country = digits.lstrip("0")
    elif digits.startswith("86") and len(digits) >= SERVICE_LENGTH:
        country = digits
    else:
        return digits
    if not country.startswith("86"):
        _refuse("unknown_prefix", _("Only phone numbers of mainland China (+86) can be stored."))
    rest = country[2:]
    is_dialled = not rest or rest.startswith(("0", "400", "800")) or re.match(r"1[1-9]", rest)
    return rest if is_dialled else f"0{rest}"


def _read(digits: str) -> tuple[str, PhoneKind]:
    if digits.startswith("0") and _MOBILE.fullmatch(digits[1:]):
        digits = digits[1:]  # the 0 of long-distance calls, still written before mobiles
    if digits.startswith("0"):
        return _read_landline(digits)
    if digits.startswith(("400", "800")):
        _check_length(digits, SERVICE_LENGTH, SERVICE_LENGTH)
        return f"+86{digits}", PhoneKind.SERVICE_400
    if re.match(r"1[3-9]|1$", digits):
        _check_length(digits, MOBILE_LENGTH, MOBILE_LENGTH)
        return f"+86{digits}", PhoneKind.MOBILE
    if len(digits) in SUBSCRIBER_LENGTHS and not digits.startswith("1"):
        _refuse("area_code_missing", _("Put the area code before a landline number, for example 0756-6898829."))
    if len(digits) < SUBSCRIBER_LENGTHS[0] and not digits.startswith("1"):
        _check_length(digits, MOBILE_LENGTH, MOBILE_LENGTH)
    _refuse("unknown_prefix", _("A mobile number begins with 13 to 19, a landline with 0 and its area code."))


def _read_landline(digits: str) -> tuple[str, PhoneKind]:
    area_length = _area_length(digits)
    area, subscriber = digits[:area_length], digits[area_length:]
    shortest = _shortest_subscriber(area)
    if shortest is None or subscriber.startswith("0"):
        _refuse("unknown_prefix", _("No landline begins with %(start)s."), start=digits[: area_length + 1])
    _check_length(digits, area_length + shortest, area_length + SUBSCRIBER_LENGTHS[1])
    return f"+86{digits[1:]}", PhoneKind.LANDLINE


def _area_length(digits: str) -> int:
    """Length of the area code with its 0: three for 010 and 02x, four for all others."""
    return 3 if digits.startswith(("010", "02")) else 4


@cache
def _shortest_subscriber(area: str) -> int | None:
    """Return how many digits a number behind this area code has at least; None when there is no such area."""
    for length in () if area.startswith("00") else SUBSCRIBER_LENGTHS:
        # 66…6 is a subscriber number in every area, so only the area code and the length decide.
        sample = phonenumbers.PhoneNumber(country_code=86, national_number=int(f"{area}{'6' * length}"))
        if phonenumbers.number_type(sample) == phonenumbers.PhoneNumberType.FIXED_LINE:
            return length
    return None


def _split(e164: str) -> tuple[str, str]:
    """Split into what stays readable (area code, first three digits) and the rest."""
    digits = re.sub(r"\D", "", e164)
    if e164.startswith("+86"):
        digits = digits[2:]
        if not _MOBILE.fullmatch(digits) and not _SERVICE.fullmatch(digits):
            digits = f"0{digits}"
    length = _area_length(digits) if digits.startswith("0") else 3
    return digits[:length], digits[length:]


def _check_length(digits: str, shortest: int, longest: int) -> None:
    if len(digits) < shortest:
        count = shortest - len(digits)
        message = ngettext_lazy("%(count)d digit is missing.", "%(count)d digits are missing.", "count")
        _refuse("too_short", message, count=count)
    if len(digits) > longest:
        count = len(digits) - longest
        message = ngettext_lazy("There is %(count)d digit too many.", "There are %(count)d digits too many.", "count")
        _refuse("too_long", message, count=count)


def _refuse_words(text: str) -> NoReturn:
    if _EXCEL_POWER.fullmatch(text):
        _refuse("not_a_number", _("The spreadsheet shortened this number; format the column as text and export again."))
    words = re.sub(r"[\d\s()\[\]./+-]+", " ", text).strip()
    if words and sum(char.isdigit() for char in text) >= SUBSCRIBER_LENGTHS[0]:
        _refuse("not_a_number", _("A phone number consists of digits; remove “%(words)s”."), words=words[:20])
    _refuse("not_a_number", _("This is not a phone number."))


def _refuse(code: str, message: "str | _StrPromise", **params: str | int) -> NoReturn:
    raise ValidationError(message, code=code, params=params or None)
