"""What browsers refused to load or run because of the Content-Security-Policy (reliability.md 4.6)."""

import json
import logging
import re
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core import rate_limits
from core.client_ip import client_ip
from core.decorators import too_many_requests

logger = logging.getLogger("core.csp")

MOST_BYTES = 8 * 1024
_WORD = re.compile(r"[A-Za-z0-9.:-]{1,40}")


@csrf_exempt
@login_not_required
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """One line in the log: the directive, the foreign host, the name of the page. No address with numbers or tokens,
    no sample, no person. Who may post here is anybody, so size and number are limited."""
    hit = rate_limits.count("csp_report", client_ip(request))
    if not hit.is_allowed:
        return too_many_requests(hit.wait_s)
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        return HttpResponse(status=413)
    report = _report(body)
    if report is None:
        return HttpResponse(status=400)
    directive = _word(report.get("effective-directive") or report.get("violated-directive"))
    logger.warning(
        "csp directive=%s blocked=%s page=%s",
        directive, _source(report.get("blocked-uri")), _page(report.get("document-uri")),
    )  # fmt: skip
    return HttpResponse(status=204)


def _report(body: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    found = data.get("csp-report") if isinstance(data, dict) else None
    return found if isinstance(found, dict) else None


def _word(value: object) -> str:
    """The first word, nothing in it that could forge a line of the log."""
    found = _WORD.match(value) if isinstance(value, str) else None
    return found[0] if found else ""


def _source(value: object) -> str:
    """inline, eval or the host; what follows the host may be a secret."""
    try:
        parts = urlsplit(value) if isinstance(value, str) else urlsplit("")
    except ValueError:
        return ""
    return _word(parts.hostname or parts.scheme or parts.path)


def _page(value: object) -> str:
    """The name of our page, e.g. workbench:opportunity-detail."""
    try:
        return resolve(urlsplit(value).path).view_name if isinstance(value, str) else ""
    except (Resolver404, ValueError):
        return ""
