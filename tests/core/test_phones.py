import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from core.phones import PhoneKind, mask_phone, national, normalize_phone, phone_tail

LEADS = Path(__file__).parent.parent / "data" / "dcc_leads_2026-11.csv"


@pytest.mark.parametrize(
    "raw",
    [
        "13800138000",
        " 13800138000 ",
        "138 0013 8000",
        "138-0013-8000",
        "138.0013.8000",
        "+8613800138000",
        "+86 138 0013 8000",
        "+86 (0)13800138000",
        "008613800138000",
        "86-13800138000",
        "8613800138000",
        "013800138000",
        "'13800138000",
        "‘13800138000",
        "13800138000.0",
        "13800138000.00",
        "１３８００１３８０００",
        "＋８６　１３８－００１３－８０００",
        "\u202d13800138000\u202c",
        "(138)00138000",
        13800138000,
        13800138000.0,
    ],
)
def test_normalize_phone_reads_every_spelling_of_a_mobile(raw):
    phone = normalize_phone(raw)

    assert (phone.e164, phone.kind, phone.extension) == ("+8613800138000", PhoneKind.MOBILE, "")


@pytest.mark.parametrize(
    ("raw", "e164", "extension"),
    [
        ("0756-6898829", "+867566898829", ""),
        ("(0756)6898829", "+867566898829", ""),
        ("（0756） 689 8829", "+867566898829", ""),
        ("0756-689-8829", "+867566898829", ""),
        ("+86 756 6898829", "+867566898829", ""),
        ("+86 (0)756 6898829", "+867566898829", ""),
        ("86-0756-6898829", "+867566898829", ""),
        ("0756-6898829-801", "+867566898829", "801"),
        ("0756 6898829转801", "+867566898829", "801"),
        ("0756-6898829 ext. 801", "+867566898829", "801"),
        ("010-88886666", "+861088886666", ""),
        ("+86 10 8888 6666", "+861088886666", ""),
        ("02088886666", "+862088886666", ""),
        ("0571-88880916", "+8657188880916", ""),
    ],
)
def test_normalize_phone_reads_landlines(raw, e164, extension):
    phone = normalize_phone(raw)

    assert (phone.e164, phone.kind, phone.extension) == (e164, PhoneKind.LANDLINE, extension)


@pytest.mark.parametrize("raw", ["4008001234", "400-800-1234", "400 8001234", "+86 400 800 1234", "400-800-1234转5"])
def test_normalize_phone_reads_service_numbers(raw):
    phone = normalize_phone(raw)

    assert (phone.e164, phone.kind) == ("+864008001234", PhoneKind.SERVICE_400)


@pytest.mark.parametrize(
    ("raw", "code", "message"),
    [
        (None, "empty", "Enter a phone number."),
        (" ' ", "empty", "Enter a phone number."),
        ("无", "not_a_number", "This is not a phone number."),
        ("未留", "not_a_number", "This is not a phone number."),
        ("微信联系", "not_a_number", "This is not a phone number."),
        ("1390000abcd", "not_a_number", "A phone number consists of digits; remove “abcd”."),
        ("13800138000 张先生", "not_a_number", "A phone number consists of digits; remove “张先生”."),
        (
            "1.38001E+10",
            "not_a_number",
            "The spreadsheet shortened this number; format the column as text and export again.",
        ),
        ("+", "not_a_number", "This is not a phone number."),
        ("1380013800", "too_short", "1 digit is missing."),
        ("138001", "too_short", "5 digits are missing."),
        ("138001380001", "too_long", "There is 1 digit too many."),
        ("+86 1380013800012", "too_long", "There are 2 digits too many."),
        ("400-800-12", "too_short", "2 digits are missing."),
        ("010-1234567", "too_short", "1 digit is missing."),
        ("0756-123", "too_short", "4 digits are missing."),
        ("0756-689882912", "too_long", "There is 1 digit too many."),
        (
            "12345678901",
            "unknown_prefix",
            "A mobile number begins with 13 to 19, a landline with 0 and its area code.",
        ),
        (
            "23912345678",
            "unknown_prefix",
            "A mobile number begins with 13 to 19, a landline with 0 and its area code.",
        ),
        ("000000", "unknown_prefix", "No landline begins with 00000."),
        ("0756-0898829", "unknown_prefix", "No landline begins with 07560."),
        ("+852 5123 4567", "unknown_prefix", "Only phone numbers of mainland China (+86) can be stored."),
        ("0012025550100", "unknown_prefix", "Only phone numbers of mainland China (+86) can be stored."),
        ("6898829", "area_code_missing", "Put the area code before a landline number, for example 0756-6898829."),
        ("13800138000/13900139000", "several", "Enter one phone number only."),
        ("13800138000、13900139000", "several", "Enter one phone number only."),
    ],
)
def test_normalize_phone_says_why_it_is_no_number(raw, code, message):
    with override("en"):  # the words are looked up when they are read
        with pytest.raises(ValidationError) as refused:
            normalize_phone(raw)

        assert refused.value.code == code
        assert refused.value.messages == [message]


@given(st.text() | st.text("0123456789+-() .转") | st.floats() | st.integers())
def test_normalize_phone_either_answers_or_refuses_politely(raw):
    try:
        phone = normalize_phone(raw)
    except ValidationError:
        return

    assert re.fullmatch(r"\+86\d{9,11}", phone.e164, re.ASCII)
    assert normalize_phone(phone.e164).e164 == phone.e164
    assert normalize_phone(national(phone.e164)).e164 == phone.e164
    assert phone.e164[3:] not in mask_phone(phone.e164)


@pytest.mark.parametrize(
    ("e164", "masked", "written"),
    [
        ("+8613800135621", "138****5621", "13800135621"),
        ("+867566898829", "0756****829", "0756-6898829"),
        ("+8657188880916", "0571****0916", "0571-88880916"),
        ("+861088886666", "010****6666", "010-88886666"),
        ("+864008001234", "400****234", "400-800-1234"),
    ],
)
def test_mask_phone_and_national_show_the_number_as_people_write_it(e164, masked, written):
    assert mask_phone(e164) == masked
    assert national(e164) == written
    assert phone_tail(e164) == written.replace("-", "")[-4:]


@pytest.mark.parametrize(
    ("raw", "masked"), [("1390000804", "139****804"), ("", "****"), ("000000", "****"), ("无", "****")]
)
def test_mask_phone_hides_rejected_input_too(raw, masked):
    assert mask_phone(raw) == masked


def test_normalize_phone_accounts_for_all_rows_of_the_real_export():
    with LEADS.open(encoding="gb18030", newline="") as file:
        raws = [row["手机号"] for row in csv.DictReader(file) if row["线索编号"]]

    answers = Counter[str]()
    rejected = set()
    for raw in raws:
        try:
            answers[normalize_phone(raw).kind] += 1
        except ValidationError as refused:
            answers[str(refused.code)] += 1
            rejected.add(raw)

    assert len(raws) == 360
    assert rejected == {
        *("", "无", "未留", "微信联系", "1390000abcd", "000000", "1380013800", "138001380001", "12345678901"),
        "23912345678",
    }
    assert answers == {
        PhoneKind.MOBILE: 328,
        PhoneKind.LANDLINE: 12,
        "empty": 2,
        "not_a_number": 8,
        "too_short": 2,
        "too_long": 2,
        "unknown_prefix": 6,
    }
