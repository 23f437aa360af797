"""Input of the customer pages. Errors of the services are added by core.forms.report_errors."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.forms import PhoneField, clean_text
from customers.enums import Gender, Grade, PreferredTime
from customers.models import Customer
from opportunities.enums import Level, LostReason, PaymentMethod, PurchaseWindow, Usage, VoidReason
from opportunities.models import Opportunity
from opportunities.stages import Outcome
from staff.models import User
from vehicles.models import Series, Trim

# What is edited together: one tap on a fact opens its group.
FACT_GROUPS: dict[str, tuple[str, ...]] = {
    "model": ("series_id", "trim_id", "model_text"),
    "colour": ("colour",),
    "budget": ("budget_min_rmb", "budget_max_rmb"),
    "usage": ("usage",),
    "payment": ("payment_method",),
    "purchase": ("purchase_window", "expected_on"),
    "trade_in": ("trade_in",),
    "competitor": ("competitor",),
    "concerns": ("concerns", "decision_makers"),
}
MAX_CONCERNS = 8
BUDGET_LIMIT = Decimal(9_999_999)


class NoteForm(forms.Form):
    text = forms.CharField(
        label=_("Note"),
        max_length=2000,
        widget=forms.TextInput(attrs={"placeholder": _("Write a note, e.g. his wife prefers white"), "data-keep": ""}),
    )


class ConcernsField(forms.CharField):
    """Words separated by commas of either language; the cleaned value is a list without repeats."""

    def prepare_value(self, value: Any) -> Any:
        return "，".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        text = str(super().clean(value))
        for mark in ("，", "、", "；", ";"):
            text = text.replace(mark, ",")
        words = [clean_text(word) for word in text.split(",")]
        found = list(dict.fromkeys(word for word in words if word))
        if len(found) > MAX_CONCERNS:
            raise forms.ValidationError(_("At most %(number)s, please."), params={"number": MAX_CONCERNS})
        if any(len(word) > 20 for word in found):
            raise forms.ValidationError(_("Each at most 20 characters."))
        return found


class MoneyInput(forms.TextInput):
    """Whole yuan stand without the decimals that nobody types."""

    def format_value(self, value: Any) -> str | None:
        text = super().format_value(value)
        return text.removesuffix(".00") if text else text


def _money(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=0,
        max_value=BUDGET_LIMIT,
        decimal_places=2,
        max_digits=9,
        widget=MoneyInput(attrs={"inputmode": "decimal", "class": "num"}),
    )


class FactsForm(forms.Form):
    """What the customer wants: all of it, or one group. `version` is the row that the person saw."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    series_id = forms.TypedChoiceField(
        label=pgettext_lazy("needs", "Series"), required=False, coerce=int, empty_value=None
    )
    trim_id = forms.TypedChoiceField(
        label=pgettext_lazy("needs", "Model"), required=False, coerce=int, empty_value=None
    )
    model_text = forms.CharField(label=pgettext_lazy("needs", "Model as told"), max_length=60, required=False)
    colour = forms.CharField(label=pgettext_lazy("needs", "Colours"), max_length=60, required=False)
    budget_min_rmb = _money(pgettext_lazy("needs", "Budget from"))
    budget_max_rmb = _money(pgettext_lazy("needs", "Budget to"))
    usage = forms.ChoiceField(label=pgettext_lazy("needs", "Use"), required=False)
    payment_method = forms.ChoiceField(label=pgettext_lazy("needs", "Payment"), required=False)
    purchase_window = forms.ChoiceField(label=pgettext_lazy("needs", "Expected purchase"), required=False)
    expected_on = forms.DateField(
        label=pgettext_lazy("needs", "Expected by"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    trade_in = forms.CharField(label=pgettext_lazy("needs", "Trade-in"), max_length=100, required=False)
    competitor = forms.CharField(label=pgettext_lazy("needs", "Compared with"), max_length=60, required=False)
    concerns = ConcernsField(label=pgettext_lazy("needs", "Concerns"), required=False, max_length=200)
    decision_makers = forms.IntegerField(
        label=pgettext_lazy("needs", "People deciding"), required=False, min_value=1, max_value=20
    )

    def __init__(self, *args: Any, opportunity: Opportunity, group: str = "", **kwargs: Any) -> None:
        names = FACT_GROUPS.get(group) or tuple(name for names in FACT_GROUPS.values() for name in names)
        kwargs["initial"] = {name: getattr(opportunity, name) for name in names} | {"version": opportunity.version}
        super().__init__(*args, **kwargs)
        self.series_of: dict[int, int] = {}
        for name in set(self.fields) - {*names, "version"}:
            del self.fields[name]
        if group in FACT_GROUPS:
            self.fields[names[0]].widget.attrs["autofocus"] = True
        self._fill_choices()

    def _fill_choices(self) -> None:
        empty = [("", "–")]
        choices: dict[str, Any] = {
            "usage": Usage.choices,
            "payment_method": PaymentMethod.choices,
            "purchase_window": PurchaseWindow.choices,
        }
        if "series_id" in self.fields:
            choices["series_id"] = [(row.pk, row.name) for row in Series.objects.filter(is_active=True)]
            trims = Trim.objects.filter(is_active=True).select_related("series").order_by("series", "sort_order", "id")
            choices["trim_id"] = [(row.pk, str(row)) for row in trims]
            self.series_of = {row.pk: row.series_id for row in trims}
        for name, pairs in choices.items():
            if name in self.fields:
                self.fields[name].choices = [*empty, *pairs]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = dict(super().clean() or {})
        low, high = data.get("budget_min_rmb"), data.get("budget_max_rmb")
        if low is not None and high is not None and low > high:
            self.add_error("budget_max_rmb", _("The upper budget must not be below the lower one."))
        series_of_trim = self.series_of.get(data.get("trim_id") or 0)
        if series_of_trim is not None:
            data["series_id"] = data.get("series_id") or series_of_trim
            if data["series_id"] != series_of_trim:
                self.add_error("trim_id", _("This model belongs to another series."))
        return data

    def changes(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}


class AssignForm(forms.Form):
    """Who gets the customer. `reason` is required by the service when somebody had the customer before."""

    owner = forms.TypedChoiceField(label=_("New owner"), coerce=int)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        required=False,
        help_text=_("Needed when the customer changes hands; everybody concerned can read it."),
    )

    def __init__(self, *args: Any, owners: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = [  # type: ignore[attr-defined]
            ("", _("Choose a consultant")),
            *((person.pk, f"{person.name} · {person.employee_number}") for person in owners),
        ]


class LevelForm(forms.Form):
    level = forms.ChoiceField(label=_("Intention level"), choices=Level.choices, widget=forms.RadioSelect)


class CloseForm(forms.Form):
    """Giving up, in two kinds. The reasons follow from the kind, which the address of the form names."""

    reason = forms.ChoiceField(label=_("Reason"))
    note = forms.CharField(
        label=_("Explanation"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, outcome: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reasons = VoidReason if outcome == Outcome.VOID else LostReason
        self.fields["reason"].choices = [("", _("Choose a reason")), *reasons.choices]  # type: ignore[attr-defined]


class PhoneForm(forms.Form):
    phone = PhoneField()
    label = forms.CharField(
        label=_("Whose number"), max_length=30, required=False, help_text=_("For example: wife, office")
    )


class ProfileForm(forms.Form):
    """Data of the customer. `version` is the row that the person saw."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    name = forms.CharField(label=_("Name"), max_length=60)
    gender = forms.ChoiceField(label=_("Salutation"), choices=[("", "–"), *Gender.choices], required=False)
    contact_person = forms.CharField(label=_("Contact person"), max_length=60, required=False)
    area = forms.CharField(label=_("Area"), max_length=60, required=False)
    grade = forms.ChoiceField(label=_("Grade"), choices=Grade.choices)
    preferred_time = forms.ChoiceField(label=_("Preferred contact time"), choices=PreferredTime.choices, required=False)

    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        kwargs["initial"] = {name: getattr(customer, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)

    def changes(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}
