"""Input of the customer pages. Errors of the services are added by core.forms.report_errors."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core import rate_limits
from core.enums import AccessAction, AccessResult
from core.forms import PhoneField, clean_text
from core.identity_numbers import NumberKind
from customers.enums import (
    DocumentKind,
    DocumentPurpose,
    Gender,
    Grade,
    IdentitySource,
    LicenceClass,
    PreferredTime,
)
from customers.models import AccessReason, Customer, CustomerIdentity
from opportunities.enums import Level, LostReason, PaymentMethod, PurchaseWindow, Usage, VoidReason
from opportunities.models import Opportunity
from opportunities.stages import Outcome
from staff.models import User
from vehicles.models import Series, Trim
from workbench.enums import ExportFormat
from workbench.models import ExportRule
from workbench.selectors.audit import Filters

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


class HandoverForm(forms.Form):
    """Who takes over, at least one, and why."""

    people = forms.TypedMultipleChoiceField(label=_("Who takes over"), coerce=int, widget=forms.CheckboxSelectMultiple)
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, choices: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["people"].choices = [  # type: ignore[attr-defined]
            (taker.person.pk, _taker_words(taker)) for taker in choices
        ]


def _taker_words(taker: Any) -> str:
    values = {"name": taker.person.name, "number": taker.customers}
    if taker.is_away:
        return _("%(name)s · %(number)s customers · on leave") % values
    return _("%(name)s · %(number)s customers") % values


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


def _day(label: Any, *, is_required: bool = False, help_text: Any = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=is_required, widget=widget, help_text=help_text)


class IdentityForm(forms.Form):
    """What stands on one document. A stored number is never sent to the browser: left empty it stays."""

    number = forms.CharField(
        label=_("Number"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off", "class": "num"})
    )
    name_on_document = forms.CharField(label=_("Name on the document"), max_length=60, required=False)
    licence_class = forms.ChoiceField(label=_("Licence class"), choices=[("", "–"), *LicenceClass.choices])
    issued_on = _day(_("First issued on"), is_required=True)
    valid_from = _day(_("Valid from"))
    valid_until = _day(_("Valid until"), help_text=_("Empty: valid without end."))
    source = forms.ChoiceField(label=_("How it was seen"), choices=IdentitySource.choices)

    def __init__(self, *args: Any, kind: str, identity: CustomerIdentity | None, **kwargs: Any) -> None:
        shown = [name for name in self.base_fields if name != "number"]
        kwargs["initial"] = {name: getattr(identity, name) for name in shown} if identity else {}
        super().__init__(*args, **kwargs)
        if kind != NumberKind.DRIVING_LICENCE:
            del self.fields["licence_class"], self.fields["issued_on"]
        if kind == NumberKind.BANK_ACCOUNT:
            del self.fields["valid_from"], self.fields["valid_until"]
        if identity:
            self.fields["number"].required = False
            self.fields["number"].widget.attrs["placeholder"] = identity.masked
            self.fields["number"].help_text = _("Empty: the stored number stays.")


class ReasonForm(forms.Form):
    """Why somebody looks at protected data, and for numbers of documents the own password once more.

    As many wrong passwords are compared as at the sign-in.
    """

    reason = forms.ChoiceField(label=_("What for"), widget=forms.RadioSelect)
    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        max_length=512,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, user: User, data: Any = None, *, reasons: list[AccessReason], is_password_asked: bool) -> None:
        super().__init__(data)
        self.user = user
        self.fields["reason"].choices = [(row.code, str(row)) for row in reasons]  # type: ignore[attr-defined]
        if not is_password_asked:
            del self.fields["password"]

    def clean_password(self) -> str:
        counted = f"again:{self.user.pk}"
        if not rate_limits.count("login", counted).is_allowed:
            raise ValidationError(_("Too many wrong passwords. Try again later."), code="locked")
        if not self.user.check_password(self.cleaned_data["password"]):
            raise ValidationError(_("This is not your present password."), code="wrong")
        rate_limits.give_back("login", counted)
        return ""


class DocumentForm(forms.Form):
    file = forms.FileField(
        label=_("Picture"),
        max_length=200,
        widget=forms.FileInput(
            attrs={"accept": "image/jpeg,image/png,image/webp,application/pdf", "capture": "environment"}
        ),
        help_text=_(
            "JPEG, PNG or WebP up to 8 MB; other documents also as PDF. Camera data such as the place is removed."
        ),
    )
    kind = forms.ChoiceField(label=_("Document"), choices=DocumentKind.choices)
    purpose = forms.ChoiceField(
        label=_("May be used"),
        choices=DocumentPurpose.choices,
        help_text=_("Stands across the picture whenever it is shown."),
    )


class DeleteForm(forms.Form):
    """Deleting something that is gone for good wants a reason."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class AuditForm(forms.Form):
    """What the access log is narrowed to; everything may stay empty."""

    person = forms.ModelChoiceField(
        label=_("Who"), queryset=User.objects.none(), required=False, empty_label=_("Everybody")
    )
    customer = forms.IntegerField(label=_("Customer number"), required=False, min_value=1, max_value=2**62)
    action = forms.ChoiceField(label=_("What"), required=False, choices=[("", _("Everything")), *AccessAction.choices])
    result = forms.ChoiceField(
        label=_("Result"), required=False, choices=[("", _("Everything")), *AccessResult.choices]
    )
    since = _day(_("From day"))
    until = _day(_("To day"))

    def __init__(self, data: Any, *, people: QuerySet[User]) -> None:
        super().__init__(data)
        self.fields["person"].queryset = people  # type: ignore[attr-defined]
        for field in self.fields.values():
            is_choice = isinstance(field, forms.ChoiceField)
            field.widget.attrs["class"] = "form-select" if is_choice else "form-control"

    def filters(self) -> Filters:
        data = self.cleaned_data
        return Filters(
            person_id=data["person"].pk if data["person"] else None,
            customer_id=data["customer"],
            action=data["action"],
            result=data["result"],
            since=data["since"],
            until=data["until"],
        )


class ExportForm(forms.Form):
    """`reason` is required by the service when somebody else has to approve."""

    file_format = forms.ChoiceField(
        label=_("Format"), choices=ExportFormat.choices, initial=ExportFormat.XLSX, widget=forms.RadioSelect
    )
    with_phones = forms.BooleanField(
        label=_("Full phone numbers"), required=False, help_text=_("Always needs approval.")
    )
    reason = forms.CharField(
        label=pgettext_lazy("export", "What for"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ExportRuleForm(forms.ModelForm):
    class Meta:
        model = ExportRule
        fields = ["rows_without_approval", "rows_at_most", "link_hours", "decide_within_hours", "valid_from"]

    def validate_unique(self) -> None:
        """The service replaces what has not begun."""
