"""Numbers of documents: what is accepted, why something is refused, what stays readable of them."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from core.identity_numbers import NumberKind, birth_date_of, mask_number, normalize_number

TODAY = date(2026, 11, 17)
GOOD = "110101199003070011"


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("id_card", "11010519491231002x", "11010519491231002X"),
        ("id_card", " 110101 19900307 0011 ", GOOD),
        ("id_card", "１１０１０１１９９００３０７００１１", GOOD),
        ("id_card", "110101-19900307-0011", GOOD),
        ("id_card", "810000199201150016", "810000199201150016"),
        ("driving_licence", GOOD, GOOD),
        ("driving_licence", "e1234567", "E1234567"),
        ("passport", "E 1234 5678", "E12345678"),
        ("travel_permit", "h12345678", "H12345678"),
        ("travel_permit", "12345678", "12345678"),
        ("bank_account", "6222 0212 3456 7890 12", "622202123456789012"),
    ],
)
def test_a_number_is_read_in_every_usual_spelling(kind, typed, stored):
    assert normalize_number(kind, typed, today=TODAY) == stored


@pytest.mark.parametrize(
    ("kind", "typed", "code"),
    [
        ("id_card", "", "empty"),
        ("id_card", "\u200b ", "empty"),
        ("id_card", "110101900307001", "length"),
        ("id_card", GOOD + "1", "length"),
        ("id_card", "11010119900307001A", "format"),
        ("id_card", "X10101199003070011", "format"),
        ("id_card", "110101199003070012", "check_digit"),
        ("id_card", "110101199013070015", "birth_date"),
        ("id_card", "110101199002300014", "birth_date"),
        ("id_card", "11010118991231001X", "birth_date"),
        ("id_card", "110101203001010014", "birth_date"),
        ("id_card", "770101199003070014", "area"),
        ("driving_licence", "110101199003070012", "check_digit"),
        ("driving_licence", "E1", "format"),
        ("passport", "=HYPERLINK(1)", "format"),
        ("travel_permit", "X12345678", "format"),
        ("bank_account", "12345", "format"),
        ("bank_account", "6222021234567890", "check_digit"),
    ],
)
def test_a_wrong_number_is_refused_with_a_reason(kind, typed, code):
    with pytest.raises(ValidationError) as refused:
        normalize_number(kind, typed, today=TODAY)

    assert refused.value.error_list[0].code == code


def test_the_birthday_stands_in_the_number():
    assert birth_date_of("11010519491231002X") == date(1949, 12, 31)
    assert birth_date_of("E12345678") is None


@pytest.mark.req("R-877")
@pytest.mark.parametrize(
    ("number", "kind", "masked"),
    [
        (GOOD, NumberKind.ID_CARD, "110101********0011"),
        (GOOD, NumberKind.DRIVING_LICENCE, "110101********0011"),
        ("E12345678", NumberKind.PASSPORT, "E******78"),
        ("622202123456789012", NumberKind.BANK_ACCOUNT, "**************9012"),
        ("123", NumberKind.ID_CARD, "****"),
        ("1234567", NumberKind.PASSPORT, "1****67"),
        ("123456", NumberKind.PASSPORT, "******"),
        ("", NumberKind.ID_CARD, "****"),
    ],
)
def test_the_middle_of_a_number_is_hidden(number, kind, masked):
    assert mask_number(number, kind) == masked
