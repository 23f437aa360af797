"""Input of the three sheets: contact, message, reschedule. Plain radios and checkboxes: no script is needed."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.forms import NoteField
from followups.enums import ClosedDays, ContactChannel, ContactOutcome
from followups.models import FollowUpPolicy
from followups.selectors import minutes_words
from followups.services import Entry
from followups.services.proposals import ASKED_OUTCOMES, TRIED_OUTCOMES, ContactSheet
from followups.services.rule_sets import POLICY_FIELDS
from followups.templatetags.callbacks import day_word
from opportunities.enums import Level

MOMENT_FORMAT = "%Y-%m-%dT%H:%M"
MESSAGE_LENGTH = 500
REASON_LENGTH = 150  # with the chosen reason in front it still fits into the log
OWN_TIME = "own"

# Words for the sentence's tags; stored in the language of the person who chose them, like the sentence itself.
PHRASES = [
    ("trade_in", gettext_lazy("Trade-in price")),
    ("discount", gettext_lazy("Discount")),
    ("family", gettext_lazy("Asks the family")),
    ("competitor", gettext_lazy("Compares brands")),
    ("stock", gettext_lazy("Waits for stock")),
]
REASONS = [
    ("customer", gettext_lazy("The customer asked for it")),
    ("no_answer", gettext_lazy("Not reached")),
    ("waiting", gettext_lazy("Waiting for a price or a car")),
    ("busy", gettext_lazy("Customers in the showroom")),
]
OUTCOMES = [(value, label) for value, label in ContactOutcome.choices if value != ContactOutcome.SENT]


class MomentField(forms.DateTimeField):
    """A moment of the store's clock, to the minute, as the browser's date and time picker sends it."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT_FORMAT)
        super().__init__(widget=widget, input_formats=[MOMENT_FORMAT], **kwargs)


class ContactForm(forms.Form):
    """`proposed_at` is what the sheet proposed; a `next_at` equal to it was not changed by the person."""

    channel = forms.ChoiceField(
        label=gettext_lazy("How did you reach the customer"), choices=ContactChannel, initial=ContactChannel.PHONE
    )
    outcome = forms.ChoiceField(
        label=gettext_lazy("How did it go"),
        choices=OUTCOMES,
        error_messages={"required": gettext_lazy("Choose how it went.")},
    )
    sentence = NoteField(label=gettext_lazy("In one sentence"), required=False)
    tags = forms.MultipleChoiceField(label=gettext_lazy("Phrases"), choices=PHRASES, required=False)
    next_at = MomentField(label=gettext_lazy("Next callback"), required=False)
    proposed_at = MomentField(required=False)
    level = forms.ChoiceField(label=gettext_lazy("Intention level"), choices=Level, required=False)
    key = forms.CharField(max_length=60, required=False)
    skip = forms.BooleanField(required=False)

    def clean_tags(self) -> tuple[str, ...]:
        chosen = self.cleaned_data["tags"]
        return tuple(str(word) for key, word in PHRASES if key in chosen)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("outcome") in ASKED_OUTCOMES and self._is_proposed() and "next_at" not in self.errors:
            self.add_error("next_at", _("Choose the time you agreed on."))
        return data

    def _is_proposed(self) -> bool:
        next_at = self.cleaned_data.get("next_at")
        return next_at is None or next_at == self.cleaned_data.get("proposed_at")

    def entry(self, *, evidence: dict[str, Any]) -> Entry:
        """What contact_record takes. After an attempt without an answer an untouched time means "by the rule"."""
        data = self.cleaned_data
        is_by_rule = self._is_proposed() and data["outcome"] in TRIED_OUTCOMES
        return Entry(
            channel=data["channel"],
            outcome=data["outcome"],
            sentence="" if data["skip"] else data["sentence"],
            tags=() if data["skip"] else data["tags"],
            next_at=None if is_by_rule else data["next_at"],
            is_proposed=self._is_proposed(),
            level=data["level"],
            evidence=evidence,
        )


class MessageForm(forms.Form):
    HOW = [("system", gettext_lazy("The system sends")), ("phone", gettext_lazy("I send it from my phone"))]

    body = NoteField(
        label=gettext_lazy("Message"),
        max_length=MESSAGE_LENGTH,
        error_messages={"required": gettext_lazy("Write the message first.")},
    )
    how = forms.ChoiceField(label=gettext_lazy("How to send"), choices=HOW, initial="system")
    key = forms.CharField(max_length=60, required=False)


