"""Message texts are dated data; inboxes and the outbox are written by services only and shown here."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin, SupportAdmin
from notifications.models import MessageTemplate, Notification, OutboundMessage


@admin.register(MessageTemplate)
class MessageTemplateAdmin(SupportAdmin):
    list_display = ("code", "channel", "name_zh", "name_en", "valid_from", "valid_to", "sort_order")
    list_filter = ("channel",)
    search_fields = ("code", "name_zh", "name_en")


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    is_for_administrators = False
    list_display = ("id", "created_at", "recipient", "kind", "subject", "read_at", "done_at", "snoozed_until")
    list_filter = ("kind",)
    list_select_related = ("recipient",)
    show_full_result_count = False


@admin.register(OutboundMessage)
class OutboundMessageAdmin(ReadOnlyAdmin):
    is_for_administrators = False
    list_display = ("id", "created_at", "channel", "state", "attempts", "next_try_at", "sent_at", "last_error")
    list_filter = ("state", "channel")
    show_full_result_count = False
