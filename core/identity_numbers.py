"""Numbers of ID cards, driving licences, passports and bank accounts: one stored form, one masked form.

Source: domain.md section 16 (ID card GB 11643, permits of Hong Kong, Macao and Taiwan; lower-case x becomes X).
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, NoReturn

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from stdnum import luhn
from stdnum.cn import ric
from stdnum.exceptions import ValidationError as NumberError

from core.text import clean_text

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

EARLIEST_BIRTH = date(1900, 1, 1)
ID_LENGTH = 18
BANK_LENGTHS = range(12, 20)

_SEPARATORS = re.compile(r"[\s\-.·]+")
# Residence permits for people of Hong Kong, Macao and Taiwan, and for foreigners (since 2023): the check digit of an ID
# card, but an area code that is in no list of counties.
_PERMIT_AREAS = ("81", "82", "83", "9")
_PASSPORT = re.compile(r"[A-Z0-9]{6,12}")
_TRAVEL_PERMIT = re.compile(r"[HM]\d{8,10}|\d{8}")


class NumberKind(models.TextChoices):
    """What a number of class P3 says about a person."""

    ID_CARD = "id_card", _("ID card")
    DRIVING_LICENCE = "driving_licence", _("Driving licence")
    PASSPORT = "passport", _("Passport")
    TRAVEL_PERMIT = "travel_permit", _("Travel permit (HK, Macao, Taiwan)")
    BANK_ACCOUNT = "bank_account", _("Bank account")


def normalize_number(kind: str, raw: str, *, today: date) -> str:
    """Return the number as it is stored: capitals, no blanks. Raises ValidationError with a reason for the user.

    `code` is one of empty, length, format, check_digit, area, birth_date.
    """
    text = _SEPARATORS.sub("", clean_text(unicodedata.normalize("NFKC", raw))).upper()
    if not text:
        _refuse("empty", _("Enter the number."))
    _RULES[NumberKind(kind)](text, today)
    return text


def birth_date_of(number: str) -> date | None:
    """Return the birthday in a valid ID number, None for a number of another kind."""
    is_id = len(number) == ID_LENGTH and number[:-1].isdigit()
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14])) if is_id else None


def mask_number(number: str, kind: str = NumberKind.ID_CARD) -> str:
    """Return the number with its middle hidden: 110101********0011, E******12, of an account the last four digits.

    Works on any text; a short one gives stars only.
    """
    if kind == NumberKind.BANK_ACCOUNT:
        head, tail = 0, 4
    elif len(number) == ID_LENGTH:
        head, tail = 6, 4
    else:
        head, tail = 1, 2
    hidden = len(number) - head - tail
    if hidden < 4:
        return "*" * max(len(number), 4)
    return f"{number[:head]}{'*' * hidden}{number[-tail:]}"


def _check_id_card(text: str, today: date) -> None:
    if len(text) == 15 and text.isdigit():
        _refuse("length", _("This is a number of the first generation with 15 digits; take the 18 of the card."))
    if len(text) != ID_LENGTH:
        message = _("An ID number has 18 characters, this one has %(length)s.")
        _refuse("length", message, length=len(text))
    if not re.fullmatch(r"\d{17}[\dX]", text):
        _refuse("format", _("An ID number consists of digits; only the last place may be X."))
    if text[-1] != ric.calc_check_digit(text):
        _refuse("check_digit", _("The check digit does not fit: one digit was probably mistyped."))
    _check_birth_date(text, today)
    if not text.startswith(_PERMIT_AREAS):
        try:
            ric.validate(text)
        except NumberError:
            _refuse("area", _("No area has the first six digits of this number."))


def _check_birth_date(text: str, today: date) -> None:
    try:
        born = birth_date_of(text)
    except ValueError:
        born = None
    if born is None or not EARLIEST_BIRTH <= born <= today:
        _refuse("birth_date", _("Digits 7 to 14 of an ID number are the birthday; these are none."))


def _check_licence(text: str, today: date) -> None:
    """The licence carries the number of the ID card; a foreigner's that of the passport or permit."""
    if len(text) in (15, ID_LENGTH):
        _check_id_card(text, today)
    else:
        _check_passport(text, today)


def _check_passport(text: str, today: date) -> None:
    if not _PASSPORT.fullmatch(text):
        _refuse("format", _("This number has 6 to 12 letters and digits."))


def _check_travel_permit(text: str, today: date) -> None:
    if not _TRAVEL_PERMIT.fullmatch(text):
        _refuse("format", _("A permit has H or M and 8 to 10 digits, for Taiwan 8 digits."))


def _check_bank_account(text: str, today: date) -> None:
    if not text.isdigit() or len(text) not in BANK_LENGTHS:
        _refuse("format", _("A bank account has 12 to 19 digits."))
    if text.startswith("62") and len(text) in (16, 19) and not luhn.is_valid(text):
        _refuse("check_digit", _("The check digit does not fit: one digit was probably mistyped."))


_RULES: dict[NumberKind, Callable[[str, date], None]] = {
    NumberKind.ID_CARD: _check_id_card,
    NumberKind.DRIVING_LICENCE: _check_licence,
    NumberKind.PASSPORT: _check_passport,
    NumberKind.TRAVEL_PERMIT: _check_travel_permit,
    NumberKind.BANK_ACCOUNT: _check_bank_account,
}


def _refuse(code: str, message: "str | _StrPromise", **params: str | int) -> NoReturn:
    raise ValidationError(message, code=code, params=params or None)
