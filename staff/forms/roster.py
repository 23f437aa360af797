"""Planning the roster."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.weekdays import LETTERS
from staff.models import ShiftType, User


def _day_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class CellForm(forms.Form):
    """One day of one person; `was` is the shift that the page showed, empty for none."""

    user = forms.IntegerField(widget=forms.HiddenInput())
    on = forms.DateField(widget=forms.HiddenInput())
    was = forms.IntegerField(required=False, widget=forms.HiddenInput())
    shift = forms.ModelChoiceField(
        label=_("Shift"),
        queryset=ShiftType.objects.none(),
        required=False,
        empty_label=_("No plan"),
        widget=forms.RadioSelect(),
    )

    def __init__(self, shifts: Any, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.fields["shift"].queryset = shifts  # type: ignore[attr-defined]


class FillForm(forms.Form):
    people = forms.ModelMultipleChoiceField(
        label=_("People"), queryset=User.objects.none(), widget=forms.CheckboxSelectMultiple()
    )
    first = forms.DateField(label=_("From"), widget=_day_input())
    last = forms.DateField(label=_("Until"), widget=_day_input())
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Weekdays"),
        choices=list(enumerate(LETTERS)),
        coerce=int,
        initial=list(range(7)),
        widget=forms.CheckboxSelectMultiple(),
    )
    shift = forms.ModelChoiceField(
        label=_("Shift"), queryset=ShiftType.objects.none(), required=False, empty_label=_("No plan")
    )
    is_overwriting = forms.BooleanField(label=_("Also change days that are planned already"), required=False)

    def __init__(self, people: Any, shifts: Any, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.fields["people"].queryset = people  # type: ignore[attr-defined]
        self.fields["people"].label_from_instance = lambda person: person.name  # type: ignore[attr-defined]
        self.fields["shift"].queryset = shifts  # type: ignore[attr-defined]
