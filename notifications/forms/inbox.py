from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core import clock
from notifications.selectors import snooze_moments


class SnoozeForm(forms.Form):
    """`until` is a key of snooze_moments; the cleaned value is the moment."""

    until = forms.ChoiceField(label=_("Remind me"), error_messages={"invalid_choice": _("Choose a later time.")})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._moments = snooze_moments(clock.now())
        self.fields["until"].choices = [  # type: ignore[attr-defined]
            (key, label) for key, (label, _moment) in self._moments.items()
        ]

    def clean_until(self) -> datetime:
        return self._moments[self.cleaned_data["until"]][1]
