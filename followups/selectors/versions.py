"""Versions of the callback rules: which there are, what a draft changes, who has to read one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db.models import QuerySet
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.models import BusinessDay
from core.text import whole_number
from followups.enums import ClosedDays, ContactChannel, RuleCode, RuleSetState
from followups.models import FollowUpPolicy, FollowUpRule, FollowUpRuleSet
from followups.policies import READER_ROLES
from followups.selectors.callbacks import Policy, RuleBook
from staff.models import User

# What may differ between two versions, with the words of the page.
RULE_WORDS: dict[str, Any] = {
    "due_after": gettext_lazy("due after"),
    "overdue_after": gettext_lazy("overdue after"),
    "due_time": gettext_lazy("until what time"),
    "channels": gettext_lazy("by"),
    "closed_days": gettext_lazy("on a day off"),
    "remind_before_min": gettext_lazy("reminder before"),
    "escalate_after_min": gettext_lazy("tell the supervisor"),
    "manager_after_min": gettext_lazy("tell the sales manager"),
    "is_active": gettext_lazy("in use"),
}
POLICY_WORDS: dict[str, Any] = {
    "reschedule_max_times": gettext_lazy("may be moved"),
    "reschedule_max_days": gettext_lazy("moved by at most"),
    "next_max_days": gettext_lazy("next callback within"),
    "retry_after_hours": gettext_lazy("after no answer again in"),
    "retry_clears_times": gettext_lazy("late stays late after tries"),
    "burst_entries": gettext_lazy("identical entries from"),
    "burst_window_min": gettext_lazy("identical entries within"),
    "undo_window_min": gettext_lazy("take back within"),
}
HOUR_MIN = 60
DAY_MIN = 24 * HOUR_MIN


@dataclass(frozen=True)
class Difference:
    """One value that a draft changes. `code`, `level`: the rule, both empty for the numbers around callbacks."""

    code: str
    level: str
    field: str
    title: str
    label: str
    before: str
    after: str


def versions(*, store_id: int | None = None) -> QuerySet[FollowUpRuleSet]:
    """All versions, the newest first."""
    rows = FollowUpRuleSet.objects.filter(store=store_id)
    return rows.select_related("created_by", "asked_by", "published_by", "base").order_by("-number")


def version_in_force(*, on: date) -> FollowUpRuleSet | None:
    """The common version of the day."""
    rows = versions().filter(state=RuleSetState.PUBLISHED, valid_from__lte=on)
    return rows.order_by("-valid_from").first()


def version_chosen(address: str, *, on: date) -> FollowUpRuleSet | None:
    """The version of this number, without one the draft, else the one in force; None for a number that there is not."""
    if not address:
        return versions().exclude(state=RuleSetState.PUBLISHED).first() or version_in_force(on=on)
    number = whole_number(address)
    return versions().filter(number=number).first() if number is not None else None


def versions_published() -> QuerySet[FollowUpRuleSet]:
    return versions().filter(state=RuleSetState.PUBLISHED)


def rules_of_versions() -> QuerySet[FollowUpRule]:
    """The rules of all versions with theirs."""
    return FollowUpRule.objects.select_related("rule_set__base", "rule_set__asked_by")


def read_at(rule_set: FollowUpRuleSet, user: User) -> datetime | None:
    """When the person confirmed the version; None when not yet."""
    return rule_set.readings.filter(user=user).values_list("created_at", flat=True).first()


def differences(rule_set: FollowUpRuleSet) -> list[Difference]:
    """What the version changes against the one it was made from, in the order of the page."""
    if rule_set.base_id is None:
        return []
    rules = FollowUpRule.objects.filter(rule_set__in=[rule_set.pk, rule_set.base_id]).order_by("id")
    mine = [row for row in rules if row.rule_set_id == rule_set.pk]
    before = {(row.code, row.level): row for row in rules if row.rule_set_id == rule_set.base_id}
    found = [
        Difference(row.code, row.level, name, rule_title(row), *words)
        for row in mine
        if (row.code, row.level) in before
        for name, words in _changes(before[row.code, row.level], row, RULE_WORDS)
    ]
    policies = {row.rule_set_id: row for row in FollowUpPolicy.objects.filter(rule_set__in=[rule_set, rule_set.base])}
    if len(policies) == 2:  # noqa: PLR2004 -- both have one
        title = _("Numbers around callbacks")
        found += [
            Difference("", "", name, title, *words)
            for name, words in _changes(policies[rule_set.base_id], policies[rule_set.pk], POLICY_WORDS)
        ]
    return found


def _changes(before: Any, after: Any, names: dict[str, Any]) -> list[tuple[str, tuple[str, str, str]]]:
    return [
        (name, (str(label), value_words(before, name), value_words(after, name)))
        for name, label in names.items()
        if getattr(before, name) != getattr(after, name)
    ]


def rule_title(rule: FollowUpRule) -> str:
    label = str(RuleCode(rule.code).label)
    return _("%(callback)s, level %(level)s") % {"callback": label, "level": rule.level} if rule.level else label


def value_words(row: Any, name: str) -> str:
    """A value of a rule or policy as a person says it."""
    value = getattr(row, name)
    if name in ("due_after", "overdue_after"):
        return hours_words(value) if row.due_rule == "hours" else days_words(value)
    if name == "channels":
        return channel_words(value)
    if name == "closed_days":
        return str(ClosedDays(value).label)
    if name.endswith("_min"):
        return minutes_words(value)
    if name.endswith("_days"):
        return days_words(value)
    if name.endswith("_hours"):
        return hours_words(value)
    if isinstance(value, time):
        return time_format(value, "H:i")
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return ngettext("%(count)s time", "%(count)s times", value) % {"count": value}


def channel_words(channels: Sequence[str]) -> str:
    return _(" or ").join(str(ContactChannel(channel).label) for channel in channels)


def days_words(days: int) -> str:
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}


def hours_words(hours: int) -> str:
    return ngettext("%(hours)s hour", "%(hours)s hours", hours) % {"hours": hours}


def minutes_words(minutes: int | None) -> str:
    """Whole days and hours as such; None: never."""
    if minutes is None:
        return _("Never")
    if minutes and minutes % DAY_MIN == 0:
        return days_words(minutes // DAY_MIN)
    if minutes and minutes % HOUR_MIN == 0:
        return hours_words(minutes // HOUR_MIN)
    return ngettext("%(minutes)s minute", "%(minutes)s minutes", minutes) % {"minutes": minutes}


def book_of(rule_set: FollowUpRuleSet) -> RuleBook:
    """The rules of a version whatever its state, as if it were in force; for the preview."""
    rules = rule_set.rules.filter(is_active=True).order_by("id")
    policy = rule_set.policy
    return RuleBook(
        rules={(rule.code, rule.level): rule for rule in rules},
        policy=Policy(**{name: getattr(policy, name) for name in POLICY_WORDS}),
        days=dict(BusinessDay.objects.values_list("on", "is_workday")),
    )


def readers_of(rule_set: FollowUpRuleSet) -> QuerySet[User]:
    """Whom the version concerns: who works with customers or leads them."""
    people = User.objects.filter(is_active=True, roles__overlap=sorted(READER_ROLES)).exclude(store=None)
    return people.filter(store=rule_set.store_id) if rule_set.store_id else people
