"""What the system sends outside, for administrators."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from core.errors import DomainError
from core.pagination import Key, keyset_page
from core.requests import Request
from notifications import services
from notifications.forms.integrations import ManyForm, OutboxFilterForm, ReasonForm, ResolveForm
from notifications.models import OutboundMessage
from notifications.selectors import (
    is_text_shown,
    outbox_counts,
    outbox_filtered,
    outbox_visible_to,
    tries_of,
)
from notifications.views.answers import by_administrator

ORDER = (Key("created_at", desc=True), Key("id", desc=True))


@require_safe
@login_required
@by_administrator
def outbox(request: Request) -> HttpResponse:
    form = OutboxFilterForm(request.GET)
    rows = outbox_visible_to(request.user)
    if form.is_valid():
        rows = outbox_filtered(rows, **form.cleaned_data)
    page = keyset_page(rows, order=ORDER, cursor=request.GET.get("cursor"))
    context = {
        "active": "outbox",
        "form": form,
        "page": page,
        "counts": outbox_counts(request.user),
        "is_filtered": any(request.GET.get(name) for name in form.fields),
    }
    return render(request, "notifications/outbox.html", context, status=200 if form.is_valid() else 422)


@require_safe
@login_required
@by_administrator
def message_detail(request: Request, pk: int) -> HttpResponse:
    return _detail(request, _message(request, pk))


@require_POST
@login_required
@by_administrator
def message_retry(request: Request, pk: int) -> HttpResponse:
    message = _message(request, pk)
    return _done(
        request, message, lambda: services.message_retry(message_id=pk, by=request.user), _("It is queued again.")
    )


@require_POST
@login_required
@by_administrator
def message_resolve(request: Request, pk: int) -> HttpResponse:
    return _with_form(request, pk, ResolveForm(request.POST), services.message_resolve, _("Noted."))


@require_POST
@login_required
@by_administrator
def message_cancel(request: Request, pk: int) -> HttpResponse:
    return _with_form(request, pk, ReasonForm(request.POST), services.message_cancel, _("It will not be sent."))


def _with_form(request: Request, pk: int, form: Form, service: Callable[..., object], words: str) -> HttpResponse:
    message = _message(request, pk)
    if not form.is_valid():
        return _detail(request, message, form)
    return _done(request, message, lambda: service(message_id=pk, by=request.user, **form.cleaned_data), words)


@require_POST
@login_required
@by_administrator
def messages_retry(request: Request) -> HttpResponse:
    form = ManyForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose messages that failed first."))
        return redirect("notifications:outbox")
    count = services.messages_retry(message_ids=form.cleaned_data["messages"], by=request.user)
    words = ngettext("%(count)s message is queued again.", "%(count)s messages are queued again.", count)
    messages.success(request, words % {"count": count})
    return redirect("notifications:outbox")


def _message(request: Request, pk: int) -> OutboundMessage:
    return get_object_or_404(outbox_visible_to(request.user), pk=pk)


def _detail(request: Request, message: OutboundMessage, form: Any = None) -> HttpResponse:
    context = {
        "active": "outbox",
        "message": message,
        "tries": tries_of(message),
        "is_text_shown": is_text_shown(message),
        "form": form,
    }
    return render(request, "notifications/outbox_message.html", context, status=422 if form is not None else 200)


def _done(request: Request, message: OutboundMessage, act: Callable[[], object], words: str) -> HttpResponse:
    try:
        act()
    except DomainError as error:
        messages.error(request, error.text)
    else:
        messages.success(request, words)
    return redirect("notifications:outbox-message", pk=message.pk)
