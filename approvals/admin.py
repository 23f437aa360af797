"""Requests are asked and decided in the product only; superusers look at what was decided."""

from django.contrib import admin

from approvals.models import ApprovalRequest
from core.admin import ReadOnlyAdmin


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(ReadOnlyAdmin):
    is_for_administrators = False
    list_display = ("id", "created_at", "kind", "subject_type", "subject_id", "state", "requested_by", "decided_by")
    list_filter = ("state", "kind")
    list_select_related = ("requested_by", "decided_by")
    show_full_result_count = False
