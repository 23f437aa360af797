"""Exports of the customer list: which rows, in which words, and what became of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core import clock
from core.templatetags.ui import full_phone, masked_phone
from customers.models import Channel
from opportunities.models import Opportunity
from opportunities.stages import Stage
from staff.models import User
from vehicles.models import Series
from workbench.enums import FILTER_NAMES
from workbench.models import CustomerExport, ExportRule
from workbench.selectors.lists import dressed, list_rows, saved_view

BATCH = 500
LIST_LIMIT = 30
RULES_READ = 20
EFFECT_DAYS = 90
DAY = "%Y-%m-%d"
MINUTE = "%Y-%m-%d %H:%M"


def export_rule() -> ExportRule:
    """The rule in force; without one the figures that are shipped."""
    rule = ExportRule.objects.filter(valid_from__lte=clock.today()).first()
    return rule or ExportRule(valid_from=clock.today())


def export_rules_shown() -> list[ExportRule]:
    """The rule in force and the one to come, the latest first."""
    rows = list(ExportRule.objects.order_by("-valid_from")[:RULES_READ])
    today = clock.today()
    in_force = next((row for row in rows if row.valid_from <= today), None)
    return [row for row in rows if row.valid_from > today or row == in_force]


@dataclass(frozen=True)
class Effect:
    """Of the files that were asked for lately: how many would have waited for a second person, how many refused."""

    asked: int
    to_approve: int
    refused: int
    days: int


def export_rule_effect(user: User, rule: ExportRule) -> Effect:
    """What the numbers would have done to the exports of the person's store. One query."""
    rows = CustomerExport.objects.filter(store=user.store_id, created_at__gte=clock.now() - timedelta(days=EFFECT_DAYS))
    is_above = Q(row_count__gt=rule.rows_at_most)
    counts = rows.aggregate(
        asked=Count("pk"),
        to_approve=Count("pk", filter=~is_above & (Q(with_phones=True) | Q(row_count__gt=rule.rows_without_approval))),
        refused=Count("pk", filter=is_above),
    )
    return Effect(**counts, days=EFFECT_DAYS)


def export_rows(user: User, *, view: str, filters: Mapping[str, Sequence[str]]) -> QuerySet[Opportunity]:
    """The rows of the customer list as the person sees it now, in no order: an order would cost the right index."""
    shown = saved_view(user, view)
    rows = list_rows(user, shown)
    for name in FILTER_NAMES:
        if filters.get(name):
            rows = rows.filter((f"{name}__in", list(filters[name])))
    return rows.order_by()


def exports_of(user: User) -> QuerySet[CustomerExport]:
    """What the person asked for; a file is nobody else's."""
    rows = CustomerExport.objects.filter(requested_by=user).select_related("requested_by", "approved_by")
    return rows.defer("content", "row_ids").order_by("-created_at", "-id")


def heading() -> list[str]:
    return [
        _("Customer"),
        pgettext("needs", "Model"),
        _("Phone"),
        _("Level"),
        _("Stage"),
        _("Owner"),
        pgettext("customer list", "Channel"),
        _("Area"),
        _("Next action"),
        _("Last contact"),
        _("Customer since"),
    ]


def export_lines(export: CustomerExport, rows: Sequence[Opportunity]) -> Iterator[list[object]]:
    """The cells of the rows, never a protected number; phones masked unless somebody approved them."""
    shown = full_phone if export.with_phones else masked_phone
    for start in range(0, len(rows), BATCH):
        for row in dressed(rows[start : start + BATCH]):
            yield [
                row.customer.name,
                row.wanted,
                shown(row.phone),  # type: ignore[attr-defined]
                row.level,
                row.get_stage_display(),
                row.owner.name if row.owner else "",
                str(row.channel) if row.channel else "",
                row.customer.area,
                _moment(row.next_action_at),
                _moment(row.last_contact_at),
                clock.local_date(row.opened_at).strftime(DAY),
            ]


def _moment(at: Any) -> str:
    return clock.local(at).strftime(MINUTE) if at else ""


def watermark(export: CustomerExport, *, rows: int) -> list[str]:
    """The first line of every file: whose it is. Giving it away is a demerit (R-877)."""
    text = _("Exported by %(name)s (%(number)s), %(at)s · %(request)s · %(rows)s rows · for work in the store only")
    values = {
        "name": export.requested_by.name,
        "number": export.requested_by.employee_number,
        "at": clock.now().strftime(MINUTE),
        "request": export.number,
        "rows": rows,
    }
    return [text % values]


@dataclass(frozen=True)
class FilterWords:
    """What was chosen, as people read it."""

    view: str
    chosen: list[str]

    def __str__(self) -> str:
        return " · ".join([self.view, *self.chosen])


def filter_words(exports: Sequence[CustomerExport]) -> dict[int, FilterWords]:
    """At most three queries, however many exports."""
    names: dict[str, dict[str, str]] = {
        "level": {},
        "stage": {str(stage): str(stage.label) for stage in Stage},
        "series": _names(exports, "series", Series),
        "channel": _names(exports, "channel", Channel),
        "owner": _names(exports, "owner", User),
    }
    found = {}
    for export in exports:
        chosen = [
            "/".join(names[name].get(value, value) for value in export.filters[name])
            for name in FILTER_NAMES
            if export.filters.get(name)
        ]
        found[export.pk] = FilterWords(str(saved_view(export.requested_by, export.view).label), chosen)
    return found


def _names(exports: Sequence[CustomerExport], name: str, model: Any) -> dict[str, str]:
    ids = {int(value) for export in exports for value in export.filters.get(name, [])}
    return {str(pk): str(row) for pk, row in model.objects.in_bulk(ids).items()} if ids else {}
