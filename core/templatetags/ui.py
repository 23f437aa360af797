"""Template vocabulary of the interface: registered as a template builtin, so no {% load %} is needed.

Money and quantities come in as plain numbers, moments as aware datetimes; None always becomes an en dash.
"""

import math
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext, pgettext_lazy
from django.utils.translation import gettext as _

from core import clock
from core.identity_numbers import NumberKind, mask_number
from core.logs import NO_REQUEST, current_request_id
from core.phones import mask_phone, national

register = template.Library()

NOTHING = "–"
MINUS = "\u2212"
STROKE_WIDTH = 1.75  # as .icon in core.css
ICON_SIZES = frozenset({12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 24, 26})
AVATAR_SIZES = frozenset({20, 24, 28, 32, 36, 48, 56})
LEVEL_DAYS = {"H": 7, "A": 15, "B": 30, "C": 90}  # domain.md 6: within how many days the customer means to buy
RING_RADIUS = 46
RING_WIDTH = 9
RELATIVE_DAYS = 7  # beyond a week only the date itself is written
WEEKDAYS = [
    pgettext_lazy("short weekday", "Mon"),
    pgettext_lazy("short weekday", "Tue"),
    pgettext_lazy("short weekday", "Wed"),
    pgettext_lazy("short weekday", "Thu"),
    pgettext_lazy("short weekday", "Fri"),
    pgettext_lazy("short weekday", "Sat"),
    pgettext_lazy("short weekday", "Sun"),
]
LOGO = SafeString(
    '<svg viewBox="0 0 28 28" aria-hidden="true"><rect width="28" height="28" rx="8" fill="var(--brand)"/>'
    '<path d="M8.2 20.5c0-5.2 11.6-4.4 11.6-9.2 0-2.4-2.2-3.8-5.2-3.8-2.3 0-4.4.8-5.6 2" fill="none" stroke="#fff" '
    'stroke-width="2.4" stroke-linecap="round"/><circle cx="19.8" cy="20.3" r="1.7" fill="#fff"/></svg>'
)
# Formats are data of a language, not sentences: (without year, with year), with and without the weekday.
DAY_FORMATS = {
    "zh": {"day": ("n月j日", "Y年n月j日"), "with_weekday": "{day} {weekday}"},
    "en": {"day": ("j M", "j M Y"), "with_weekday": "{weekday} {day}"},
}


# ---- icons and small marks -------------------------------------------------------------------------------


@cache
def _sprite() -> str:
    """The address of the sprite: the same for every icon until the process ends."""
    return static("vendor/icons.svg")


@register.simple_tag
def icon(
    name: str, size: int | None = None, css_class: str = "", stroke: float = STROKE_WIDTH, **extra: str
) -> SafeString:
    """An outline icon of the sprite, hidden from screen readers: the words next to it carry the meaning."""
    return _icon(name, size, extra.get("class", css_class), stroke)


@cache
def _icon(name: str, size: int | None, css_class: str, stroke: float) -> SafeString:
    """The same mark-up for the same words: a list shows some hundred icons."""
    if size is not None and size not in ICON_SIZES:
        raise template.TemplateSyntaxError(f"icon size {size} has no class in core.css")
    classes = " ".join(part for part in ("icon", f"icon-{size}" if size else "", css_class) if part)
    # The symbol in the sprite carries the strokes and core.css their width.
    width = "" if stroke == STROKE_WIDTH else format_html(' stroke-width="{}"', stroke)
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24"{} aria-hidden="true"><use href="{}#{}"/></svg>',
        classes,
        width,
        _sprite(),
        name,
    )


@register.simple_tag
def logo() -> SafeString:
    return LOGO


CONSTANT_TAGS = frozenset({icon, logo})  # the same words always give the same mark-up (core/rendering)


@register.simple_tag
def request_id() -> str:
    """The number by which the administrator finds this request in the log; empty outside a request."""
    current = current_request_id()
    return "" if current == NO_REQUEST else current


@register.simple_tag
def level(code: str | None, big: bool = False) -> SafeString:
    """Intention level as a letter tile; "own" is an owner whose car was delivered; empty gives a neutral tile."""
    return _level(code or "", big, get_language() or "")


