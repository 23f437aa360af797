"""The inbox of a person and the bell in the shell."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from core import clock
from core.errors import DomainError
from core.pagination import Asked, Key, keyset_page
from core.requests import Request, is_fragment
from notifications import services
from notifications.forms.inbox import SnoozeForm
from notifications.models import Notification
from notifications.selectors import inbox as inbox_of
from notifications.selectors import lines, own_notices, snooze_moments, unread_count

ORDER = (Key("created_at", desc=True), Key("id", desc=True))


@require_http_methods(["GET", "HEAD"])
@login_required
def inbox(request: Request) -> HttpResponse:
    return _inbox(request)


@require_http_methods(["GET", "HEAD"])
@login_required
def bell(request: Request) -> HttpResponse:
    """The bell with its count, fetched again by the poll event of the shell."""
    return render(request, "notifications/_bell.html", {"unread": unread_count(request.user)})


@require_POST
@login_required
def notice_read(request: Request, pk: int) -> HttpResponse:
    """Open a line: it is read from now on, and the person is where it leads to."""
    notice = _own(request, pk)
    services.notices_read(by=request.user, ids=[notice.pk])
    is_ours = url_has_allowed_host_and_scheme(notice.url, allowed_hosts=None)
    return redirect(notice.url if is_ours else reverse("notifications:inbox"))


@require_POST
@login_required
def notice_done(request: Request, pk: int) -> HttpResponse:
    services.notice_finish(notice_id=_own(request, pk).pk, by=request.user)
    return _changed(request)


@require_POST
@login_required
def notice_snooze(request: Request, pk: int) -> HttpResponse:
    notice = _own(request, pk)
    form = SnoozeForm(request.POST)
    if not form.is_valid():
        return _refused(request, " ".join(str(error) for error in form.errors["until"]))
    try:
        services.notice_snooze(notice_id=notice.pk, until=form.cleaned_data["until"], by=request.user)
    except DomainError as error:
        return _refused(request, error.text)
    return _changed(request)


@require_POST
@login_required
def notice_read_all(request: Request) -> HttpResponse:
    services.notices_read(by=request.user)
    return _changed(request)


def _own(request: Request, pk: int) -> Notification:
    return get_object_or_404(own_notices(request.user), pk=pk)


def _inbox(request: Request, *, status: int = 200) -> HttpResponse:
    """The whole page, or for htmx the list alone."""
    user = request.user
    asked = Asked("inbox", user, Notification, lambda: inbox_of(user))
    page = keyset_page(asked, order=ORDER, cursor=request.GET.get("cursor"))
    context = {
        "active": "inbox",
        "page": page,
        "lines": lines(page.items),
        "today": clock.today(),
        "snoozes": [(key, label) for key, (label, _moment) in snooze_moments(clock.now()).items()],
    }
    template = "notifications/_inbox.html" if is_fragment(request) else "notifications/notification_inbox.html"
    return render(request, template, context, status=status)


def _changed(request: Request) -> HttpResponse:
    if not request.htmx:
        return redirect("notifications:inbox")
    return trigger_client_event(_inbox(request), "notices:changed", {})


def _refused(request: Request, text: str) -> HttpResponse:
    if not request.htmx:
        messages.error(request, text)
        return redirect("notifications:inbox")
    toast = {"level": "error", "title": _("Not saved"), "text": text}
    return trigger_client_event(_inbox(request, status=422), "toast", toast)
