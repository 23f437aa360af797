"""Input of the lists that administrators keep."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.enums import ChannelKind
from customers.models import Channel

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
