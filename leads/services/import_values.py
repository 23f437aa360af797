"""Cells become facts: numbers, moments, salutations, channels, models, purchase times. Pure functions."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from core import clock
from core.text import clean_text
from leads.defaults import (
    CHINESE_DIGITS,
    EMPTY_WORDS,
    GENDER_ENDINGS,
    GENDER_WORDS,
    WINDOW_DAYS,
    WINDOW_WORDS,
)
from opportunities.enums import PurchaseWindow

_DAYS_WINDOW: list[tuple[int, str]] = [
    (7, PurchaseWindow.DAYS_7),
    (15, PurchaseWindow.DAYS_15),
    (31, PurchaseWindow.DAYS_30),
    (92, PurchaseWindow.DAYS_90),
]
_UNIT_DAYS = {"天": 1, "日": 1, "day": 1, "days": 1, "周": 7, "星期": 7, "week": 7, "weeks": 7, "个月": 30, "月": 30}
_UNIT_DAYS |= {"month": 30, "months": 30, "年": 365}
_DURATION = re.compile(
    r"(?:within)?(\d{1,3}|[一二两三四五六七八九十])(天|日|周|星期|个月|月|年|days?|weeks?|months?)(?:内|以内|之内)?"
)
_CLOCK = r"(?:[\sT]*(上午|下午|am|pm)?\s*(\d{1,2})[:时点](\d{1,2})?分?(?::(\d{1,2}))?(?:\.\d+)?秒?\s*(am|pm)?)?"
_WITH_OFFSET = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*(?:Z|[+-]\d\d:?\d\d)$")
_COMPACT = re.compile(r"20\d{6}")
_FULL = re.compile(rf"(\d{{4}})[-/.年](\d{{1,2}})[-/.月](\d{{1,2}})日?{_CLOCK}", re.IGNORECASE)
_YEARLESS = re.compile(rf"(\d{{1,2}})[-/.月](\d{{1,2}})日?{_CLOCK}", re.IGNORECASE)
_SERIAL = re.compile(r"\d{5}(\.\d+)?")
_UNIX = re.compile(r"1\d{9}(\d{3})?")
_EXCEL_EPOCH = date(1899, 12, 30)  # the 1900 system, with its leap day that never was
_SERIALS = range(20_000, 80_000)  # 1954 to 2119
_FOLLOWED_BY_LATIN = re.compile(r"[0-9A-Za-z]")


def is_blank(text: str) -> bool:
    """Nothing, or one of the words people write for nothing."""
    return not text or text.casefold() in EMPTY_WORDS


def fold(text: str) -> str:
    """For comparing words of lists: half-width, lower case, without blanks."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()


# ---- who ---------------------------------------------------------------------------------------------------


def read_gender(text: str, name: str) -> str:
    """The salutation column, else the ending of the name (宋先生); "" when neither says it."""
    told = GENDER_WORDS.get(fold(text), "")
    return told or next((gender for ending, gender in GENDER_ENDINGS.items() if name.endswith(ending)), "")


def read_name(text: str) -> str:
    name = clean_text(text)
    return "" if is_blank(name) else name


# ---- what --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Spelling:
    """One way to write a channel or a series, folded, and the key of what it means."""

    text: str
    pk: int


def channel_spellings(rows: Iterable[tuple[int, Sequence[str]]]) -> dict[str, int]:
    """`rows`: (pk, names and aliases). The first channel that claims a spelling keeps it."""
    found: dict[str, int] = {}
    for pk, names in rows:
        for name in names:
            found.setdefault(fold(name), pk)
    return found


def series_spellings(rows: Iterable[tuple[int, str, Sequence[str]]]) -> list[Spelling]:
    """`rows`: (pk, brand, names and aliases). With and without the brand before the name; the longest first."""
    texts: dict[str, int] = {}
    for pk, brand, names in rows:
        for name in names:
            texts.setdefault(fold(name), pk)
            texts.setdefault(fold(brand + name), pk)
    return sorted((Spelling(text, pk) for text, pk in texts.items() if text), key=lambda each: -len(each.text))


def read_series(text: str, spellings: Sequence[Spelling]) -> int | None:
    """The series that the words begin with (V8七座 is V8, S70 is not S7); None for a car that is not ours."""
    words = fold(text)
    for spelling in spellings:
        rest = words[len(spelling.text) :]
        if words.startswith(spelling.text) and not _FOLLOWED_BY_LATIN.match(rest):
            return spelling.pk
    # "E5long" still is E5: letters may follow a complete name, digits may not.
    for spelling in spellings:
        if words.startswith(spelling.text) and not words[len(spelling.text) :][:1].isdigit():
            return spelling.pk
    return None


def read_model(text: str) -> str:
    """The customer's own words; "" when they say nothing."""
    words = clean_text(text)
    return "" if is_blank(words) else words


# ---- when to buy -------------------------------------------------------------------------------------------


