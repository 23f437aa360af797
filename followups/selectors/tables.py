"""How the page of the rules shows a version: the strip of versions, the table of promises, one line for each."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from core.templatetags.ui import short_day
from followups.enums import DueRule, RuleCode, RuleSetState
from followups.models import FollowUpRule, FollowUpRuleSet
from followups.selectors.versions import Difference, channel_words, days_words, minutes_words, versions
from opportunities.enums import LEVEL_ORDER

GROUPS = (
    (
        gettext_lazy("New customers"),
        (
            RuleCode.SAME_DAY_SMS,
            RuleCode.FIRST_CALLBACK,
            RuleCode.SECOND_CALLBACK,
            RuleCode.CADENCE,
            RuleCode.RETRY,
            RuleCode.MANUAL,
        ),
    ),
    (gettext_lazy("After delivery"), (RuleCode.DELIVERY_24H, RuleCode.DELIVERY_WEEK, RuleCode.DELIVERY_MONTH)),
)
STRIP = 3


@dataclass(frozen=True)
class Tab:
    """One version in the strip."""

    rule_set: FollowUpRuleSet
    label: str
    tone: str
    period: str


@dataclass(frozen=True)
class Line:
    """One promise in the table; a callback with a rule for each level is one line."""

    key: str
    code: str
    title: str
    begins: str
    limit: str
    channels: str
    late: str
    is_changed: bool
    is_active: bool


def strip(*, on: date) -> list[Tab]:
    """The latest versions, oldest first, and what each of them is today."""
    return [_tab(row, on) for row in reversed(list(versions()[:STRIP]))]


def _tab(row: FollowUpRuleSet, on: date) -> Tab:
    first = short_day(row.valid_from)
    begins = _("from %(day)s") % {"day": first}
    if row.state == RuleSetState.DRAFT:
        return Tab(row, pgettext("rules", "Draft"), "chip-warn", begins)
    if row.state == RuleSetState.WAITING:
        return Tab(row, _("Waits for approval"), "chip-warn", begins)
    if row.valid_from > on:
        return Tab(row, _("Begins soon"), "chip-info", begins)
    if row.valid_to is None or row.valid_to > on:
        return Tab(row, _("In force"), "chip-ok", begins)
    last = short_day(date.fromordinal(row.valid_to.toordinal() - 1))
    return Tab(row, pgettext("rules", "Ended"), "", _("%(first)s to %(last)s") % {"first": first, "last": last})


def table(rules: Iterable[FollowUpRule], changed: Iterable[Difference]) -> list[tuple[str, list[Line]]]:
    """Groups of promises in the order in which a customer lives through them; only those that the version has."""
    by_code: dict[str, list[FollowUpRule]] = {}
    for rule in rules:
        by_code.setdefault(rule.code, []).append(rule)
    codes = {item.code for item in changed}
    return [
        (str(label), [_line(by_code[code], code in codes) for code in group if code in by_code])
        for label, group in GROUPS
    ]


def _line(rules: list[FollowUpRule], is_changed: bool) -> Line:
    rule = next((row for row in rules if not row.level), rules[0])
    return Line(
        key=rule_key(rule),
        code=rule.code,
        title=str(RuleCode(rule.code).label),
        begins=str(rule.get_trigger_display()),
        limit=_levels(rules) if len(rules) > 1 else limit_words(rule),
        channels=channel_words(rule.channels),
        late=minutes_words(rule.escalate_after_min),
        is_changed=is_changed,
        is_active=any(row.is_active for row in rules),
    )


def rule_key(rule: FollowUpRule) -> str:
    """How an address names a rule: "cadence-H", "retry"."""
    return f"{rule.code}-{rule.level}" if rule.level else str(rule.code)


def _levels(rules: list[FollowUpRule]) -> str:
    """H 2 · A 5 · B 7 · C 15 days."""
    own = sorted((row for row in rules if row.level), key=lambda row: LEVEL_ORDER.index(row.level))
    parts = [f"{row.level} {row.due_after}" for row in own[:-1]]
    return " · ".join([*parts, f"{own[-1].level} {days_words(own[-1].due_after)}"])


def limit_words(rule: FollowUpRule) -> str:
    """The window of a promise in words."""
    values = {
        "first": rule.due_after,
        "last": rule.overdue_after,
        "time": time_format(rule.due_time, "H:i"),
    }
    if rule.code == RuleCode.MANUAL:
        return _("at the agreed time")
    if rule.due_rule == DueRule.SAME_DAY:
        return _("same day %(time)s") % values
    if rule.due_rule == DueRule.HOURS:
        return _("%(first)s to %(last)s hours") % values
    if rule.due_after == rule.overdue_after:
        return _("day %(first)s, %(time)s") % values
    return _("day %(first)s–%(last)s, %(time)s") % values
