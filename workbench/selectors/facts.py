"""What the customer wants, in words, and what two people disagree about when both changed it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from core.templatetags.ui import day, rmb
from opportunities.enums import EventKind
from opportunities.models import JourneyEvent, Opportunity


@dataclass(frozen=True)
class Fact:
    """One cell of the needs card; `group` names what a tap edits, an empty `text` is not known yet."""

    group: str
    label: str
    text: str
    is_number: bool = False


def facts(opportunity: Opportunity) -> list[Fact]:
    return [
        Fact("model", _("Model of interest"), opportunity.wanted),
        Fact("colour", _("Outside / inside"), opportunity.colour),
        Fact("budget", _("Budget"), _budget(opportunity), is_number=True),
        Fact("usage", _("Use"), opportunity.get_usage_display()),
        Fact("payment", _("Payment"), opportunity.get_payment_method_display()),
        Fact("purchase", _("Expected purchase"), _purchase(opportunity), is_number=True),
        Fact("trade_in", _("Trade-in"), opportunity.trade_in),
        Fact("competitor", _("Compared with"), opportunity.competitor),
    ]


def _budget(opportunity: Opportunity) -> str:
    low, high = opportunity.budget_min_rmb, opportunity.budget_max_rmb
    if low is not None and high is not None:
        return f"{rmb(low)} – {rmb(high).removeprefix('¥')}"
    if high is not None:
        return _("up to %(amount)s") % {"amount": rmb(high)}
    return _("from %(amount)s") % {"amount": rmb(low)} if low is not None else ""


def _purchase(opportunity: Opportunity) -> str:
    if opportunity.expected_on:
        return pgettext("expected purchase", "by %(day)s") % {"day": day(opportunity.expected_on)}
    return opportunity.get_purchase_window_display()


@dataclass(frozen=True)
class Difference:
    label: str
    mine: str
    theirs: str


@dataclass(frozen=True)
class FactConflict:
    """Somebody else saved first: who ("" when the log does not say), when, and each field in which we differ."""

    by: str
    at: datetime
    differences: list[Difference]


def fact_conflict(current: Any, form: forms.Form) -> FactConflict:
    """`current` is the opportunity as it is now, `form` holds the valid input of the person who came second."""
    event = (
        JourneyEvent.objects.filter(
            opportunity=current.pk,
            kind__in=[EventKind.FACTS_CHANGED, EventKind.LEVEL_CHANGED, EventKind.OWNER_CHANGED],
        )
        .select_related("actor")
        .order_by("-recorded_at", "-id")
        .first()
    )
    return FactConflict(
        by=event.actor.name if event and event.actor else "",
        at=event.recorded_at if event else current.updated_at,
        differences=list(_differences(current, form)),
    )


def _differences(current: Any, form: forms.Form) -> Iterable[Difference]:
    for name, field in form.fields.items():
        mine, theirs = form.cleaned_data[name], getattr(current, name)
        if name != "version" and mine != theirs:
            yield Difference(str(field.label), _words(field, mine), _words(field, theirs))


def _words(field: forms.Field, value: Any) -> str:
    choices = {str(key): str(label) for key, label in getattr(field, "choices", [])}
    if value in (None, "", []):
        return "–"
    if choices:
        return choices.get(str(value), str(value))
    if isinstance(value, list):
        return pgettext("list separator", ", ").join(value)
    if isinstance(value, Decimal):
        return rmb(value)
    return day(value) if isinstance(value, date) else str(value)
