"""Stores, teams, shifts and minimum staffing."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from staff.enums import ShiftTone, StaffGroup
from staff.forms.people import day_input
from staff.models import DealerGroup, Store, Team, User
from staff.services import StoreInput
from staff.services.organisation import STORE_FIELDS


def _time_field(label: Any, *, is_required: bool = True) -> forms.TimeField:
    return forms.TimeField(
        label=label, required=is_required, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )


class StoreForm(forms.Form):
    """`store` None: a new one, which also needs a group and a code."""

    group = forms.ModelChoiceField(label=_("Group"), queryset=DealerGroup.objects.none(), empty_label=None)
    code = forms.SlugField(label=_("Code"), max_length=20, help_text=_("Short, in Latin letters; it stays."))
    name = forms.CharField(label=pgettext_lazy("of a thing", "Name"), max_length=80)
    brand_name = forms.CharField(label=_("Brand"), max_length=40, required=False)
    address = forms.CharField(label=_("Address"), max_length=200, required=False)
    area_code = forms.RegexField(
        r"^0\d{2,3}$",
        label=_("Telephone area code"),
        required=False,
        error_messages={"invalid": _("An area code such as 0571.")},
    )
    opens_at = _time_field(_("Opens at"))
    closes_at = _time_field(_("Closes at"))
    contact_from = _time_field(_("Customers are contacted from"))
    contact_until = _time_field(_("Customers are contacted until"))
    version = forms.CharField(widget=forms.HiddenInput(), required=False)

    def __init__(self, groups: Any, data: Any = None, store: Store | None = None) -> None:
        values = {name: getattr(store, name) for name in STORE_FIELDS} if store else {}
        if store is not None:
            values["version"] = store.updated_at.isoformat()
        super().__init__(data, initial=values)
        if store is None:
            self.fields["group"].queryset = groups  # type: ignore[attr-defined]
        else:
            del self.fields["group"], self.fields["code"]

    def store_input(self) -> StoreInput:
        return StoreInput(**{name: self.cleaned_data[name] for name in STORE_FIELDS})


class TeamForm(forms.Form):
    name = forms.CharField(label=pgettext_lazy("of a thing", "Name"), max_length=40)
    parent = forms.ModelChoiceField(
        label=_("Department"), queryset=Team.objects.none(), required=False, empty_label=_("None")
    )
    supervisor = forms.ModelChoiceField(
        label=_("Led by"), queryset=User.objects.none(), required=False, empty_label=_("Nobody")
    )

    def __init__(self, parents: Any, people: Any, data: Any = None, team: Team | None = None) -> None:
        initial = {"name": team.name, "parent": team.parent_id, "supervisor": team.supervisor_id} if team else {}
        super().__init__(data, initial=initial)
        self.fields["parent"].queryset = parents  # type: ignore[attr-defined]
        self.fields["supervisor"].queryset = people  # type: ignore[attr-defined]


class ShiftForm(forms.Form):
    letter = forms.CharField(label=_("Letter"), max_length=2)
    name = forms.CharField(label=pgettext_lazy("of a thing", "Name"), max_length=20)
    tone = forms.ChoiceField(label=_("Colour"), choices=ShiftTone)
    starts_at = _time_field(_("From"), is_required=False)
    ends_at = _time_field(_("Until"), is_required=False)
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)


class MinimumForm(forms.Form):
    group = forms.ChoiceField(label=_("Who"), choices=StaffGroup)
    on_weekdays = forms.IntegerField(label=_("On weekdays"), min_value=0, max_value=200)
    on_weekends = forms.IntegerField(label=_("On weekends and holidays"), min_value=0, max_value=200)
    valid_from = forms.DateField(label=_("From"), widget=day_input())
