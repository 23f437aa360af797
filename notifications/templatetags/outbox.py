"""How states of messages and ways to the outside look."""

from django import template
from django.utils.translation import gettext_lazy as _

from notifications.enums import MessageChannel, MessageState
from notifications.models import Integration, OutboundMessage

register = template.Library()

# Our own codes; those of the providers are left as they are, to be looked up with them.
_CODES = {
    "address_refused": _("The address lies in the own network, which the operator has not allowed."),
    "host_unknown": _("The name of the server is not known."),
    "no_connection": _("There is no connection to the server."),
    "no_answer": _("The server was called and gave no answer."),
    "no_template": _("No template of the provider is set up for this text."),
    "redirect": _("The server sends elsewhere; that is not followed."),
    "url_invalid": _("This is no address that can be called."),
    "url_not_https": _("Only https is allowed."),
    "sender_died": _("The sending process ended before it heard the answer."),
}

_TONES = {
    MessageState.SENT: "chip-ok",
    MessageState.FAILED: "chip-warn",
    MessageState.UNCERTAIN: "chip-danger",
    MessageState.DEAD: "chip-danger",
    MessageState.SENDING: "chip-brand",
}
_ICONS = {
    MessageChannel.SMS: "message-2",
    MessageChannel.WECOM: "brand-wechat",
    MessageChannel.EMAIL: "mail",
    MessageChannel.WEBHOOK: "plug",
}


@register.filter
def message_tone(state: str) -> str:
    return _TONES.get(MessageState(state), "")


@register.filter
def channel_icon(channel: str) -> str:
    return _ICONS[MessageChannel(channel)]


@register.filter
def why(message: OutboundMessage) -> str:
    """Why it is where it is, in words; "" when the state says it all."""
    if message.stop_reason:
        return str(message.get_stop_reason_display())
    if message.wait_reason and message.state != MessageState.FAILED:
        return str(message.get_wait_reason_display())
    return error_words(message.last_error) if message.state != MessageState.SENT else ""


@register.filter
def code_words(code: str) -> str:
    """What one of our codes means, "" for a provider's."""
    return str(_CODES.get(code, ""))


@register.filter
def error_words(text: str) -> str:
    """ "code: detail" in words, as far as it is ours."""
    code, _colon, _detail = text.partition(":")
    return code_words(code) or text


@register.filter
def is_retryable(message: OutboundMessage) -> bool:
    return message.state in {MessageState.DEAD, MessageState.FAILED}


@register.filter
def light_tone(row: Integration) -> str:
    return {"ok": "chip-ok", "bad": "chip-danger"}.get(row.light, "")
