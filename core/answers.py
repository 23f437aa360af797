"""How a page answers after a write: a toast and an event for htmx, a redirect with a message without it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django_htmx.http import HttpResponseClientRedirect, reswap, trigger_client_event

from core.requests import Request


def saved(
    request: Request,
    *,
    back: str,
    title: str,
    event: str,
    text: str = "",
    detail: dict[str, Any] | None = None,
    undo_url: str = "",
) -> HttpResponse:
    """The sheet closes and what listens to `event` reads itself again; `undo_url` stands in the toast as a button."""
    if not request.htmx:
        messages.success(request, " · ".join(part for part in (title, text) if part))
        return redirect(back)
    toast = {"level": "success", "title": title, "text": text}
    response = HttpResponse(status=204)
    trigger_client_event(response, "toast", toast | ({"undo_url": undo_url} if undo_url else {}))
    trigger_client_event(response, event, detail or {})
    return trigger_client_event(response, "sheet:close", {})


def saved_page(request: Request, *, back: str, title: str) -> HttpResponse:
    """So much changed that the page behind is read as a whole; it shows the message."""
    messages.success(request, title)
    return HttpResponseClientRedirect(back) if request.htmx else redirect(back)


def refused(request: Request, *, back: str, text: str, title: str = "", event: str = "") -> HttpResponse:
    """Nothing was done and there is no form to say it in: the toast tells why; `event`: what may have to be re-read."""
    if not request.htmx:
        messages.error(request, text)
        return redirect(back)
    response = reswap(HttpResponse(status=422), "none")
    toast = {"level": "error", "title": title, "text": text} if title else {"level": "error", "title": text}
    trigger_client_event(response, "toast", toast)
    return trigger_client_event(response, event, {}) if event else response
