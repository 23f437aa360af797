"""What every page of the app gets and answers."""

import segno
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect, reswap, trigger_client_event
from django_htmx.middleware import HtmxDetails

from staff.models import User


class Request(HttpRequest):
    """What a view gets behind the sign-in and the htmx middleware. For types only: nobody makes one."""

    user: User
    htmx: HtmxDetails


def safe_next(request: HttpRequest) -> str:
    """The address that `next` names when it is a page of ours, else ""."""
    target = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME) or ""
    hosts = {request.get_host()}
    is_ours = url_has_allowed_host_and_scheme(target, allowed_hosts=hosts, require_https=request.is_secure())
    return target if is_ours and target.startswith("/") and target.isprintable() else ""


def square(text: str) -> dict[str, str | int]:
    """A QR code as one path of unit cells and its size in cells; drawn by staff/_square.html."""
    matrix = segno.make(text, error="m").matrix
    cells = (f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, cell in enumerate(row) if cell)
    return {"path": "".join(cells), "size": len(matrix)}


def back_with(request: Request, *, url: str, title: str) -> HttpResponse:
    """Saved: the page behind is read again, with a message."""
    messages.success(request, title)
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def refused_with(request: Request, *, url: str, text: str, event: str = "") -> HttpResponse:
    """A button without a form of its own was refused."""
    if not request.htmx:
        messages.error(request, text)
        return redirect(url)
    response = reswap(HttpResponse(status=422), "none")
    trigger_client_event(response, "toast", {"level": "error", "title": text})
    return trigger_client_event(response, event, {}) if event else response
