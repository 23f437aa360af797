"""Input of the pages about privacy."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core import clock
from customers.enums import ConsentChannel, ConsentPurpose
from privacy.enums import RequestKind
from privacy.models import RetentionRule

MOST_DAYS = 36_500


class ConsentForm(forms.Form):
    purpose = forms.ChoiceField(label=_("For"), choices=ConsentPurpose)
    channel = forms.ChoiceField(label=_("Channel"), choices=ConsentChannel)
    text_version = forms.CharField(label=_("Version of the text"), max_length=20)
    source = forms.CharField(label=_("How it was given"), max_length=100)


class WithdrawForm(forms.Form):
    purpose = forms.ChoiceField(choices=ConsentPurpose)


class RequestForm(forms.Form):
    kind = forms.ChoiceField(label=_("The customer wants"), choices=RequestKind, widget=forms.RadioSelect)
    asked_on = forms.DateField(label=_("Asked on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    asked_how = forms.CharField(
        label=_("How the customer asked and was recognised"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["asked_on"].initial = clock.today


class RetentionForm(forms.ModelForm):
    class Meta:
        model = RetentionRule
        fields = ["keep_days", "is_active", "is_legally_checked", "source", "valid_from"]
        widgets = {"valid_from": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["keep_days"] = forms.IntegerField(
            label=_("Kept for (days)"),
            min_value=1,
            max_value=MOST_DAYS,
            widget=forms.NumberInput(attrs={"class": "num"}),
        )

    def validate_constraints(self) -> None:
        """The service ends the version before; here the two would only overlap."""
