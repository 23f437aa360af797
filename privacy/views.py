"""Consents and requests of one customer; periods of keeping and what they removed."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from core.access_log import meta_of
from core.decorators import rate_limited
from core.errors import DomainError
from core.forms import report_errors
from core.requests import Request
from customers.services import consent_give, consent_withdraw
from privacy.enums import DataClass, RequestKind
from privacy.forms import ConsentForm, RequestForm, RetentionForm, WithdrawForm
from privacy.policies import can_configure_retention
from privacy.selectors import (
    consents_of,
    customer_of,
    requests_of,
    requests_visible_to,
    retention_preview,
    rule_in_force,
    rules_shown,
    runs_all,
    runs_recent,
)
from privacy.services import copy_take, request_record, request_withdraw, retention_change
from staff.policies import can_read_retention

RUNS_SHOWN = 50
ITEMS_SHOWN = 500
CONSENT_TEXT = "2026-1"  # proposed in the form; the store writes its own number


@require_safe
def customer_privacy(request: Request, pk: int) -> HttpResponse:
    return _customer_page(request, pk)


def _customer_page(request: Request, pk: int, form: Any = None, status: int = 200) -> HttpResponse:
    customer = customer_of(request.user, pk)
    form = form or ConsentForm(initial={"text_version": CONSENT_TEXT})
    opportunity = customer.opportunities.visible_to(request.user).order_by("-opened_at").first()
    context = {
        "customer": customer,
        "opportunity": opportunity,
        "consents": list(consents_of(customer)),
        "requests": list(requests_of(customer)),
        "form": form,
        "now": clock.now(),
        "copy_kind": RequestKind.COPY,
        "active": "customers",
    }
    return render(request, "privacy/customer_privacy.html", context, status=422 if form.errors else status)


@require_POST
def consent_new(request: Request, pk: int) -> HttpResponse:
    customer = customer_of(request.user, pk)
    form = ConsentForm(request.POST)
    if form.is_valid():
        with report_errors(form):
            consent_give(customer_id=customer.pk, given_at=clock.now(), by=request.user, **form.cleaned_data)
    if form.errors:
        return _customer_page(request, pk, form)
    messages.success(request, _("The consent is recorded."))
    return redirect("privacy:customer-privacy", pk=pk)


@require_POST
def consent_end(request: Request, pk: int) -> HttpResponse:
    customer = customer_of(request.user, pk)
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        return _customer_page(request, pk, status=422)
    consent_withdraw(customer_id=customer.pk, purpose=form.cleaned_data["purpose"], by=request.user)
    messages.success(request, _("The consent is withdrawn."))
    return redirect("privacy:customer-privacy", pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def request_new(request: Request, pk: int) -> HttpResponse:
    customer = customer_of(request.user, pk)
    initial = {"kind": request.GET.get("kind", RequestKind.COPY)}
    form = RequestForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        with report_errors(form):
            request_record(customer_id=customer.pk, by=request.user, **form.cleaned_data)
    if form.is_bound and form.is_valid():
        messages.success(request, _("The request waits for a manager."))
        return redirect("privacy:customer-privacy", pk=pk)
    context = {"form": form, "customer": customer, "action": request.path, "active": "customers"}
    return render(request, "privacy/request_new.html", context, status=422 if form.errors else 200)


@require_POST
def request_end(request: Request, pk: int) -> HttpResponse:
    row = get_object_or_404(requests_visible_to(request.user), pk=pk)
    try:
        request_withdraw(request_id=row.pk, by=request.user)
    except DomainError as error:
        messages.error(request, error.text)
    else:
        messages.success(request, _("The request is taken back."))
    return redirect("privacy:customer-privacy", pk=row.customer_id)


@require_POST
@rate_limited("export")
def copy_download(request: Request, pk: int) -> HttpResponse:
    row = get_object_or_404(requests_visible_to(request.user), pk=pk)
    if row.recorded_by_id != request.user.pk:
        raise PermissionDenied
    try:
        name, content = copy_take(request_id=row.pk, by=request.user, meta=meta_of(request))
    except DomainError as error:
        messages.error(request, error.text)
        return redirect("privacy:customer-privacy", pk=row.customer_id)
    answer = HttpResponse(content, content_type="application/zip")
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return answer


@require_safe
def retention_list(request: Request) -> HttpResponse:
    if not can_read_retention(request.user):
        raise PermissionDenied
    today = clock.today()
    data_class = request.GET.get("preview", "")
    rule = rule_in_force(data_class, today) if data_class in DataClass.values else None
    context = {
        "rules": [(row, row.valid_from > today) for row in rules_shown(today)],
        "runs": list(runs_recent(request.user, RUNS_SHOWN)),
        "preview": retention_preview(rule.data_class, rule.keep_days) if rule else None,
        "previewed": rule,
        "may_change": can_configure_retention(request.user),
        "active": "retention",
    }
    return render(request, "privacy/retention_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def retention_edit(request: Request, data_class: str) -> HttpResponse:
    if not can_configure_retention(request.user):
        raise PermissionDenied
    rule = rule_in_force(data_class, clock.today()) if data_class in DataClass.values else None
    if rule is None:
        raise Http404
    initial = {"valid_from": clock.today() + timedelta(days=1)}
    form = RetentionForm(request.POST if request.method == "POST" else None, instance=rule, initial=initial)
    if form.is_valid():
        with report_errors(form):
            retention_change(data_class=data_class, by=request.user, **form.cleaned_data)
    if form.is_bound and form.is_valid():
        messages.success(request, _("The new period is recorded."))
        return redirect("privacy:retention-list")
    context = {"form": form, "rule": rule, "action": request.path, "active": "retention"}
    return render(request, "privacy/retention_edit.html", context, status=422 if form.errors else 200)


@require_safe
def run_detail(request: Request, pk: int) -> HttpResponse:
    """The evidence of one run; the names on a list are read by the managers of the store only."""
    if not can_read_retention(request.user):
        raise PermissionDenied
    run = get_object_or_404(runs_all(), pk=pk)
    reads_names = not can_configure_retention(request.user) and run.store_id == request.user.store_id
    if run.store_id not in (None, request.user.store_id):
        raise Http404
    items = run.items.select_related("customer").order_by("last_at", "pk")[:ITEMS_SHOWN] if reads_names else []
    context = {"run": run, "items": items, "reads_names": reads_names, "active": "retention"}
    return render(request, "privacy/run_detail.html", context)
