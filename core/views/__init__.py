"""Health, errors, and the settings that belong to no business app."""

from core.views.calendar import business_day_clear, business_day_set, calendar
from core.views.changes import setting_changes
from core.views.csp import csp_report
from core.views.health import (
    EXPECTED_SWEEPS,
    bad_request,
    csrf_failure,
    healthz,
    healthz_deep,
    page_not_found,
    permission_denied,
    server_error,
)

__all__ = [
    "EXPECTED_SWEEPS",
    "bad_request",
    "business_day_clear",
    "business_day_set",
    "calendar",
    "csp_report",
    "csrf_failure",
    "healthz",
    "healthz_deep",
    "page_not_found",
    "permission_denied",
    "server_error",
    "setting_changes",
]
