"""Rules, numbers and their dates are data; callbacks and contacts are written by services only and shown here."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from followups.models import Contact, ContactCorrection, FollowUp, FollowUpPolicy, FollowUpRule, FollowUpRuleSet


@admin.register(FollowUpRuleSet)
class FollowUpRuleSetAdmin(ReadOnlyAdmin):
    """Versions are written, approved and published on the settings page; here they are looked at."""

    list_display = ("number", "store", "state", "valid_from", "valid_to", "created_by", "published_by")
    list_filter = ("state", "store")
    list_select_related = ("store", "created_by", "published_by")
    ordering = ("store", "-number")


@admin.register(FollowUpRule)
class FollowUpRuleAdmin(ReadOnlyAdmin):
    list_display = ("rule_set", "code", "level", "trigger", "due_rule", "due_after", "overdue_after", "is_active")
    list_filter = ("code", "level", "is_active")
    list_select_related = ("rule_set",)
    ordering = ("-rule_set__number", "code", "level")


@admin.register(FollowUpPolicy)
class FollowUpPolicyAdmin(ReadOnlyAdmin):
    list_display = ("rule_set", "reschedule_max_times", "reschedule_max_days", "next_max_days")
    list_select_related = ("rule_set",)
    ordering = ("-rule_set__number",)


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
