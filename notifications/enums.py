from django.db import models
from django.utils.translation import gettext_lazy as _


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
    MESSAGE_FAILED = "message_failed", _("A message was not sent")


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
    UNCERTAIN = "uncertain", _("Not known whether sent")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")
