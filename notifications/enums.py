from django.db import models
from django.utils.translation import gettext_lazy as _

from core.state_machine import StateMachine


class NoticeKind(models.TextChoices):
    """Keys only: the sentence is made when shown, in the reader's language."""

    FOLLOW_UP_SOON = "follow_up_soon", _("Callback soon")
    FOLLOW_UP_DUE = "follow_up_due", _("Callback due")
    FOLLOW_UP_OVERDUE = "follow_up_overdue", _("Callback overdue")
    FOLLOW_UP_ESCALATED = "follow_up_escalated", _("Callback missed in the team")
    OWNER_CHANGED = "owner_changed", _("Customer handed over")
    LEVEL_REQUESTED = "level_requested", _("Lower level proposed")
    LEVEL_DECIDED = "level_decided", _("Level decided")
    CLOSE_REQUESTED = "close_requested", _("Close proposed")
    CLOSE_DECIDED = "close_decided", _("Close decided")
    CUSTOMER_RETURNED = "customer_returned", _("Customer came back")
    IMPORT_FINISHED = "import_finished", _("Import finished")
    SUSPICIOUS_ENTRIES = "suspicious_entries", _("Identical entries in a burst")
    REMINDER_DEAD = "reminder_dead", _("A reminder cannot be delivered")
    APPROVAL_REQUESTED = "approval_requested", _("Approval asked for")
    APPROVAL_DECIDED = "approval_decided", _("Approval decided")
    APPROVAL_VOID = "approval_void", _("Request no longer valid")
    SECOND_FACTOR_RESET = "second_factor_reset", _("Second factor reset")
    EXPORT_FINISHED = "export_finished", _("Export finished")
    EXPORT_MADE = "export_made", _("Customers exported")
    MESSAGE_FAILED = "message_failed", _("A message was not sent")
    ACCESS_ALERT = "access_alert", _("Unusual looks at customer data")
    CHANNEL_FAILING = "channel_failing", _("Messages do not go out")
    RULES_PUBLISHED = "rules_published", _("New callback rules")


class MessageChannel(models.TextChoices):
    SMS = "sms", _("Text message")
    WECOM = "wecom", _("WeCom")
    EMAIL = "email", _("E-mail")
    WEBHOOK = "webhook", _("Webhook")


class MessageState(models.TextChoices):
    """`uncertain`: the provider may or may not have got it; a paid message is never repeated silently."""

    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed, will be tried again")
    UNCERTAIN = "uncertain", _("Not known whether sent")
    DEAD = "dead", _("Not sent")
    CANCELLED = "cancelled", _("Cancelled")


WAITING_STATES: tuple[str, ...] = (MessageState.QUEUED, MessageState.FAILED)


class MessagePurpose(models.TextChoices):
    """Decides what a customer's wishes and the hours mean for a message."""

    SERVICE = "service", _("About a purchase or a visit")
    MARKETING = "marketing", _("Offers and invitations")
    LEGAL = "legal", _("Required by law")
    INTERNAL = "internal", _("To the staff or another system")


class WaitReason(models.TextChoices):
    NONE = "", ""
    CONTACT_HOURS = "contact_hours", _("Outside contact hours")
    CHANNEL_OFF = "channel_off", _("The channel is switched off")
    NO_INTEGRATION = "no_integration", _("No integration for this channel")
    PACE = "pace", _("The provider takes only so many a minute")
    RETRY = "retry", _("Waits for the next try")


class StopReason(models.TextChoices):
    """Why a message was not sent after all."""

    NONE = "", ""
    DO_NOT_CONTACT = "do_not_contact", _("The customer does not want to be contacted")
    NO_CONSENT = "no_consent", _("No consent to offers")
    CONSENT_WITHDRAWN = "consent_withdrawn", _("The consent was withdrawn")
    CUSTOMER_GONE = "customer_gone", _("The customer does not exist any more")
    NOBODY_ASKED = "nobody_asked", _("Not known who the message is for")
    BY_HAND = "by_hand", _("Cancelled by hand")


