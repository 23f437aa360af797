"""What the page of the rules shows: one version, one of its rules opened, the preview and the history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404
from django.utils.formats import time_format
from django.utils.translation import gettext as _

from approvals.selectors import request_pending
from core import clock, history
from core.requests import Request
from followups.enums import ContactChannel, DueRule, RuleCode, RuleSetState
from followups.forms import PolicyForm, PreviewForm, RuleForm, VersionForm, minute_choices
from followups.models import FollowUpRule, FollowUpRuleSet
from followups.policies import can_edit_rules
from followups.selectors import (
    Difference,
    book_of,
    differences,
    rule_key,
    strip,
    table,
    version_chosen,
    version_in_force,
)
from followups.services.preview import preview
from followups.services.rule_sets import KIND, RULE_FIELDS, SUBJECT
from opportunities.enums import Level
from staff.models import User
from staff.policies import can_configure

NUMBERS = "numbers"  # the card with the numbers around callbacks instead of one rule
CHANGES = 4


@dataclass(frozen=True)
class Rung:
    """One step of the ladder. `choices`: for the select; without them the step is fixed."""

    name: str
    before: str
    after: str
    value: str = ""
    choices: Sequence[tuple[str, str]] = ()
    old: str = ""


def rule_page(
    request: Request,
    *,
    rule_set: FollowUpRuleSet | None = None,
    rule: FollowUpRule | None = None,
    form: RuleForm | None = None,
    policy_form: PolicyForm | None = None,
    version_form: VersionForm | None = None,
) -> dict[str, Any]:
    """The context of followups/rule_list.html; forms that were refused keep what was typed."""
    user = request.user
    rule_set = rule_set or (rule.rule_set if rule else _chosen_version(request))
    rules = list(rule_set.rules.order_by("id"))
    changed = differences(rule_set)
    key = rule_key(rule) if rule else NUMBERS if policy_form else request.GET.get("rule", "")
    rule = rule or _chosen_rule(rules, key)
    today = clock.today()
    context = {
        "active": "rules",
        "rule_set": rule_set,
        "tabs": strip(on=today),
        "current": version_in_force(on=today),
        "can_edit": can_edit_rules(user, rule_set),
        "can_configure": can_configure(user),
        "waiting": _waiting(rule_set),
        "differences": changed,
        "groups": table(rules, changed),
        "selected": NUMBERS if key == NUMBERS else rule.code,
        "version_form": version_form
        or VersionForm(initial={name: getattr(rule_set, name) for name in VersionForm.base_fields}),
        "changes": history.changes(user=user, key="rules", limit=CHANGES) if can_configure(user) else [],
        "reading": _reading(rule_set, today),
    }
    if key == NUMBERS:
        context["policy_form"] = policy_form or PolicyForm(
            instance=rule_set.policy, initial={"revision": rule_set.policy.revision}
        )
    else:
        context |= _editor(rule, rules, changed, form)
    return context | _preview(request, user, rule_set)


def _chosen_version(request: Request) -> FollowUpRuleSet:
    """The version of the address, else the draft, else the one in force. Raises Http404 for an unknown number."""
    found = version_chosen(request.GET.get("v", ""), on=clock.today())
    if found is None:
        raise Http404
    return found


def _chosen_rule(rules: list[FollowUpRule], key: str) -> FollowUpRule:
    found = {rule_key(row): row for row in rules}
    if not found:
        raise Http404
    return found.get(key) or found.get(RuleCode.FIRST_CALLBACK) or rules[0]


def _waiting(rule_set: FollowUpRuleSet) -> Any:
    if rule_set.state != RuleSetState.WAITING:
        return None
    return request_pending(kind=KIND, subject_type=SUBJECT, subject_id=rule_set.pk)


def _reading(rule_set: FollowUpRuleSet, today: date) -> dict[str, Any] | None:
    if rule_set.state != RuleSetState.PUBLISHED or rule_set.published_at is None:
        return None
    days = (today - clock.local_date(rule_set.published_at)).days
    return {"days": days, "count": rule_set.readings.count()}


def _editor(
    rule: FollowUpRule, rules: list[FollowUpRule], changed: list[Difference], form: RuleForm | None
) -> dict[str, Any]:
    mine = {item.field: item for item in changed if (item.code, item.level) == (rule.code, rule.level)}
    initial = {name: getattr(rule, name) for name in RULE_FIELDS}
    levels = [(row.level, rule_key(row)) for row in rules if row.code == rule.code]
    form = form or RuleForm(initial=initial | {"revision": rule.revision})
    return {
        "rule": rule,
        "form": form,
        "ways": [one for one in ContactChannel.choices if one[0] != ContactChannel.VISIT or one[0] in rule.channels],
        "levels": levels if len(levels) > 1 else [],
        "rule_changes": mine,
        "has_days": rule.due_rule == DueRule.DAYS and rule.code != RuleCode.MANUAL,
        "has_hours": rule.due_rule == DueRule.HOURS,
        "has_time": rule.due_rule != DueRule.HOURS and rule.code != RuleCode.MANUAL,
        "ladder": _ladder(rule, form, mine),
    }


def _ladder(rule: FollowUpRule, form: RuleForm, changed: dict[str, Difference]) -> list[Rung]:
    def rung(name: str, before: str, after: str, *, never: bool = False) -> Rung:
        value = form[name].value()
        item = changed.get(name)
        choices = minute_choices(getattr(rule, name), never=never)
        return Rung(name, before, after, "" if value is None else str(value), choices, item.before if item else "")

    due = time_format(rule.due_time, "H:i") if rule.due_rule != DueRule.HOURS else ""
    return [
        rung("remind_before_min", _("before it is due"), _("Remind the owner")),
        Rung("", _("due %(time)s") % {"time": due}, _("Ask the owner")),
        rung("escalate_after_min", _("overdue by"), _("Tell the supervisor")),
        rung("manager_after_min", _("overdue by"), _("Tell the sales manager"), never=True),
    ]


def _preview(request: Request, user: User, rule_set: FollowUpRuleSet) -> dict[str, Any]:
    """What somebody registered now (or at the chosen moment) would get, by this version or by the one in force."""
    form = PreviewForm(request.GET if {"level", "at", "of"} & set(request.GET) else None)
    data = form.cleaned_data if form.is_bound and form.is_valid() else {}
    level, at = data.get("level") or Level.H, data.get("at") or clock.now()
    current = version_in_force(on=clock.today())
    choices = [row for row in dict.fromkeys([current, rule_set]) if row is not None]
    shown = next((row for row in choices if row.number == data.get("of")), rule_set)
    base = current if current is not None and shown.pk != current.pk else None
    store = user.store
    steps = (
        preview(book=book_of(shown), level=level, at=at, store=store, before=book_of(base) if base else None)
        if store
        else []
    )
    return {
        "preview": steps,
        "preview_of": shown,
        "preview_choices": choices,
        "preview_level": level,
        "preview_at": at,
        "preview_form": PreviewForm(initial={"level": level, "at": at, "of": shown.number}),
    }
