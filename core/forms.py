"""Form parts that every app uses: errors of a service shown at the right input, phone and note fields."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.phones import PhoneKind, national, normalize_phone
from core.text import clean_text

__all__ = ["NoteField", "PhoneField", "clean_text", "new_key", "report_errors"]

NOTE_LENGTH = 2_000


def new_key() -> str:
    """One per opened form: however often it is submitted, it counts once."""
    return str(uuid.uuid4())


@contextmanager
def report_errors(form: forms.BaseForm) -> Iterator[None]:
    """Turn what a service refuses inside the block into errors of the (already validated) form.

    An error that names an input of the form stands next to it, any other at the top. Afterwards `form.is_valid()`
    tells whether the service went through. PermissionDenied and everything else goes through to the caller.
    """
    try:
        yield
    except ValidationError as error:
        for field, errors in _by_field(error).items():
            form.add_error(field if field in form.fields else None, errors)


def _by_field(error: ValidationError) -> dict[str, list[ValidationError]]:
    if hasattr(error, "error_dict"):
        return dict(error.error_dict)
    field = error.field if isinstance(error, DomainError) else None
    return {field or NON_FIELD_ERRORS: list(error.error_list)}


class PhoneField(forms.CharField):
    """A phone as people write it; the cleaned value is E.164, or "" when empty and not required.

    `kinds` limits what is accepted, e.g. `(PhoneKind.MOBILE,)` where an SMS must arrive.
    """

    default_error_messages = {"kind": _("A mobile number is needed here.")}

    def __init__(self, *, kinds: tuple[PhoneKind, ...] = tuple(PhoneKind), **kwargs: Any) -> None:
        # Long enough for any way to write one number; a longer text is no number.
        kwargs.setdefault("max_length", 40)
        kwargs.setdefault("label", _("Phone"))
        kwargs.setdefault("widget", forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "off"}))
        super().__init__(**kwargs)
        self.kinds = kinds

    def clean(self, value: Any) -> str:
        raw = str(super().clean(value))
        if not raw:
            return ""
        phone = normalize_phone(raw)
        if phone.kind not in self.kinds:
            raise ValidationError(self.error_messages["kind"], code="kind")
        return phone.e164

    def prepare_value(self, value: Any) -> Any:
        return national(value) if isinstance(value, str) and value.startswith("+") else value


class NoteField(forms.CharField):
    """Free text of several lines, harmless and not longer than `max_length` characters (line ends count as one)."""

    widget = forms.Textarea

    def __init__(self, *, max_length: int = NOTE_LENGTH, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Not CharField's own limit: it would count before cleaning and its browser attribute counts line ends twice.
        self.note_length = max_length

    def to_python(self, value: Any) -> str:
        text = "" if value in self.empty_values else clean_text(str(value), is_multiline=True)
        if len(text) > self.note_length:
            raise ValidationError(
                _("This note has %(length)s characters; at most %(limit)s fit. Please shorten it."),
                code="max_length",
                params={"length": f"{len(text):,}", "limit": f"{self.note_length:,}"},
            )
        return text


class BusinessDayForm(forms.Form):
    """A day that differs from the published calendar."""

    on = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}))
    is_workday = forms.ChoiceField(
        label=_("The store works"), choices=[("1", _("Workday")), ("", _("Day off"))], required=False
    )
    label = forms.CharField(label=_("Reason"), max_length=60, required=False)

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"on": data["on"], "is_workday": bool(data["is_workday"]), "label": data["label"]}
