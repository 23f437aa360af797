"""The dated rules become versions: one for each stretch of days in which nothing changed."""

from datetime import date
from itertools import pairwise
from typing import Any

from django.db import migrations


def make_versions(apps: Any, schema_editor: Any) -> None:
    rule_model = apps.get_model("followups", "FollowUpRule")
    policy_model = apps.get_model("followups", "FollowUpPolicy")
    stores = {row.store_id for model in (rule_model, policy_model) for row in model.objects.all()}
    for store_id in sorted(stores, key=lambda pk: pk or 0):
        _versions_of(apps, store_id)


def _versions_of(apps: Any, store_id: int | None) -> None:
    """Rows of the store, cut where one of them begins or ends; a row that spans several versions is copied."""
    rules = list(apps.get_model("followups", "FollowUpRule").objects.filter(store=store_id).order_by("id"))
    policies = list(apps.get_model("followups", "FollowUpPolicy").objects.filter(store=store_id).order_by("id"))
    rows = [*rules, *policies]
    starts = {day for row in rows for day in (row.valid_from, row.valid_to) if day is not None}
    days: list[date | None] = [*sorted(starts), None]
    number = 0
    for first, last in pairwise(days):
        present = [row for row in rows if row.valid_from <= first and (row.valid_to is None or row.valid_to > first)]
        if not present:
            continue
        number += 1
        version = apps.get_model("followups", "FollowUpRuleSet").objects.create(
            store_id=store_id, number=number, valid_from=first, valid_to=last, state="published"
        )
        for row in present:
            _attach(row, version)


def _attach(row: Any, version: Any) -> None:
    if row.rule_set_id is not None:  # belongs to an earlier version as well
        row.pk, row.uid, row._state.adding = None, type(row)._meta.get_field("uid").get_default(), True
    row.rule_set_id = version.pk
    if hasattr(row, "channels"):
        row.channels = [row.channel]
    row.save()


class Migration(migrations.Migration):
    dependencies = [("followups", "0005_rule_versions")]
    operations = [migrations.RunPython(make_versions, migrations.RunPython.noop)]