@lru_cache(maxsize=200)
def _level(code: str, big: bool, language: str) -> SafeString:
    size = " lv-lg" if big else ""
    if code == "own":
        return format_html(
            '<span class="lv{} lv-own" role="img" aria-label="{title}" title="{title}">{}</span>',
            size,
            icon("key", size=18 if big else 14),
            title=_("Owner, car delivered"),
        )
    letter = code or NOTHING
    title = _("Intention level %(level)s") % {"level": letter} if code else _("No intention level yet")
    if letter in LEVEL_DAYS:
        title = _("Intention level %(level)s: buys within %(days)s days") % {
            "level": letter,
            "days": LEVEL_DAYS[letter],
        }
    tone = letter if letter in LEVEL_DAYS else "C"
    return format_html('<span class="lv lv-{}{}" title="{}">{}</span>', tone, size, title, letter)


@register.simple_tag
def stage(number: int, label: str) -> SafeString:
    """The dot of journey stage 1..9 and its name."""
    return format_html('<span class="stg st-{}">{}</span>', number, label)


@register.simple_tag
def avatar(name: str, colour: int = 1, size: int | str = "") -> SafeString:
    """First character of a name on one of nine colours; sizes 20 to 56 pixels, 36 when none is given."""
    size_class = f" avatar-{size}" if size and int(size) in AVATAR_SIZES - {36} else ""
    return format_html('<span class="avatar st-{}{}" aria-hidden="true">{}</span>', colour, size_class, name[:1] or "?")


def _share(value: Any, total: Any) -> float:
    """value / total between 0 and 1; 0 when there is no total."""
    return min(max(float(value or 0) / float(total), 0.0), 1.0) if total else 0.0


@register.simple_tag
def ring(value: Any, total: Any, mark: Any = None) -> SafeString:
    """A progress ring; `mark` is the expected value today, in the unit of `total`, drawn as a tick."""
    length = 2 * math.pi * RING_RADIUS
    tick: SafeString | str = ""
    if mark is not None:
        tick = format_html(
            '<line class="ring-mark" x1="56" y1="{}" x2="56" y2="{}" transform="rotate({} 56 56)"/>',
            56 - RING_RADIUS - RING_WIDTH / 2 - 2,
            56 - RING_RADIUS + RING_WIDTH / 2 + 2,
            f"{_share(mark, total) * 360:.1f}",
        )
    return format_html(
        '<svg viewBox="0 0 112 112" aria-hidden="true"><circle class="ring-track" cx="56" cy="56" r="{r}" fill="none" '
        'stroke-width="{w}"/><circle class="ring-val" cx="56" cy="56" r="{r}" fill="none" stroke-width="{w}" '
        'stroke-dasharray="{}" transform="rotate(-90 56 56)"/>{}</svg>',
        f"{_share(value, total) * length:.2f} {length:.2f}",
        tick,
        r=RING_RADIUS,
        w=RING_WIDTH,
    )


@register.simple_tag
def meter(value: Any, target: Any, tone: str = "") -> SafeString:
    """How much of a target is reached, as a bar; the words beside it carry the figures. Tones: ok, warn, danger."""
    percent = round(_share(value, target) * 100)
    return format_html(
        '<span class="meter{}" data-v="{}" aria-hidden="true"><i></i></span>', f" {tone}" if tone else "", percent
    )


# ---- numbers ---------------------------------------------------------------------------------------------


def _grouped(amount: Decimal, places: str) -> str:
    rounded = amount.quantize(Decimal(places), rounding=ROUND_HALF_UP)
    return f"{MINUS if rounded < 0 else ''}¥{abs(rounded):,}"


@register.filter
def rmb(amount: Any) -> str:
    """¥200,354: whole RMB, minus as U+2212."""
    return NOTHING if amount in (None, "") else _grouped(Decimal(str(amount)), "1")


@register.filter
def wan(amount: Any) -> str:
    """RMB in ten thousands with one decimal (¥20.0万); in English in thousands (¥200.4k)."""
    if amount in (None, ""):
        return NOTHING
    divisor, unit = (Decimal(10_000), "万") if _language() == "zh" else (Decimal(1_000), "k")
    return _grouped(Decimal(str(amount)) / divisor, "0.1") + unit


