"""Versions of the callback rules for tests: another one from a day on, or the one in force bent by hand."""

from datetime import date
from typing import Any

import pgtrigger
from django.db.models import QuerySet

from followups.models import FollowUpPolicy, FollowUpRule, FollowUpRuleSet
from staff.models import Store


def bend(rules: QuerySet[FollowUpRule] | None = None, **fields: Any) -> None:
    """Change rules although they are published; all of them when none are named."""
    with pgtrigger.ignore("followups.FollowUpRule:drafts_only_change"):
        (FollowUpRule.objects.all() if rules is None else rules).update(**fields)


def bend_policy(**fields: Any) -> None:
    with pgtrigger.ignore("followups.FollowUpPolicy:drafts_only_change"):
        FollowUpPolicy.objects.update(**fields)


def publish(*, on: date, store: Store | None = None, codes: tuple[str, ...] = (), **fields: Any) -> FollowUpRuleSet:
    """Another version from a day on, in which the rules with these codes have other values; for one store only those.

    Written past the services: what these decide is not in question here.
    """
    old = FollowUpRuleSet.objects.get(store=None, state="published", valid_to=None)
    last = FollowUpRuleSet.objects.filter(store=store).order_by("number").last()
    made = FollowUpRuleSet.objects.create(store=store, number=last.number + 1 if last else 1, valid_from=on)
    for rule in old.rules.all():
        if store is not None and rule.code not in codes:
            continue
        copy_into(made, rule, **(fields if rule.code in codes else {}))
    if store is None:
        copy_into(made, old.policy)
        FollowUpRuleSet.objects.filter(pk=old.pk).update(valid_to=on)
    FollowUpRuleSet.objects.filter(pk=made.pk).update(state="published")
    return made


def copy_into(rule_set: FollowUpRuleSet, row: Any, **fields: Any) -> Any:
    row.pk, row._state.adding, row.uid = None, True, type(row)._meta.get_field("uid").get_default()
    row.rule_set = rule_set
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(force_insert=True)
    return row
