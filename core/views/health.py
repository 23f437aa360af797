"""Health and errors."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import get_template
from django.views.decorators.http import require_safe

from core.heartbeats import STALE_AFTER, ages
from core.logs import current_request_id

EXPECTED_SWEEPS = ("followups.remind_due", "notifications.outbox_send")


@require_safe
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """The web process answers and reaches its database; 503 when it does not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (OperationalError, InterfaceError):
        return JsonResponse({"status": "no database"}, status=503)
    return JsonResponse({"status": "ok"})


@require_safe
@login_not_required
def healthz_deep(request: HttpRequest) -> HttpResponse:
    """Also the sweeps beat: 503 when one has been silent for three minutes (reliability.md 2.1, 6)."""
    try:
        seen = ages()
    except (OperationalError, InterfaceError):
        return JsonResponse({"status": "no database"}, status=503)
    silent = [name for name in EXPECTED_SWEEPS if seen.get(name, float("inf")) > STALE_AFTER.total_seconds()]
    body = {
        "status": "degraded" if silent else "ok",
        "silent": silent,
        "heartbeats": {name: round(age, 1) for name, age in sorted(seen.items())},
    }
    return JsonResponse(body, status=503 if silent else 200)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _error_page("core/400.html", 400, is_too_big=isinstance(exception, RequestDataTooBig))


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _error_page("core/403.html", 403, reason=str(exception or ""))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form is from before a sign-in or sign-out, or from elsewhere; `reason` is for developers and stays unsaid."""
    return _error_page("core/403_csrf.html", 403)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _error_page("core/404.html", 404)


@login_not_required
def server_error(request: HttpRequest) -> HttpResponse:
    return _error_page("core/500.html", 500)


def _error_page(template: str, status: int, **context: Any) -> HttpResponse:
    """Without the request: its context processors read session and database, which may be what failed."""
    html = get_template(template).render({"request_id": current_request_id(), **context})
    return HttpResponse(html, status=status)
