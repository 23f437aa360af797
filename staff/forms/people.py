"""Data and rights of a person, leaving and coming back."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import PhoneField
from core.text import clean_text
from staff.enums import Gender, Role, Scope
from staff.models import Store, Team, User
from staff.services import PersonInput


def day_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class PersonForm(forms.Form):
    """`person` None: somebody new. Own rights are shown but never taken from the request."""

    name = forms.CharField(label=_("Name"), max_length=40)
    employee_number = forms.CharField(label=_("Employee number"), max_length=20)
    phone = PhoneField(label=_("Mobile phone"), required=False)
    gender = forms.ChoiceField(label=_("Gender"), choices=Gender, required=False)
    joined_on = forms.DateField(label=_("Joined on"), required=False, widget=day_input())
    annual_leave_days = forms.IntegerField(
        label=_("Days of annual leave a year"), required=False, min_value=0, max_value=60
    )
    store = forms.ModelChoiceField(label=_("Store"), queryset=Store.objects.none(), empty_label=None)
    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none(), required=False, empty_label=_("None"))
    reports_to = forms.ModelChoiceField(
        label=_("Reports to"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("By team and role"),
    )
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=Role,
        widget=forms.CheckboxSelectMultiple(),
        help_text=_("The first one decides the home page; rights add up."),
    )
    scope_override = forms.ChoiceField(
        label=_("Sees"),
        choices=[("", _("As the roles say")), *Scope.choices],
        required=False,
    )
    is_external = forms.BooleanField(label=_("External, without payroll"), required=False)
    administers_group = forms.BooleanField(label=_("Administers all stores of the group"), required=False)
    version = forms.CharField(widget=forms.HiddenInput(), required=False)

    def __init__(
        self,
        stores: Any,
        teams: Any,
        people: Any,
        data: Any = None,
        person: User | None = None,
        initial: dict[str, Any] | None = None,
        has_own_rights: bool = False,
    ) -> None:
        start = _values_of(person) if person is not None else {}
        super().__init__(data, initial=start | (initial or {}))
        self.person = person
        self.fields["store"].queryset = stores  # type: ignore[attr-defined]
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
        self.fields["reports_to"].queryset = people  # type: ignore[attr-defined]
        if has_own_rights:
            for name in ("store", "roles", "scope_override", "administers_group"):
                self.fields[name].disabled = True

    def clean_name(self) -> str:
        return clean_text(self.cleaned_data["name"])

    def clean_employee_number(self) -> str:
        return clean_text(self.cleaned_data["employee_number"]).lower()

    def clean_phone(self) -> str | None:
        return self.cleaned_data["phone"] or None

    def clean_roles(self) -> list[str]:
        """The known order of a person stays, so that the home page does not jump; new roles come last."""
        chosen = list(self.cleaned_data["roles"])
        before = self.person.roles if self.person else []
        return [role for role in before if role in chosen] + [role for role in chosen if role not in before]

    def person_input(self) -> PersonInput:
        names = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        return PersonInput(**names)


def _values_of(person: User) -> dict[str, Any]:
    names = (
        "name", "employee_number", "phone", "gender", "joined_on", "annual_leave_days", "store", "team", "reports_to",
        "roles", "scope_override", "is_external", "administers_group",
    )  # fmt: skip
    return {name: getattr(person, name) for name in names} | {"version": person.updated_at.isoformat()}


class LeavingForm(forms.Form):
    left_on = forms.DateField(label=_("Last day"), widget=day_input())
    is_sure = forms.BooleanField(
        label=_("Close the account although customers are not handed over yet"), required=False
    )


class RehireForm(forms.Form):
    joined_on = forms.DateField(label=_("Works here again from"), widget=day_input())


class MoveForm(forms.Form):
    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none(), required=False, empty_label=_("None"))
    on = forms.DateField(label=_("From"), widget=day_input())

    def __init__(self, teams: Any, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]


class LeaveDecisionForm(forms.Form):
    decision = forms.ChoiceField(choices=[("approve", ""), ("refuse", "")])
    comment = forms.CharField(required=False, max_length=200)
    stand_in = forms.IntegerField(required=False)
