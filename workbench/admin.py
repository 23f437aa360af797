"""Rules and files of exports, both written by services only."""

from django.contrib import admin

from core.admin import ReadOnlyAdmin
from workbench.models import CustomerExport, ExportRule


@admin.register(ExportRule)
class ExportRuleAdmin(ReadOnlyAdmin):
    list_display = ("valid_from", "rows_without_approval", "rows_at_most", "link_hours", "decide_within_hours")


@admin.register(CustomerExport)
class CustomerExportAdmin(ReadOnlyAdmin):
    is_for_administrators = False
    list_display = ("id", "created_at", "requested_by", "state", "row_count", "with_phones", "download_count")
    list_filter = ("state", "with_phones")
    list_select_related = ("requested_by",)
    exclude = ("content", "row_ids")
    show_full_result_count = False
