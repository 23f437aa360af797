"""Pages for machines: metrics, and whether this process may get traffic."""

import hmac

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from operations.metrics import exposition
from operations.selectors import has_open_migrations


@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Only for who sends METRICS_TOKEN; for everybody else there is no such page."""
    given = request.headers.get("Authorization", "")
    wanted = f"Bearer {settings.METRICS_TOKEN}"
    if not settings.METRICS_TOKEN or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise Http404
    response = HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)
    response["Cache-Control"] = "no-store"
    return response


@require_safe
@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """The database has the tables of this version; 503 before: a load balancer sends no traffic yet."""
    try:
        is_waiting = has_open_migrations()
    except (OperationalError, InterfaceError):
        return JsonResponse({"status": "no database"}, status=503)
    return JsonResponse({"status": "migrations are missing" if is_waiting else "ok"}, status=503 if is_waiting else 200)
