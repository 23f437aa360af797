"""Support tooling: what administrators configure, and read-only views of what only services write."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from core.enums import ADMINISTRATOR
from core.models import AccessLogEntry, BusinessDay, Heartbeat, JobRun


class SupportAdmin(admin.ModelAdmin):
    """Rows that administrators add and change; nothing is deleted, because history points at it.

    `is_for_administrators=False` leaves a table to superusers, whose reading of customers is the exception.
    """

    is_for_administrators = True
    can_add = True
    can_change = True
    can_delete = False

    def _may_open(self, request: HttpRequest) -> bool:
        user: Any = request.user
        if not (user.is_active and user.is_staff):
            return False
        return bool(user.is_superuser or (self.is_for_administrators and user.has_role(ADMINISTRATOR)))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may_open(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may_open(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.can_add and self._may_open(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_change and self._may_open(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.can_delete and self._may_open(request)


class ReadOnlyAdmin(SupportAdmin):
    """Written by services only: a second way to change it would pass by their rules."""

    can_add = False
    can_change = False


@admin.register(BusinessDay)
class BusinessDayAdmin(SupportAdmin):
    can_delete = True
    list_display = ("on", "is_workday", "label")
    list_filter = ("is_workday",)
    date_hierarchy = "on"


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("name", "beat_at")


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    list_display = ("job", "local_on", "started_at")


@admin.register(AccessLogEntry)
class AccessLogAdmin(ReadOnlyAdmin):
    is_for_administrators = False
    list_display = ("occurred_at", "actor", "action", "subject_type", "subject_id", "reason")
    list_filter = ("action",)
    list_select_related = ("actor",)
    show_full_result_count = False
