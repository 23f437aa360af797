"""The change history of every setting."""

from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET

from core import history
from core.policies import ensure_can_configure
from core.requests import Request

PAGE_SIZE = 30


@require_GET
@login_required
def setting_changes(request: Request) -> HttpResponse:
    """Newest first, of one kind of setting or of all; `before` leads to the earlier ones."""
    ensure_can_configure(request.user)
    key = request.GET.get("key", "")
    kinds = history.labels()
    key = key if key in kinds else ""
    found = history.changes(user=request.user, key=key, before=_moment(request), limit=PAGE_SIZE + 1)
    context = {
        "active": "audit",
        "key": key,
        "kinds": kinds,
        "changes": found[:PAGE_SIZE],
        "next": found[PAGE_SIZE - 1].at.isoformat() if len(found) > PAGE_SIZE else "",
    }
    return render(request, "core/setting_changes.html", context)


def _moment(request: Request) -> datetime | None:
    try:
        moment = parse_datetime(request.GET.get("before", ""))
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None
