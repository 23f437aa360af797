"""Signing in, the own password, theme and language."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.forms import SetPasswordMixin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from staff.enums import Theme
from staff.models import User

PASSWORD_LENGTH = 512  # a longer one is no password but an attack on the hasher


class LoginForm(forms.Form):
    username = forms.CharField(label=_("Employee number or phone"), max_length=100)
    password = forms.CharField(
        label=_("Password"), strip=False, max_length=PASSWORD_LENGTH, widget=forms.PasswordInput(render_value=False)
    )
    remember = forms.BooleanField(label=_("Remember me on this tablet"), required=False)

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        super().__init__(data)
        self.request = request
        self.user: User | None = None

    def clean(self) -> dict[str, Any]:
        """Afterwards `user` is who signs in. A wrong number and a wrong password look the same (reliability 35)."""
        data = super().clean() or {}
        if self.errors:
            return data
        user = authenticate(self.request, username=data["username"], password=data["password"])
        if user is None:
            failures = getattr(self.request, "axes_failures_since_start", None) or 0
            left = max(settings.AXES_FAILURE_LIMIT - failures, 0)
            text = ngettext("Wrong password, %(tries)s more try", "Wrong password, %(tries)s more tries", left)
            self.add_error("password", ValidationError(text, code="wrong", params={"tries": left}))
        self.user = user
        return data


class NewPasswordForm(SetPasswordMixin, forms.Form):
    """A password of one's own, typed twice."""

    new_password1 = forms.CharField(
        label=_("New password"),
        strip=False,
        max_length=PASSWORD_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    new_password2 = forms.CharField(
        label=_("New password again"),
        strip=False,
        max_length=PASSWORD_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    first_field = "new_password1"

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        self.user = user
        self.fields[self.first_field].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        self.validate_passwords("new_password1", "new_password2")
        self.validate_password_for_user(self.user, "new_password2")
        return super().clean() or {}


class OwnPasswordForm(NewPasswordForm):
    """The present password, and the new one twice."""

    old_password = forms.CharField(
        label=_("Present password"),
        strip=False,
        max_length=PASSWORD_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ["old_password", "new_password1", "new_password2"]
    first_field = "old_password"

    def clean_old_password(self) -> str:
        old = str(self.cleaned_data["old_password"])
        if not self.user.check_password(old):
            raise ValidationError(_("This is not your present password."), code="wrong")
        return old

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("new_password2") and data.get("new_password2") == data.get("old_password"):
            self.add_error("new_password2", _("Choose a password that differs from the present one."))
        return data


class ThemeForm(forms.Form):
    theme = forms.ChoiceField(label=_("Appearance"), choices=Theme)


class LanguageForm(forms.Form):
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