class RescheduleForm(forms.Form):
    """`pick` is one of the proposed moments or "own"; then `due_at` counts."""

    pick = forms.CharField(label=gettext_lazy("Move to"), max_length=20, required=False)
    due_at = MomentField(label=gettext_lazy("Another time"), required=False)
    reason_kind = forms.ChoiceField(label=gettext_lazy("Why"), choices=REASONS, required=False)
    reason = NoteField(label=gettext_lazy("Reason"), max_length=REASON_LENGTH, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("pick") and data["pick"] != OWN_TIME:
            data["due_at"] = self._picked(data["pick"])
        if data.get("due_at") is None and "due_at" not in self.errors:
            self.add_error("due_at", _("Choose a time."))
        if not data.get("reason_kind") and not data.get("reason") and "reason" not in self.errors:
            self.add_error("reason", _("Say why it is moved."))
        return data

    def _picked(self, pick: str) -> datetime | None:
        try:
            moment: datetime | None = MomentField().clean(pick)
        except forms.ValidationError:
            return None
        return moment

    @property
    def reason_text(self) -> str:
        """What is logged: the chosen reason and the words, in the language of the person."""
        kind = dict(REASONS).get(self.cleaned_data.get("reason_kind", ""), "")
        return " · ".join(str(part) for part in (kind, self.cleaned_data["reason"]) if part)


# ---- what the radios of the contact sheet say, beside their values -----------------------------------------

CHANNEL_ICONS: dict[str, str] = {
    ContactChannel.PHONE: "phone",
    ContactChannel.WECHAT: "brand-wechat",
    ContactChannel.SMS: "message",
    ContactChannel.VISIT: "door-enter",
}
OUTCOME_HINTS: dict[str, Any] = {
    ContactOutcome.TALKED: gettext_lazy("Effective contact"),
    ContactOutcome.INVITED: gettext_lazy("Choose the time"),
    ContactOutcome.INCONVENIENT: gettext_lazy("Agree another time"),
    ContactOutcome.BOUGHT_ELSEWHERE: gettext_lazy("Propose as lost"),
    ContactOutcome.WRONG_NUMBER: gettext_lazy("Check the number"),
}
# What the save button says; "{day}" is the day of the next callback. The script fills it in again on a change.
SAVE_WORDS: dict[str, Any] = {
    ContactOutcome.INVITED: gettext_lazy("Save, visit {day}"),
    ContactOutcome.BOUGHT_ELSEWHERE: gettext_lazy("Save and propose as lost"),
    ContactOutcome.WRONG_NUMBER: gettext_lazy("Save and check the number"),
}
SAVE_AND_CALL: Any = gettext_lazy("Save, call again {day}")


def channel_cards() -> list[dict[str, Any]]:
    return [{"value": value, "label": label, "icon": CHANNEL_ICONS[value]} for value, label in ContactChannel.choices]


def outcome_cards(sheet: ContactSheet) -> list[dict[str, Any]]:
    """Each outcome with the next callback it leads to."""
    return [
        {
            "value": value,
            "label": label,
            "hint": OUTCOME_HINTS.get(value) or sheet.by_outcome[value].reason,
            "proposal": sheet.by_outcome[value],
            "is_by_level": value not in ASKED_OUTCOMES | TRIED_OUTCOMES,
            "save": SAVE_WORDS.get(value, SAVE_AND_CALL),
        }
        for value, label in OUTCOMES
    ]


def level_cards(sheet: ContactSheet) -> list[dict[str, Any]]:
    """Each level with the callback it would lead to after a talk."""
    return [{"value": value, "proposal": sheet.by_level[value]} for value in Level.values]


def save_words(pattern: str, moment: datetime | None) -> str:
    """The words on the save button; without a day just "Save"."""
    if "{day}" not in pattern:
        return pattern
    return pattern.replace("{day}", day_word(moment)) if moment else _("Save")


# ---- settings: the rules ------------------------------------------------------------------------------------------

LONGEST_DAYS = 400
MINUTES = (0, 15, 30, 60, 120, 180, 240, 480, 1440, 2880, 4320)


def minute_choices(current: int | None, *, never: bool = False) -> list[tuple[str, str]]:
    """Usual times and the one in use; with `never` also none at all."""
    usual = sorted({*MINUTES, *([] if current is None else [current])})
    return [*([("", _("Never"))] if never else []), *((str(value), minutes_words(value)) for value in usual)]


class RuleForm(forms.Form):
    """One rule of a draft. What its kind of due time does not need, is left as it is."""

    revision = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    due_after = forms.IntegerField(label=gettext_lazy("earliest"), min_value=0, max_value=LONGEST_DAYS, required=False)
    overdue_after = forms.IntegerField(
        label=gettext_lazy("latest"), min_value=0, max_value=LONGEST_DAYS, required=False
    )
    due_time = forms.TimeField(label=gettext_lazy("until what time"), required=False)
    channels = forms.MultipleChoiceField(label=gettext_lazy("By"), choices=ContactChannel)
    closed_days = forms.ChoiceField(label=gettext_lazy("On a day off"), choices=ClosedDays, required=False)
    remind_before_min = forms.IntegerField(min_value=0, max_value=30_000)
    escalate_after_min = forms.IntegerField(min_value=0, max_value=30_000)
    manager_after_min = forms.IntegerField(min_value=0, max_value=30_000, required=False)
    is_active = forms.BooleanField(label=gettext_lazy("In use"), required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = data.get("due_after"), data.get("overdue_after")
        if first is not None and last is not None and last < first:
            self.add_error("overdue_after", _("The latest cannot be before the earliest."))
        return data

    def values(self) -> dict[str, Any]:
        """What was sent, without the numbers that the rule has no input for."""
        kept = {name: value for name, value in self.cleaned_data.items() if name != "revision"}
        for name in ("due_after", "overdue_after", "due_time"):
            if kept[name] is None:
                del kept[name]
        return kept


class PolicyForm(forms.ModelForm):
    revision = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    class Meta:
        model = FollowUpPolicy
        fields = POLICY_FIELDS


class VersionForm(forms.Form):
    valid_from = forms.DateField(label=gettext_lazy("Begins on"), widget=forms.DateInput(attrs={"type": "date"}))
    note = forms.CharField(label=gettext_lazy("What changes and why"), max_length=200, required=False)
    document_number = forms.CharField(label=gettext_lazy("Document number"), max_length=30, required=False)
    interpreter = forms.CharField(label=gettext_lazy("Who explains the rules"), max_length=60, required=False)


class PreviewForm(forms.Form):
    """For whom and when the preview is computed; anything unusable is left out."""

    level = forms.ChoiceField(label=gettext_lazy("Level"), choices=Level, required=False)
    at = MomentField(label=gettext_lazy("Registered"), required=False)
    of = forms.IntegerField(min_value=1, required=False)
