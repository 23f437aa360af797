"""What lead platforms write into cells."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from leads.services.import_values import (
    channel_spellings,
    read_gender,
    read_moment,
    read_name,
    read_series,
    read_window,
    resolve_years,
    series_spellings,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=SHANGHAI)


def moment(text, **neighbours):
    rows = {1: read_moment(text), **{int(key[1:]): read_moment(value) for key, value in neighbours.items()}}
    found = resolve_years(rows, now=NOW)[1]
    return found.strftime("%Y-%m-%d %H:%M:%S") if found else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-11 17:39:38", "2026-11-11 17:39:38"),
        ("2026/11/6 8:46", "2026-11-06 08:46:00"),
        ("2026.11.16 08:21", "2026-11-16 08:21:00"),
        ("2026年11月7日 9:20", "2026-11-07 09:20:00"),
        ("2026年11月7日下午3:20", "2026-11-07 15:20:00"),
        ("2026/11/7 上午12:05", "2026-11-07 00:05:00"),
        ("2026-11-07 9点05分", "2026-11-07 09:05:00"),
        ("２０２６－１１－０７　０９：２０", "2026-11-07 09:20:00"),
        ("2026-11-07", "2026-11-07 00:00:00"),
        ("20261107", "2026-11-07 00:00:00"),
        ("2026-11-07T09:20:11+08:00", "2026-11-07 09:20:11"),
        ("2026-11-07T01:20:11Z", "2026-11-07 09:20:11"),
        ("46332.751389", "2026-11-06 18:02:00"),
        ("46327", "2026-11-01 00:00:00"),
        ("1793948400", "2026-11-06 15:00:00"),
        ("1793948400000", "2026-11-06 15:00:00"),
        ("11月7日 9:20", "2026-11-07 09:20:00"),
        ("12月7日 9:20", "2025-12-07 09:20:00"),
        ("2月29日", "2024-02-29 00:00:00"),
        ("2026-13-01", None),
        ("2026-02-30 10:00", None),
        ("2026-11-07 25:00", None),
        ("2026-11-07T99:20:11+08:00", None),
        ("昨天", None),
        ("", None),
        ("13805715621", None),
        ("9" * 500, None),
    ],
)
def test_moments_in_every_spelling(text, expected):
    assert moment(text) == expected


def test_a_day_without_a_year_belongs_to_its_neighbours():
    assert moment("12月30日", r2="2025-12-31 10:00", r3="2026-01-02 10:00") == "2025-12-30 00:00:00"
    assert moment("1月3日", r2="2025-12-31 10:00") == "2026-01-03 00:00:00"
    assert moment("11月20日", r2="2024-11-19") == "2024-11-20 00:00:00"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7天内", "7d"),
        ("下周", "15d"),
        ("半个月", "15d"),
        ("15天内", "15d"),
        ("一个月内", "30d"),
        ("30天", "30d"),
        ("三个月", "90d"),
        ("90天内", "90d"),
        ("两周内", "15d"),
        ("３ 个月", "90d"),
        ("within 2 weeks", "15d"),
        ("半年", "undecided"),
        ("2年", "undecided"),
        ("待定", "undecided"),
        ("元旦前", "90d"),
        ("年底", "90d"),
        ("", ""),
        ("看情况吧", None),
    ],
)
def test_purchase_times_in_words(text, expected):
    assert read_window(text, on=date(2026, 11, 10)) == expected


def test_new_year_is_near_when_the_lead_came_at_the_end_of_december():
    assert read_window("元旦前", on=date(2026, 12, 27)) == "7d"
    assert read_window("元旦前", on=date(2027, 1, 2)) == "undecided"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("V8七座", "v8"),
        ("远岚S7 尊享", "s7"),
        ("远岚 S7", "s7"),
        ("ｓ7", "s7"),
        ("S7Pro", "s7"),
        ("E5 长续航", "e5"),
        ("远岚E5", "e5"),
        ("S70", None),
        ("东曜T7", None),
        ("东曜 S7", None),
        ("蔚来ES7", None),
    ],
)
def test_a_series_is_ours_or_nobodys(text, code):
    keys = {"s7": 1, "e5": 2, "v8": 3}
    spellings = series_spellings((pk, "远岚", [f"远岚 {key.upper()}", key.upper()]) for key, pk in keys.items())

    assert read_series(text, spellings) == keys.get(code or "")


def test_people_and_channels():
    channels = channel_spellings([(1, ["抖音", "Douyin"]), (2, ["汽车之家", "autohome", "抖音"])])

    assert (channels["douyin"], channels["autohome"], channels["抖音"]) == (1, 2, 1)
    assert [
        read_gender("男", "x"),
        read_gender("", "宋先生"),
        read_gender("女士", "李先生"),
        read_gender("?", "李"),
    ] == [
        "male",
        "male",
        "female",
        "",
    ]
    assert [read_name(" 欧阳\n若曦 "), read_name("未知"), read_name("无")] == ["欧阳 若曦", "", ""]
