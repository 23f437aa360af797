"""Input of the message texts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from notifications.enums import MessagePurpose

TEXT_LENGTH = 500


class TemplateForm(forms.Form):
    code = forms.SlugField(max_length=30, required=False, widget=forms.HiddenInput)
    name_zh = forms.CharField(label=_("Name (Chinese)"), max_length=40)
    name_en = forms.CharField(label=_("Name (English)"), max_length=40)
    purpose = forms.ChoiceField(label=_("Purpose"), choices=MessagePurpose, initial=MessagePurpose.SERVICE)
    body = forms.CharField(label=_("Text"), max_length=TEXT_LENGTH, widget=forms.Textarea)
    valid_from = forms.DateField(label=_("Begins on"), widget=forms.DateInput(attrs={"type": "date"}))
    sort_order = forms.IntegerField(label=_("Order"), min_value=0, max_value=30_000, required=False)

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["sort_order"] = 100 if data["sort_order"] is None else data["sort_order"]
        return data