@register.filter
def masked_phone(e164: str | None) -> str:
    """138****5621, landline 0756****829; whoever may see the whole number asks for it and that is logged."""
    return mask_phone(e164) if e164 else NOTHING


@register.filter
def masked_number(number: str | None, kind: str = NumberKind.ID_CARD) -> str:
    """110101********0011: the middle of an ID number, licence, passport or account is never on a page."""
    return mask_number(number, kind) if number else NOTHING


@register.filter
def full_phone(e164: str | None) -> str:
    """The whole number as it is written inside China: 13805715621, 0756-6898829."""
    return national(e164) if e164 else NOTHING


@register.filter
def duration(seconds: int | None) -> str:
    """4 分 12 秒 (in English 4 min 12 s); from one hour on hours and minutes."""
    if seconds is None:
        return NOTHING
    hours, remainder = divmod(int(seconds), 3600)
    minutes, rest = divmod(remainder, 60)
    if hours:
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}
    if minutes:
        return _("%(minutes)s min %(seconds)s s") % {"minutes": minutes, "seconds": rest}
    return _("%(seconds)s s") % {"seconds": rest}


# ---- days and moments ------------------------------------------------------------------------------------


def _language() -> str:
    return "zh" if (get_language() or "zh").startswith("zh") else "en"


def _local(value: date | datetime) -> date | datetime:
    return clock.local(value) if isinstance(value, datetime) and timezone.is_aware(value) else value


def _plain_day(value: date | datetime) -> str:
    day_only = value.date() if isinstance(value, datetime) else value
    return _written_day(day_only, get_language() or "", day_only.year == clock.today().year)


@lru_cache(maxsize=4_000)
def _written_day(value: date, language: str, is_this_year: bool) -> str:
    """The words of a day; `language` is the active one."""
    without_year, with_year = DAY_FORMATS[_language()]["day"]
    return format_date(value, without_year if is_this_year else with_year)


@register.filter
def day(value: date | datetime | None) -> str:
    """11月21日 周六 / Sat 21 Nov; the year only when it is not this year."""
    if not value:
        return NOTHING
    local = _local(value)
    pattern = str(DAY_FORMATS[_language()]["with_weekday"])
    return pattern.format(day=_plain_day(local), weekday=WEEKDAYS[local.weekday()])


@register.filter
def short_day(value: date | datetime | None) -> str:
    """11月21日 / 21 Nov, for tables; the year only when it is not this year."""
    return _plain_day(_local(value)) if value else NOTHING


@register.filter
def day_time(value: datetime | None) -> str:
    """11月21日 18:00 / 21 Nov 18:00."""
    if not value:
        return NOTHING
    local = clock.local(value)
    return f"{_plain_day(local)} {local:%H:%M}"


def _overdue_words(late: timedelta, days: int) -> str:
    if days:
        return ngettext("%(days)s day overdue", "%(days)s days overdue", days) % {"days": days}
    minutes = max(int(late.total_seconds() // 60), 1)
    if minutes < 60:
        return ngettext("%(minutes)s minute overdue", "%(minutes)s minutes overdue", minutes) % {"minutes": minutes}
    hours = minutes // 60
    return ngettext("%(hours)s hour overdue", "%(hours)s hours overdue", hours) % {"hours": hours}


def _coming_words(due_at: datetime, days: int) -> str:
    time = f"{due_at:%H:%M}"
    if days == 0:
        return _("by %(time)s") % {"time": time}
    if days == 1:
        return _("tomorrow %(time)s") % {"time": time}
    return ngettext("in %(days)s day", "in %(days)s days", days) % {"days": days}


@register.filter
def due_words(due_at: datetime | None) -> str:
    """How long until or since a due moment, counted in calendar days; beyond a week the date."""
    if not due_at:
        return NOTHING
    now, due_at = clock.now(), clock.local(due_at)
    days = (due_at.date() - now.date()).days
    if abs(days) > RELATIVE_DAYS:
        return day(due_at)
    return _overdue_words(now - due_at, -days) if due_at < now else _coming_words(due_at, days)


@register.filter
def due(due_at: datetime | None) -> SafeString | str:
    """`due_words` inside a <time> that carries the exact moment."""
    if not due_at:
        return NOTHING
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        clock.local(due_at).isoformat(timespec="minutes"),
        day_time(due_at),
        due_words(due_at),
    )