def read_window(text: str, *, on: date) -> str | None:
    """The purchase window; "" for an empty cell, None for words nobody understands. `on`: the day of the lead."""
    words = fold(text)
    if not words:
        return ""
    if words in WINDOW_WORDS:
        return WINDOW_WORDS[words]
    if is_blank(words):
        return PurchaseWindow.UNDECIDED
    if words in WINDOW_DAYS:
        return _window_of(_days_until(WINDOW_DAYS[words], on))
    duration = _DURATION.fullmatch(words)
    if duration is None:
        return None
    number, unit = duration.groups()
    return _window_of(int(CHINESE_DIGITS.get(number) or number) * _UNIT_DAYS[unit])


def _days_until(day: tuple[int, int], on: date) -> int:
    month, day_of_month = day
    this_year = date(on.year, month, day_of_month)
    return ((this_year if this_year >= on else date(on.year + 1, month, day_of_month)) - on).days


def _window_of(days: int) -> str:
    return next((window for limit, window in _DAYS_WINDOW if days <= limit), PurchaseWindow.UNDECIDED)


# ---- when it came ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moment:
    """A point in time as written; `year` is None when the list did not say it."""

    year: int | None
    month: int
    day: int
    at: time

    def in_year(self, year: int) -> datetime | None:
        """Aware, store time; None for 29 February in a common year."""
        try:
            return clock.at_time(date(year, self.month, self.day), self.at)
        except ValueError:
            return None


def read_moment(text: str) -> Moment | None:
    """2026-11-20 13:25:07, 2026/11/20, 2026.11.20 9:05, 11月20日 9:05, 2026年11月20日下午3:05, an Excel serial or a
    Unix time. None for anything else."""
    words = clean_text(unicodedata.normalize("NFKC", text))
    if _SERIAL.fullmatch(words) and int(float(words)) in _SERIALS:
        return _from_datetime(_serial(float(words)))
    if _UNIX.fullmatch(words):
        seconds = int(words) // (1000 if len(words) > 10 else 1)
        return _from_datetime(datetime.fromtimestamp(seconds, tz=timezone.get_default_timezone()))
    if _WITH_OFFSET.search(words):
        return _with_offset(words)
    if _COMPACT.fullmatch(words):
        return _moment(int(words[:4]), int(words[4:6]), int(words[6:]), (None,) * 5)
    full = _FULL.fullmatch(words)
    if full is not None:
        return _moment(int(full[1]), int(full[2]), int(full[3]), full.groups()[3:])
    yearless = _YEARLESS.fullmatch(words)
    if yearless is not None:
        return _moment(None, int(yearless[1]), int(yearless[2]), yearless.groups()[2:])
    return None


def _serial(days: float) -> datetime:
    """Excel stores days as a fraction; seconds are rounded, because 0.751389 means 18:02, not 18:02:00.01."""
    midnight = clock.at_time(_EXCEL_EPOCH + timedelta(days=int(days)), time())
    return midnight + timedelta(seconds=round(days % 1 * 86_400))


def _with_offset(words: str) -> Moment | None:
    """ISO text of another time zone, told in store time."""
    try:
        moment = datetime.fromisoformat(words)
    except ValueError:
        return None
    return _from_datetime(timezone.localtime(moment, timezone.get_default_timezone()))


def _from_datetime(moment: datetime) -> Moment:
    return Moment(moment.year, moment.month, moment.day, moment.time().replace(tzinfo=None, microsecond=0))


def _moment(year: int | None, month: int, day: int, of_day: Sequence[str | None]) -> Moment | None:
    before, hour, minute, second, after = of_day
    half = (before or after or "").lower()
    hours = int(hour or 0)
    if half in ("下午", "pm") and hours < 12:
        hours += 12
    if half in ("上午", "am") and hours == 12:
        hours = 0
    try:
        at = time(hours, int(minute or 0), int(second or 0))
        date(year or 2024, month, day)  # 2024 has a 29 February
    except ValueError:
        return None
    return Moment(year, month, day, at)


def resolve_years(moments: Mapping[int, Moment | None], *, now: datetime) -> dict[int, datetime | None]:
    """Give every moment its year: as written; else the one nearest to the dated rows of the list; else the last time
    this day went by. Keys are row numbers."""
    dated = sorted(found for row in moments.values() if row and row.year and (found := row.in_year(row.year)))
    middle = dated[len(dated) // 2] if dated else None
    return {key: _resolve(moment, middle, now=now) for key, moment in moments.items()}


def _resolve(moment: Moment | None, middle: datetime | None, *, now: datetime) -> datetime | None:
    if moment is None:
        return None
    if moment.year is not None:
        return moment.in_year(moment.year)
    around = (middle or now).year
    candidates = [found for year in range(around - 4, around + 2) if (found := moment.in_year(year))]
    if middle is not None:
        return min(candidates, key=lambda each: abs(each - middle), default=None)
    return max((each for each in candidates if each <= now), default=None)
