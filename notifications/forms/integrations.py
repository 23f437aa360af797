"""What administrators type about the world outside. Which inputs there are depends on the provider."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core.text import whole_number
from notifications.enums import (
    CHANNEL_OF,
    PARAMETERS,
    MessageChannel,
    MessageState,
    OutEvent,
    ProviderName,
)
from notifications.models import Integration
from notifications.policies import can_change_ways_of
from notifications.services import IntegrationInput
from staff.models import Store, User
from staff.policies import configures_all_stores

EVENT_CHANNELS = (MessageChannel.WEBHOOK, MessageChannel.WECOM)
# A robot speaks to colleagues about what went wrong; everything else is for machines.
EVENTS_OF = {
    MessageChannel.WECOM: (OutEvent.CALLBACK_ESCALATED,),
    MessageChannel.WEBHOOK: tuple(OutEvent),
}
LABELS = {
    "access_key_id": "AccessKey ID",
    "secret_id": "SecretId",
    "sdk_app_id": "SdkAppId",
    "sign_name": _("SMS signature"),
    "region": _("Region"),
    "endpoint": _("Address of the service"),
    "format": _("Format"),
    "host": _("Mail server"),
    "port": _("Port"),
    "security": _("Encryption"),
    "username": _("User name"),
    "sender": _("Sender"),
    "url": _("Address (URL)"),
}
HELPS = {
    "endpoint": _("Only if it differs from the public one."),
    "region": _("Empty: ap-guangzhou."),
    "port": _("Empty: 465."),
    "url": _("https only. Addresses of the own network must be allowed by the operator."),
}
SECRET_LABELS: dict[str, Any] = {
    ProviderName.ALIYUN_SMS: "AccessKey Secret",
    ProviderName.TENCENT_SMS: "SecretKey",
    ProviderName.WECOM_ROBOT: _("Address or key of the robot"),
    ProviderName.SMTP: _("Password"),
    ProviderName.WEBHOOK: _("Secret for the signature"),
}
CHOICES = {
    "format": [("markdown", "Markdown"), ("text", _("Plain text"))],
    "security": [("ssl", "SSL/TLS"), ("starttls", "STARTTLS"), ("none", _("None"))],
}


class IntegrationForm(forms.Form):
    name = forms.CharField(label=pgettext_lazy("thing", "Name"), max_length=60)
    store = forms.ModelChoiceField(
        label=_("Store"), queryset=Store.objects.none(), required=False, empty_label=_("All stores")
    )

    def __init__(self, *args: Any, provider: str, by: User, row: Integration | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.provider, self.row = provider, row
        stores: Any = self.fields["store"]
        stores.queryset = Store.objects.order_by("name")
        if not configures_all_stores(by):
            stores.queryset = Store.objects.filter(pk__in=[by.store_id])
            stores.required, stores.empty_label = True, None
        self._add_parameters()
        self._add_secret()
        if CHANNEL_OF[provider] in EVENT_CHANNELS:
            offered = EVENTS_OF[MessageChannel(CHANNEL_OF[provider])]
            self.fields["events"] = forms.MultipleChoiceField(
                label=_("What it hears of"),
                choices=[(event.value, event.label) for event in offered],
                widget=forms.CheckboxSelectMultiple,
                required=False,
            )
        self.fields["per_minute"] = forms.IntegerField(
            label=_("At most so many a minute"), min_value=1, max_value=6000, required=False
        )
        self.fields["alert_after"] = forms.IntegerField(
            label=_("Tell administrators after so many failures in a row"), min_value=1, max_value=100, initial=3
        )
        if row is not None and not can_change_ways_of(by, row.store_id):
            for field in self.fields.values():
                field.disabled = True

    def _add_parameters(self) -> None:
        needed, optional = PARAMETERS[self.provider]
        for name in (*needed, *optional):
            common: dict[str, Any] = {
                "label": LABELS[name],
                "required": name in needed,
                "help_text": HELPS.get(name, ""),
            }
            if name in CHOICES:
                self.fields[name] = forms.ChoiceField(choices=CHOICES[name], **common | {"required": False})
            elif name == "port":
                self.fields[name] = forms.IntegerField(min_value=1, max_value=65535, **common)
            elif name == "sender":
                self.fields[name] = forms.EmailField(max_length=100, **common)
            else:
                self.fields[name] = forms.CharField(max_length=300, **common)

    def _add_secret(self) -> None:
        has_one = self.row is not None and self.row.secret_set_at is not None
        self.fields["secret"] = forms.CharField(
            label=SECRET_LABELS[self.provider],
            max_length=500,
            required=not has_one and self.provider != ProviderName.SMTP,
            strip=True,
            widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
            help_text=_("Stored encrypted, never shown again. Leave it empty to keep it.") if has_one else "",
        )

    @classmethod
    def initial_of(cls, row: Integration) -> dict[str, Any]:
        values = {"name": row.name, "store": row.store_id, "events": row.events, "per_minute": row.per_minute}
        return {**values, "alert_after": row.alert_after, **row.parameters}

    def input(self) -> IntegrationInput:
        data = self.cleaned_data
        needed, optional = PARAMETERS[self.provider]
        store = data["store"]
        return IntegrationInput(
            name=data["name"],
            store_id=store.pk if store else None,
            parameters={name: str(data[name]) for name in (*needed, *optional) if data.get(name)},
            secret=data["secret"],
            events=data.get("events", []),
            per_minute=data["per_minute"],
            alert_after=data["alert_after"],
        )


class SwitchForm(forms.Form):
    is_active = forms.TypedChoiceField(choices=[("1", "1"), ("0", "0")], coerce=lambda value: value == "1")


class TestForm(forms.Form):
    __test__ = False  # a name for pytest to leave alone

    recipient = forms.EmailField(label=_("Own e-mail address"), max_length=100, required=False)


class ProviderTemplateForm(forms.Form):
    """`placeholders`: names of our values, in the provider's order, with commas or blanks between them."""

    code = forms.ChoiceField(label=_("Our text"), required=False)
    provider_code = forms.CharField(label=_("Provider's template code"), max_length=60)
    sign_name = forms.CharField(label=_("SMS signature"), max_length=30, required=False)
    placeholders = forms.CharField(label=_("Values, in order"), max_length=200, required=False)

    def __init__(self, *args: Any, codes: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].choices = [("", _("Texts written by hand")), *codes]  # type: ignore[attr-defined]

    def clean_placeholders(self) -> list[str]:
        return re.findall(r"[\w-]+", self.cleaned_data["placeholders"])


class StopForm(forms.Form):
    channel = forms.ChoiceField(choices=MessageChannel)
    reason = forms.CharField(label=_("Reason"), max_length=200)


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200)


class ResolveForm(ReasonForm):
    was_sent = forms.TypedChoiceField(choices=[("1", "1"), ("0", "0")], coerce=lambda value: value == "1")


class ManyForm(forms.Form):
    messages = forms.TypedMultipleChoiceField(coerce=int, required=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["messages"]
        values = self.data.getlist("messages") if hasattr(self.data, "getlist") else []
        field.choices = [(value, value) for value in values if whole_number(value) is not None]


class OutboxFilterForm(forms.Form):
    state = forms.ChoiceField(label=_("State"), choices=[("", _("All states")), *MessageState.choices], required=False)
    channel = forms.ChoiceField(
        label=_("Channel"), choices=[("", _("All channels")), *MessageChannel.choices], required=False
    )
    on = forms.DateField(label=_("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    q = forms.CharField(label=_("Subject or last digits"), max_length=60, required=False)
