"""The template vocabulary: what a person reads, in both languages, and that no markup slips through."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation

from core import clock
from core.templatetags import ui

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 10, 24, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def _english_at_a_fixed_moment():
    with clock.travel(NOW), translation.override("en"):
        yield


def at(day: int, hour: int, minute: int = 0, *, month: int = 11, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


def render(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


# ---- numbers


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (200354, "¥200,354"),
        ("8000.50", "¥8,001"),
        (-8000, "\u2212¥8,000"),
        (0, "¥0"),
        ("-0.4", "¥0"),
        (None, "–"),
        ("", "–"),
    ],
)
def test_rmb_is_whole_grouped_and_has_a_real_minus(amount, expected):
    assert ui.rmb(amount) == expected


@pytest.mark.parametrize(
    ("language", "expected"), [("zh-hans", ["¥20.0万", "¥1,567.5万", "–"]), ("en", ["¥200.4k", "¥15,675.0k", "–"])]
)
def test_wan_follows_the_language(language, expected):
    with translation.override(language):
        assert [ui.wan(200354), ui.wan(15675000), ui.wan(None)] == expected


@pytest.mark.parametrize(
    ("e164", "masked", "full"),
    [
        ("+8613800135621", "138****5621", "13800135621"),
        ("+867566898829", "0756****829", "0756-6898829"),
        ("", "–", "–"),
        (None, "–", "–"),
    ],
)
def test_phone_is_masked_unless_the_whole_number_is_asked_for(e164, masked, full):
    assert [ui.masked_phone(e164), ui.full_phone(e164)] == [masked, full]


@pytest.mark.parametrize(
    ("seconds", "expected"), [(12, "12 s"), (252, "4 min 12 s"), (6720, "1 h 52 min"), (0, "0 s"), (None, "–")]
)
def test_duration_keeps_the_two_units_that_matter(seconds, expected):
    assert ui.duration(seconds) == expected


# ---- days and moments


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (date(2026, 11, 21), "Sat 21 Nov"),
        (at(21, 18), "Sat 21 Nov"),
        (date(2025, 11, 21), "Fri 21 Nov 2025"),
        (None, "–"),
    ],
)
def test_day_names_the_year_only_when_it_is_another_one(value, expected):
    assert ui.day(value) == expected


def test_day_and_day_time_in_chinese_order():
    with translation.override("zh-hans"):
        assert ui.day(date(2026, 11, 21)).startswith("11月21日 ")
        assert ui.day(date(2025, 1, 2)).startswith("2025年1月2日 ")
        assert ui.day_time(at(17, 18)) == "11月17日 18:00"


def test_day_time_is_local_whatever_zone_the_value_has():
    assert ui.day_time(datetime(2026, 11, 21, 20, 30, tzinfo=ZoneInfo("UTC"))) == "22 Nov 04:30"


@pytest.mark.parametrize(
    ("due_at", "expected"),
    [
        (at(19, 18), "2 days overdue"),
        (at(20, 23, 59), "1 day overdue"),
        (at(21, 10, 23), "1 minute overdue"),
        (at(21, 9, 30), "54 minutes overdue"),
        (at(21, 8), "2 hours overdue"),
        (at(21, 18), "by 18:00"),
        (at(22, 10), "tomorrow 10:00"),
        (at(28, 10), "in 7 days"),
        (at(29, 10), "Sun 29 Nov"),
        (at(13, 10), "Fri 13 Nov"),
        (None, "–"),
    ],
)
def test_due_words_count_calendar_days_within_a_week(due_at, expected):
    assert ui.due_words(due_at) == expected


def test_due_carries_the_exact_moment():
    assert ui.due(at(19, 18)) == '<time datetime="2026-11-19T18:00+08:00" title="19 Nov 18:00">2 days overdue</time>'
    assert ui.due(None) == "–"


# ---- icons and small marks


def test_icon_points_into_the_sprite_and_is_silent():
    html = render('{% icon "phone" size=15 stroke=2.5 class="spin" %}')

    assert '<use href="/static/vendor/icons.svg#phone"/>' in html
    assert 'class="icon icon-15 spin"' in html
    assert 'stroke-width="2.5"' in html
    assert 'aria-hidden="true"' in html
    assert "style=" not in html


def test_icon_refuses_a_size_without_a_class():
    with pytest.raises(TemplateSyntaxError):
        render('{% icon "phone" size=99 %}')


@pytest.mark.parametrize(
    ("code", "css", "title"),
    [
        ("H", "lv lv-H", "Intention level H: buys within 7 days"),
        ("C", "lv lv-C", "Intention level C: buys within 90 days"),
        ("N", "lv lv-C", "Intention level N"),
        ("", "lv lv-C", "No intention level yet"),
        ("own", "lv lv-own", "Owner, car delivered"),
    ],
)
def test_level_says_what_its_letter_means(code, css, title):
    html = render("{% level code %}", code=code)

    assert f'class="{css}"' in html
    assert f'title="{title}"' in html


def test_big_level_and_stage_and_avatar_take_their_classes():
    assert 'class="lv lv-A lv-lg"' in render('{% level "A" big=True %}')
    assert render('{% stage 6 "Quotation" %}') == '<span class="stg st-6">Quotation</span>'
    assert render('{% avatar "王建国" 6 32 %}') == '<span class="avatar st-6 avatar-32" aria-hidden="true">王</span>'
    assert render('{% avatar "" 1 %}') == '<span class="avatar st-1" aria-hidden="true">?</span>'


def test_words_of_customers_are_escaped():
    html = render('{% avatar name 1 %}{% stage 1 name %}{% icon "x" class=name %}', name='<b onclick="x">')

    assert "<b" not in html
    assert '"x"' not in html


def test_ring_fills_its_share_and_marks_the_expected_value():
    html = render("{% ring 7 12 8 %}")

    assert 'stroke-dasharray="168.60 289.03"' in html
    assert 'transform="rotate(240.0 56 56)"' in html
    assert "style=" not in html


def test_ring_and_meter_survive_no_target_and_too_much():
    assert 'stroke-dasharray="0.00 289.03"' in render("{% ring 3 0 %}")
    assert 'stroke-dasharray="289.03 289.03"' in render("{% ring 15 12 %}")
    assert 'data-v="0"' in render("{% meter 5 0 %}")
    assert render('{% meter 130 100 "ok" %}') == '<span class="meter ok" data-v="100" aria-hidden="true"><i></i></span>'


def test_logo_takes_the_brand_colour_of_the_theme():
    assert 'fill="var(--brand)"' in render("{% logo %}")
