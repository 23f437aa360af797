"""How the customer list is narrowed; several values of one filter mean "or"."""

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from opportunities.enums import Level
from opportunities.models import Opportunity
from opportunities.stages import Stage
from workbench.enums import FILTER_NAMES


class OpportunityFilter(django_filters.FilterSet):
    """What the values of a filter do to the rows."""

    level = django_filters.MultipleChoiceFilter(
        label=_("Level"), choices=Level.choices, widget=forms.CheckboxSelectMultiple
    )
    stage = django_filters.MultipleChoiceFilter(
        label=_("Stage"), choices=Stage.choices, widget=forms.CheckboxSelectMultiple
    )
    series = django_filters.MultipleChoiceFilter(
        label=_("Series"), field_name="series", widget=forms.CheckboxSelectMultiple
    )
    channel = django_filters.MultipleChoiceFilter(
        label=pgettext_lazy("customer list", "Channel"), field_name="channel", widget=forms.CheckboxSelectMultiple
    )
    owner = django_filters.MultipleChoiceFilter(
        label=_("Owner"), field_name="owner", widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Opportunity
        fields = FILTER_NAMES

    def __init__(self, *args: Any, choices: dict[str, list[tuple[Any, Any]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in FILTER_NAMES:
            if name in choices:
                self.filters[name].extra["choices"] = choices[name]
            else:
                del self.filters[name]


class ListFilter:
    """The filters of an address. `choices` are the lists of the page ({"series": [(id, name), …], …}), read once and
    shown beside the filters.

    A value that is not among them (an old link, another store's owner) is dropped instead of emptying the list.
    """

    def __init__(self, data: Any, *, choices: dict[str, list[tuple[int, str]]]) -> None:
        self.lists: dict[str, list[tuple[Any, Any]]] = {"level": Level.choices, "stage": Stage.choices, **choices}
        known = {name: {str(value) for value, _label in pairs} for name, pairs in self.lists.items()}
        cleaned = {name: [v for v in data.getlist(name) if v in known.get(name, ())] for name in FILTER_NAMES}
        self.chosen = {name: values for name, values in cleaned.items() if values}

    def narrowed(self, rows: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
        found: QuerySet[Opportunity] = OpportunityFilter(self.chosen, queryset=rows, choices=self.lists).qs
        return found

    def chips(self) -> list[dict[str, Any]]:
        """One chip for each filter: its name, what is chosen (in words) and all options."""
        return [self._chip(name) for name in FILTER_NAMES if name in self.lists]

    def _chip(self, name: str) -> dict[str, Any]:
        chosen = self.chosen.get(name, [])
        options = [
            {"value": str(value), "label": str(label), "is_on": str(value) in chosen}
            for value, label in self.lists[name]
        ]
        short = [option["value"] if name == "level" else option["label"] for option in options if option["is_on"]]
        label = OpportunityFilter.base_filters[name].label
        return {"name": name, "label": label, "options": options, "chosen": short}
