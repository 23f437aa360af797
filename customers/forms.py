"""Input of the lists that administrators keep."""

import re
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.enums import ChannelKind, DataClass
from customers.models import Channel, PrivacyPolicy
from customers.services.protection import POLICY_FIELDS
from staff.models import Store

MOST_AN_HOUR = 1_000
# Comma, semicolon and the enumeration comma, as typed with a Chinese keyboard too.
BETWEEN = re.compile("[,;\n\uff0c\uff1b\u3001]+")


class ChannelForm(forms.Form):
    """`aliases`: one text, the spellings separated by commas."""

    name_zh = forms.CharField(label=_("Name (Chinese)"), max_length=40)
    name_en = forms.CharField(label=_("Name (English)"), max_length=40)
    kind = forms.ChoiceField(label=_("Kind"), choices=ChannelKind)
    aliases = forms.CharField(label=_("Other spellings, separated by commas"), max_length=400, required=False)
    sort_order = forms.IntegerField(label=_("Order"), min_value=0, max_value=30_000, required=False)
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)

    @classmethod
    def of(cls, channel: Channel) -> "ChannelForm":
        names = ("name_zh", "name_en", "kind", "sort_order", "is_active")
        initial = {name: getattr(channel, name) for name in names} | {"aliases": ", ".join(channel.aliases)}
        return cls(initial=initial)

    def clean_aliases(self) -> list[str]:
        return [word.strip()[:40] for word in BETWEEN.split(self.cleaned_data["aliases"]) if word.strip()]

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        if data["sort_order"] is None:
            del data["sort_order"]
        return data


class PolicyForm(forms.Form):
    """The numbers around protected data from a day on; without a store for all that have none of their own."""

    store = forms.ModelChoiceField(label=_("Counts for"), queryset=Store.objects.none())
    reveals_per_hour = forms.IntegerField(
        label=_("Full numbers and pictures shown, per hour"), min_value=1, max_value=MOST_AN_HOUR
    )
    reveal_alert_at = forms.IntegerField(label=_("Tell the manager from"), min_value=1, max_value=MOST_AN_HOUR)
    dials_per_hour = forms.IntegerField(
        label=_("Calls and messages by number, per hour"), min_value=1, max_value=MOST_AN_HOUR
    )
    shown_seconds = forms.IntegerField(label=_("A number stays visible for (seconds)"), min_value=5, max_value=300)
    customers_per_hour = forms.IntegerField(
        label=_("Customers opened in an hour before the manager hears of it"), min_value=1, max_value=MOST_AN_HOUR
    )
    customers_off_hours = forms.IntegerField(
        label=_("The same outside opening hours"), min_value=1, max_value=MOST_AN_HOUR
    )
    is_password_asked = forms.BooleanField(label=_("Ask for the password before numbers of documents"), required=False)
    valid_from = forms.DateField(label=_("Valid from"))

    def __init__(self, stores: Any, *, for_all: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        field: Any = self.fields["store"]
        field.queryset, field.required = stores, not for_all
        field.empty_label = _("All stores") if for_all else None

    @staticmethod
    def initial_of(policy: PrivacyPolicy, *, valid_from: date) -> dict[str, Any]:
        return {name: getattr(policy, name) for name in POLICY_FIELDS} | {
            "store": policy.store_id,
            "valid_from": valid_from,
        }

    def numbers(self) -> PrivacyPolicy:
        """What was typed, unsaved, to show what it would do."""
        return PrivacyPolicy(**self.cleaned_data)


class AccessReasonForm(forms.Form):
    data_class = forms.ChoiceField(label=_("For"), choices=DataClass)
    name_zh = forms.CharField(label=_("Name (Chinese)"), max_length=40)
    name_en = forms.CharField(label=_("Name (English)"), max_length=40)