class AttemptKind(models.TextChoices):
    """What happened to a message; rows are never changed."""

    SENT = "sent", _("Sent")
    NOT_SENT = "not_sent", _("Not sent")
    UNCERTAIN = "uncertain", _("Not known whether sent")
    POSTPONED = "postponed", _("Postponed")
    CANCELLED = "cancelled", _("Cancelled")
    RETRIED = "retried", _("Queued again by hand")
    MARKED_SENT = "marked_sent", _("Marked as sent")
    MARKED_FAILED = "marked_failed", _("Marked as not sent")


class ProviderName(models.TextChoices):
    ALIYUN_SMS = "aliyun_sms", _("Alibaba Cloud SMS")
    TENCENT_SMS = "tencent_sms", _("Tencent Cloud SMS")
    WECOM_ROBOT = "wecom_robot", _("WeCom group robot")
    SMTP = "smtp", _("Mail server (SMTP)")
    WEBHOOK = "webhook", _("Webhook (JSON, signed)")
    CONSOLE = "console", _("Trial: a line in the log")


PROVIDERS_OF: dict[str, tuple[str, ...]] = {
    MessageChannel.SMS: (ProviderName.ALIYUN_SMS, ProviderName.TENCENT_SMS, ProviderName.CONSOLE),
    MessageChannel.WECOM: (ProviderName.WECOM_ROBOT, ProviderName.CONSOLE),
    MessageChannel.EMAIL: (ProviderName.SMTP, ProviderName.CONSOLE),
    MessageChannel.WEBHOOK: (ProviderName.WEBHOOK, ProviderName.CONSOLE),
}
CHANNEL_OF: dict[str, str] = {
    ProviderName.ALIYUN_SMS: MessageChannel.SMS,
    ProviderName.TENCENT_SMS: MessageChannel.SMS,
    ProviderName.WECOM_ROBOT: MessageChannel.WECOM,
    ProviderName.SMTP: MessageChannel.EMAIL,
    ProviderName.WEBHOOK: MessageChannel.WEBHOOK,
}
# What a provider has to be told, and what it may be told.
PARAMETERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    ProviderName.ALIYUN_SMS: (("access_key_id", "sign_name"), ("endpoint",)),
    ProviderName.TENCENT_SMS: (("secret_id", "sdk_app_id", "sign_name"), ("region", "endpoint")),
    ProviderName.WECOM_ROBOT: ((), ("format", "endpoint")),
    ProviderName.SMTP: (("host", "sender"), ("port", "security", "username")),
    ProviderName.WEBHOOK: (("url",), ()),
}
# One way out per store; of the others there may be several, each with its own events.
SINGLE_CHANNELS: tuple[str, ...] = (MessageChannel.SMS, MessageChannel.EMAIL)


class OutEvent(models.TextChoices):
    """What other systems and the groups of the staff may hear of."""

    LEAD_REGISTERED = "lead.registered", _("Lead registered")
    OPPORTUNITY_ADVANCED = "opportunity.advanced", _("Opportunity reached a stage")
    OPPORTUNITY_CLOSED = "opportunity.closed", _("Opportunity closed")
    CONTACT_LOGGED = "contact.logged", _("Contact recorded")
    CALLBACK_ESCALATED = "callback.escalated", _("Missed callback escalated")


OUTBOX_MACHINE = StateMachine(
    MessageState,
    {
        MessageState.QUEUED: [MessageState.SENDING, MessageState.CANCELLED],
        MessageState.FAILED: [MessageState.SENDING, MessageState.QUEUED, MessageState.CANCELLED],
        MessageState.SENDING: [
            MessageState.SENT,
            MessageState.QUEUED,
            MessageState.FAILED,
            MessageState.UNCERTAIN,
            MessageState.DEAD,
        ],
        # The answer of a slow provider may come after all; else a person decides.
        MessageState.UNCERTAIN: [MessageState.SENT, MessageState.QUEUED, MessageState.FAILED, MessageState.DEAD],
        MessageState.DEAD: [MessageState.QUEUED],
        MessageState.CANCELLED: [MessageState.QUEUED],
        MessageState.SENT: [MessageState.QUEUED],  # an event sent to another system once more
    },
)
