"""Days off."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.text import clean_text, whole_number
from staff.enums import LeaveKind
from staff.models import User
from staff.policies import records_leave_of_others
from staff.selectors import able_colleagues_of, leave_people_of, stand_ins_for

MOMENT = "%Y-%m-%dT%H:%M"


class LeaveForm(forms.Form):
    user = forms.ModelChoiceField(label=_("Person"), queryset=User.objects.none())
    kind = forms.ChoiceField(label=_("Kind"), choices=LeaveKind)
    starts_at = forms.DateTimeField(
        label=_("From"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT)
    )
    ends_at = forms.DateTimeField(
        label=_("Until"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT)
    )
    stand_in = forms.ModelChoiceField(
        label=_("Stand-in"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("Nobody: callbacks go to the supervisor"),
        help_text=_("Callbacks due in these days go to the stand-in."),
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=200)

    def __init__(self, by: User, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        self.fields["user"].queryset = leave_people_of(by)  # type: ignore[attr-defined]
        self.fields["stand_in"].queryset = self._stand_ins(by)  # type: ignore[attr-defined]
        if not records_leave_of_others(by):
            self.fields["user"].widget = forms.HiddenInput()

    def _stand_ins(self, by: User) -> QuerySet[User]:
        """Only people who can do it; the days are compared when the leave is saved."""
        chosen = whole_number(str(self.data.get("user") or self.initial.get("user") or ""))
        person = by if chosen in (None, by.pk) else leave_people_of(by).filter(pk=chosen).first()
        starts_at, ends_at = self.initial.get("starts_at"), self.initial.get("ends_at")
        if person is None or self.is_bound or not (starts_at and ends_at):
            return able_colleagues_of(person or by)
        away = [each.pk for each in stand_ins_for(person, starts_at, ends_at)]
        return able_colleagues_of(person).filter(pk__in=away)

    def clean_note(self) -> str:
        return clean_text(self.cleaned_data["note"])
