"""What a customer who is registered at a moment would get under a version of the rules. Reads only.

Computed by the functions that plan in earnest (promised, due_by_rule), so that the page cannot tell another story.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from core import clock
from core.templatetags.ui import short_day
from followups.enums import DueRule, RuleCode, Trigger
from followups.models import FollowUp, FollowUpRule
from followups.selectors import RuleBook, channel_words, minutes_words
from followups.services.due import due_by_rule
from followups.services.planning import promised
from opportunities.models import Opportunity
from staff.models import Store

TONES = {RuleCode.SAME_DAY_SMS: 1, RuleCode.FIRST_CALLBACK: 2, RuleCode.SECOND_CALLBACK: 3, RuleCode.CADENCE: 4}
DELIVERY_TONE = 9


@dataclass(frozen=True)
class Step:
    """One line of the preview. `days`: when, `until`: small below it; `rules` are those it was computed from."""

    days: str
    until: str
    title: str
    text: str
    tone: int
    is_changed: bool = False


def first_promises(*, book: RuleBook, level: str, at: datetime, store: Store) -> list[FollowUp]:
    """The callbacks that registering a customer now would write, unsaved, the next one first."""
    opportunity = Opportunity(store=store, level=level)
    rows = promised(opportunity, trigger=Trigger.OPENED, at=at, book=book, store=store)
    return sorted(rows, key=lambda row: row.due_at)


def preview(*, book: RuleBook, level: str, at: datetime, store: Store, before: RuleBook | None = None) -> list[Step]:
    """The line of callbacks of one customer; `before`: the book with which a change is marked."""
    rows = first_promises(book=book, level=level, at=at, store=store)
    steps = [_promise(row, at=at, is_changed=_differs(row.rule, before)) for row in rows]
    cadence = book.rule(RuleCode.CADENCE, level)
    if cadence is not None and rows:
        due = due_by_rule(cadence, at=rows[-1].due_at, store=store, days=book.days)
        steps.append(
            Step(
                days=_("from %(day)s") % {"day": short_day(due.due_at)},
                until=ngettext("every %(days)s day", "every %(days)s days", cadence.due_after)
                % {"days": cadence.due_after},
                title=_("By level %(level)s") % {"level": level} if level else str(RuleCode.CADENCE.label),
                text=_("Another level, another interval; until won or lost"),
                tone=TONES[RuleCode.CADENCE],
                is_changed=_differs(cadence, before),
            )
        )
    delivered = book.triggered_by(Trigger.DELIVERED, level)
    return [*steps, *([_after_delivery(delivered, before)] if delivered else [])]


def _promise(row: FollowUp, *, at: datetime, is_changed: bool) -> Step:
    first, last = clock.local_date(row.due_at), clock.local_date(row.deadline_at)
    is_today = first == clock.local_date(at)
    days = _("today") if is_today else short_day(first)
    if last > first:
        is_one_month = not is_today and (first.year, first.month) == (last.year, last.month)
        values = {"first": days, "last": short_day(last), "month": first.month, "day": first.day, "until": last.day}
        days = (
            pgettext("days of one month", "%(month)s/%(day)s–%(until)s") if is_one_month else _("%(first)s to %(last)s")
        ) % values
    rule = row.rule
    text = channel_words(rule.channels) if rule else ""
    if is_changed and rule:
        text = _("overdue %(time)s: to the supervisor") % {"time": minutes_words(rule.escalate_after_min)}
    return Step(
        days=days,
        until=_("until %(time)s") % {"time": _clock(row.due_at)},
        title=str(RuleCode(row.rule_code).label),
        text=text,
        tone=TONES.get(RuleCode(row.rule_code), DELIVERY_TONE),
        is_changed=is_changed,
    )


def _clock(moment: datetime) -> str:
    local = clock.at_time(clock.local_date(moment), time(0))
    minutes = int((moment - local) / timedelta(minutes=1))
    return time_format(time(minutes // 60, minutes % 60), "H:i")


def _after_delivery(rules: Sequence[FollowUpRule], before: RuleBook | None) -> Step:
    days = sorted(rule.overdue_after / 24 if rule.due_rule == DueRule.HOURS else rule.due_after for rule in rules)
    count = len(days)
    return Step(
        days=_("after delivery"),
        until=_("day %(days)s") % {"days": " · ".join(f"{day:g}" for day in days)},
        title=ngettext("%(count)s callback", "%(count)s callbacks", count) % {"count": count},
        text=channel_words(rules[0].channels),
        tone=DELIVERY_TONE,
        is_changed=any(_differs(rule, before) for rule in rules),
    )


def _differs(rule: FollowUpRule | None, before: RuleBook | None) -> bool:
    """Another promise than in the book before; the rows are different ones in any case."""
    if rule is None or before is None:
        return False
    old = before.rules.get((rule.code, rule.level))
    names: tuple[str, ...] = ("due_after", "overdue_after", "due_time", "due_rule", "channels", "closed_days")
    names += ("remind_before_min", "escalate_after_min", "manager_after_min")
    return old is None or any(getattr(old, name) != getattr(rule, name) for name in names)
