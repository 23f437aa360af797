"""Support looks at intakes and lists; only services write them. Rows hold numbers of customers: superusers only."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from leads.models import Lead, LeadImport


@admin.register(Lead)
class LeadAdmin(ReadOnlyAdmin):
    is_for_administrators = False
    list_display = ("occurred_at", "store", "kind", "result", "channel", "captured", "registered_by")
    list_filter = ("store", "kind", "result")
    list_select_related = ("store", "channel", "registered_by")
    show_full_result_count = False


@admin.register(LeadImport)
class LeadImportAdmin(ReadOnlyAdmin):
    is_for_administrators = False
    list_display = ("created_at", "store", "file_name", "state", "row_count", "created_by", "finished_at")
    list_filter = ("store", "state")
    list_select_related = ("store", "created_by")
    show_full_result_count = False
