"""Health and errors."""

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from core.heartbeats import STALE_AFTER, ages

EXPECTED_SWEEPS = ("followups.remind_due", "notifications.outbox_send")


@require_GET
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """The web process answers and reaches its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


@require_GET
@login_not_required
def healthz_deep(request: HttpRequest) -> HttpResponse:
    """Also the sweeps beat: 503 when one has been silent for three minutes (reliability.md 2.1, 6)."""
    seen = ages()
    silent = [name for name in EXPECTED_SWEEPS if seen.get(name, float("inf")) > STALE_AFTER.total_seconds()]
    body = {
        "status": "degraded" if silent else "ok",
        "silent": silent,
        "heartbeats": {name: round(age, 1) for name, age in sorted(seen.items())},
    }
    return JsonResponse(body, status=503 if silent else 200)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "core/400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "core/403.html", {"reason": str(exception or "")}, status=403)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "core/404.html", status=404)


@login_not_required
def server_error(request: HttpRequest) -> HttpResponse:
    return render(request, "core/500.html", status=500)
