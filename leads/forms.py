"""Input of the register form and of the import steps. Plain controls: everything works without a script."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.forms import NoteField, PhoneField
from core.phones import PhoneKind, normalize_phone
from core.text import clean_text
from customers.enums import Gender
from customers.models import Channel
from leads.enums import ImportField, LeadKind
from leads.policies import can_choose_owner
from leads.selectors import channels_on_offer, owners_with_load, series_on_offer
from leads.services import ImportOptions, LeadInput
from opportunities.enums import WINDOW_LEVEL, PurchaseWindow
from staff.models import User
from vehicles.models import Series

LINE_LENGTH = 60
# A person is reached on a mobile or a landline; a 400 number is a company's switchboard.
PERSON_PHONES = (PhoneKind.MOBILE, PhoneKind.LANDLINE)
WINDOW_WORDS = {
    PurchaseWindow.DAYS_7: pgettext_lazy("purchase window", "7 days"),
    PurchaseWindow.DAYS_15: pgettext_lazy("purchase window", "15 days"),
    PurchaseWindow.DAYS_30: pgettext_lazy("purchase window", "30 days"),
    PurchaseWindow.DAYS_90: pgettext_lazy("purchase window", "90 days"),
    PurchaseWindow.UNDECIDED: pgettext_lazy("purchase window", "Not sure"),
}


def window_tiles() -> list[dict[str, Any]]:
    """Value, short words and the intention level that follows."""
    return [
        {"value": str(window), "label": words, "level": str(WINDOW_LEVEL[window])}
        for window, words in WINDOW_WORDS.items()
    ]


class LineField(forms.CharField):
    """One line of text, harmless."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LINE_LENGTH)
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        return clean_text(str(super().to_python(value)))


class OwnerField(forms.ModelChoiceField):
    def label_from_instance(self, obj: User) -> str:
        return str(_("%(name)s · %(due)s due today") % {"name": obj.name, "due": obj.due_today})  # type: ignore[attr-defined]


class RegisterForm(forms.Form):
    """Phone first; name and phone are needed, the other four items of R-050 may come later the same day."""

    kind = forms.ChoiceField(choices=LeadKind, widget=forms.HiddenInput)
    key = forms.UUIDField(required=False, widget=forms.HiddenInput)
    phone = PhoneField(kinds=PERSON_PHONES, error_messages={"required": _("Enter a phone number.")})
    name = LineField(label=_("Name"), error_messages={"required": _("Enter a name; a surname and Mr or Ms is enough.")})
    gender = forms.ChoiceField(label=_("Salutation"), choices=Gender, required=False)
    channel = forms.ModelChoiceField(label=_("Channel"), queryset=Channel.objects.none(), required=False)
    series = forms.ModelChoiceField(label=_("Model of interest"), queryset=Series.objects.none(), required=False)
    purchase_window = forms.ChoiceField(label=_("Expected purchase"), choices=PurchaseWindow, required=False)
    area = LineField(label=_("Area"), required=False)
    note = NoteField(label=pgettext_lazy("remark", "Note"), required=False)
    owner = OwnerField(label=_("Owner"), queryset=User.objects.none(), required=False)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].queryset = channels_on_offer()  # type: ignore[attr-defined]
        self.fields["series"].queryset = series_on_offer()  # type: ignore[attr-defined]
        self.fields["channel"].empty_label = _("How did you hear of us?")  # type: ignore[attr-defined]
        self.fields["series"].empty_label = _("Which model do you like?")  # type: ignore[attr-defined]
        if can_choose_owner(by) and by.store_id is not None:
            self.fields["owner"].queryset = owners_with_load(by.store_id)  # type: ignore[attr-defined]
            self.fields["owner"].empty_label = _("Leave it to the assignment")  # type: ignore[attr-defined]
        else:
            del self.fields["owner"]

    def lead_input(self) -> LeadInput:
        """What lead_register takes."""
        data = self.cleaned_data
        channel, series = data["channel"], data["series"]
        return LeadInput(
            kind=data["kind"],
            phone=normalize_phone(data["phone"]),
            name=data["name"],
            gender=data["gender"],
            channel_id=channel.pk if channel else None,
            series_id=series.pk if series else None,
            model_text=series.name if series else "",
            purchase_window=data["purchase_window"],
            area=data["area"],
            note=data["note"],
        )

    @property
    def filled(self) -> dict[str, bool]:
        """Which of the six items are there as the form stands (R-050)."""

        def has(*names: str) -> bool:
            return all(self[name].value() and not (self.is_bound and self[name].errors) for name in names)

        return {
            "phone": has("phone"),
            "name": has("name", "gender"),
            "channel": has("channel"),
            "series": has("series"),
            "area": has("area"),
            "window": has("purchase_window"),
        }


class LookupForm(forms.Form):
    phone = PhoneField(kinds=PERSON_PHONES)


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        max_length=200,
        error_messages={"required": _("Choose a file first."), "empty": _("The file is empty.")},
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )


class MappingForm(forms.Form):
    """One select per column of the file, and what stands in for a missing channel."""

    default_channel = forms.ModelChoiceField(
        label=_("Channel of rows without one"), queryset=Channel.objects.none(), required=False, empty_label=_("None")
    )

    def __init__(self, *args: Any, header: list[str], mapping: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["default_channel"].queryset = channels_on_offer()  # type: ignore[attr-defined]
        for column, heading in enumerate(header):
            self.fields[f"column_{column}"] = forms.ChoiceField(
                label=heading, choices=ImportField, required=False, initial=mapping.get(str(column), "")
            )

    @property
    def mapping(self) -> dict[str, str]:
        return {
            name.removeprefix("column_"): value
            for name, value in self.cleaned_data.items()
            if name.startswith("column_")
        }


class RowForm(forms.Form):
    """The way out of one row: a number typed by hand, or what to do with a repeat."""

    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    resolution = forms.CharField(label=_("What to do"), max_length=10, required=False)


class ConfirmForm(forms.Form):
    owners = forms.ModelMultipleChoiceField(
        label=_("Give the new customers in turn to"), queryset=User.objects.none(), required=False
    )
    source = LineField(label=_("Where the list comes from"), max_length=100, required=False)
    has_consent = forms.BooleanField(
        label=_("The customers agreed that we contact them"),
        error_messages={"required": _("Confirm that the customers agreed to be contacted.")},
    )

    def __init__(self, *args: Any, store_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owners"].queryset = owners_with_load(store_id)  # type: ignore[attr-defined]

    def options(self, file_name: str) -> ImportOptions:
        data = self.cleaned_data
        return ImportOptions(
            owner_ids=tuple(owner.pk for owner in data["owners"]), source=(data["source"] or file_name)[:100]
        )
