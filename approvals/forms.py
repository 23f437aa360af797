from django import forms
from django.utils.translation import gettext_lazy as _

from approvals.services import TEXT_LENGTH
from core.forms import NoteField

APPROVE, SEND_BACK = "approve", "reject"


class DecisionForm(forms.Form):
    """The decision and what the decider says about it; sending back without a word is refused by the service."""

    decision = forms.ChoiceField(choices=[(APPROVE, _("Approve")), (SEND_BACK, _("Send back"))])
    comment = NoteField(
        label=_("Comment"), max_length=TEXT_LENGTH, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    @property
    def is_approval(self) -> bool:
        return self.data.get("decision") == APPROVE
