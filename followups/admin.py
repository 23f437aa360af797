"""Rules, numbers and their dates are data; callbacks and contacts are written by services only and shown here."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin, SupportAdmin
from followups.models import Contact, ContactCorrection, FollowUp, FollowUpPolicy, FollowUpRule


@admin.register(FollowUpRule)
class FollowUpRuleAdmin(SupportAdmin):
    """A change begins with a new version: end the old one with `valid_to`, the database refuses overlaps."""

    list_display = (
        "code",
        "level",
        "store",
        "trigger",
        "due_rule",
        "due_after",
        "overdue_after",
        "valid_from",
        "valid_to",
        "is_active",
    )
    list_filter = ("code", "level", "is_active", "store")
    list_select_related = ("store",)
    ordering = ("code", "level", "valid_from")


@admin.register(FollowUpPolicy)
class FollowUpPolicyAdmin(SupportAdmin):
    list_display = ("store", "reschedule_max_times", "reschedule_max_days", "next_max_days", "valid_from", "valid_to")
    list_filter = ("store",)
    list_select_related = ("store",)
    ordering = ("store", "valid_from")


class _CallbackAdmin(ReadOnlyAdmin):
    is_for_administrators = False
    show_full_result_count = False


@admin.register(FollowUp)
class FollowUpAdmin(_CallbackAdmin):
    list_display = ("id", "rule_code", "state", "assignee", "due_at", "deadline_at", "remind_step", "remind_at")
    list_filter = ("state", "rule_code", "remind_step", "store")
    list_select_related = ("assignee",)
    search_fields = ("=id", "=opportunity__id")


@admin.register(Contact)
class ContactAdmin(_CallbackAdmin):
    list_display = ("id", "occurred_at", "by", "channel", "outcome", "is_effective", "is_suspicious")
    list_filter = ("outcome", "channel", "is_suspicious", "store")
    list_select_related = ("by",)
    search_fields = ("=id", "=opportunity__id")


@admin.register(ContactCorrection)
class ContactCorrectionAdmin(_CallbackAdmin):
    list_display = ("contact_id", "by", "created_at")
    list_select_related = ("by",)
