"""How a page answers after a write: a toast and an event for htmx, a redirect with a message without it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django_htmx.http import trigger_client_event
from django_htmx.middleware import HtmxDetails

from staff.models import User

CHANGED = "opportunity:changed"


class Request(HttpRequest):
    """What a view gets behind the sign-in and the htmx middleware. For types only: nobody makes one."""

    user: User
    htmx: HtmxDetails


def saved(request: Request, *, back: str, title: str, text: str = "", event: str = CHANGED) -> HttpResponse:
    """Something was saved: the sheet closes, the cards that listen to `event` read themselves again."""
    if not request.htmx:
        messages.success(request, " · ".join(part for part in (title, text) if part))
        return redirect(back)
    response = HttpResponse(status=204)
    trigger_client_event(response, "toast", {"level": "success", "title": title, "text": text})
    trigger_client_event(response, "sheet:close", {})
    return trigger_client_event(response, event, {})


def refused(request: Request, *, back: str, text: str) -> HttpResponse:
    """A button without a form of its own was refused."""
    if not request.htmx:
        messages.error(request, text)
        return redirect(back)
    response = HttpResponse(status=204)
    trigger_client_event(response, "toast", {"level": "error", "title": text})
    return trigger_client_event(response, CHANGED, {})


def status_of(form: Any) -> int:
    return 422 if form.errors else 200
