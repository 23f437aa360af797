"""Codes, PINs, tablets."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from staff.enums import SecurityEventKind
from staff.forms.accounts import PASSWORD_LENGTH
from staff.models import Store, User

CODE_ATTRS = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
PIN_ATTRS = {"inputmode": "numeric", "autocomplete": "off", "maxlength": 6, "pattern": "[0-9]{6}"}


class CodeForm(forms.Form):
    """A code of the app; where it says so also a recovery code."""

    code = forms.CharField(label=_("Verification code"), max_length=40, widget=forms.TextInput(attrs=CODE_ATTRS))


class AppCodeForm(CodeForm):
    code = forms.CharField(
        label=_("Code of the app"), max_length=12, widget=forms.TextInput(attrs=CODE_ATTRS | {"inputmode": "numeric"})
    )


class _OwnPasswordCheck(forms.Form):
    password = forms.CharField(
        label=_("Present password"),
        strip=False,
        max_length=PASSWORD_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        self.user = user

    def clean_password(self) -> str:
        if not self.user.check_password(str(self.cleaned_data["password"])):
            raise ValidationError(_("This is not your present password."), code="wrong")
        return ""


class PinForm(_OwnPasswordCheck):
    pin = forms.CharField(label=_("PIN of six digits"), max_length=6, widget=forms.PasswordInput(attrs=PIN_ATTRS))
    pin_again = forms.CharField(label=_("PIN again"), max_length=6, widget=forms.PasswordInput(attrs=PIN_ATTRS))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("pin") and data.get("pin_again") and data["pin"] != data["pin_again"]:
            self.add_error("pin_again", _("The two PINs differ."))
        return data


class UnlockForm(forms.Form):
    person = forms.IntegerField(label=_("Person"), min_value=1, max_value=2**62)
    pin = forms.CharField(label=_("PIN"), max_length=6)


class DeviceForm(forms.Form):
    store = forms.ModelChoiceField(label=_("Store"), queryset=Store.objects.none(), empty_label=None)
    name = forms.CharField(label=_("Name"), max_length=40, help_text=_("As it stands on the tablet, e.g. Showroom 2."))

    def __init__(self, by: User, data: Any = None) -> None:
        super().__init__(data)
        stores = Store.objects.all() if by.is_superuser else Store.objects.filter(people=by)
        self.fields["store"].queryset = stores.order_by("id")  # type: ignore[attr-defined]


class PairForm(forms.Form):
    code = forms.CharField(
        label=_("Pairing code"), max_length=20, widget=forms.TextInput(attrs=CODE_ATTRS | {"placeholder": "XXXX-XXXX"})
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200)


class EventFilterForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("What"), choices=[("", _("Everything")), *SecurityEventKind.choices], required=False
    )
    person = forms.ModelChoiceField(
        label=_("Person"), queryset=User.objects.none(), required=False, empty_label=_("Everybody")
    )

    def __init__(self, data: Any, people: Any) -> None:
        super().__init__(data)
        self.fields["person"].queryset = people  # type: ignore[attr-defined]
