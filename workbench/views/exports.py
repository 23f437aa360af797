"""Taking the customer list away as a file."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from approvals.selectors import request_pending
from core.access_log import meta_of
from core.errors import Conflict
from core.exports import file_response
from core.forms import report_errors
from core.pagination import Key, keyset_page
from core.requests import Request
from workbench.enums import EXPORT, EXPORT_SUBJECT
from workbench.filters import ListFilter
from workbench.forms import ExportForm
from workbench.models import CustomerExport
from workbench.policies import can_export, ensure_can_export
from workbench.selectors.exports import export_rows, export_rule, exports_of, filter_words
from workbench.selectors.lists import filter_lists, saved_view
from workbench.services import export_download as download
from workbench.services import export_request
from workbench.views.answers import status_of
from workbench.views.lists import kept_query

ORDER = (Key("created_at", desc=True), Key("id", desc=True))


@login_required
@require_http_methods(["GET", "POST"])
def export_new(request: Request) -> HttpResponse:
    """What would be in the file, and whether somebody else has to agree."""
    ensure_can_export(request.user)
    view = saved_view(request.user, request.GET.get("view"))
    narrowed = ListFilter(request.GET, choices=filter_lists(request.user))
    form = ExportForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with report_errors(form):
            made = export_request(view=view.key, filters=narrowed.chosen, by=request.user, **form.cleaned_data)
            url = resolve_url("workbench:export-detail", pk=made.pk)
            return HttpResponseClientRedirect(url) if request.htmx else redirect(url)
    rule = export_rule()
    rows = export_rows(request.user, view=view.key, filters=narrowed.chosen)[: rule.rows_at_most + 1].count()
    asked = CustomerExport(requested_by=request.user, view=view.key, filters=narrowed.chosen)
    context: dict[str, Any] = {
        "active": "customers",
        "form": form,
        "rule": rule,
        "rows": rows,
        "is_too_many": rows > rule.rows_at_most,
        "needs_approval": rows > rule.rows_without_approval,
        "words": filter_words([asked])[asked.pk],
        "action": f"{resolve_url('workbench:export-new')}?{kept_query(view.key, narrowed.chosen)}",
    }
    return render(request, "workbench/export_new.html", context, status=status_of(form))


@login_required
@require_GET
def export_list(request: Request) -> HttpResponse:
    page = keyset_page(exports_of(request.user), order=ORDER, cursor=request.GET.get("cursor"))
    context = {"active": "customers", "page": page, "rows": [(row, words) for row, words in _worded(page.items)]}
    return render(request, "workbench/export_list.html", context)


def _worded(exports: list[CustomerExport]) -> list[tuple[CustomerExport, Any]]:
    words = filter_words(exports)
    return [(export, words[export.pk]) for export in exports]


@login_required
@require_GET
def export_detail(request: Request, pk: int) -> HttpResponse:
    """How far it is; the card asks again by itself while it is not finished."""
    return _detail(request, _own(request, pk))


def _own(request: Request, pk: int) -> CustomerExport:
    return get_object_or_404(exports_of(request.user), pk=pk)


def _detail(request: Request, export: CustomerExport, *, status: int = 200) -> HttpResponse:
    context = {
        "active": "customers",
        "export": export,
        "words": filter_words([export])[export.pk],
        "can_export": can_export(request.user),
        "approval": request_pending(kind=EXPORT, subject_type=EXPORT_SUBJECT, subject_id=export.pk),
    }
    is_card = request.htmx.target == "export"
    template = "workbench/_export_card.html" if is_card else "workbench/export_detail.html"
    return render(request, template, context, status=status)


@login_required
@require_POST
def export_download(request: Request, pk: int) -> HttpResponse:
    """The file, for the one who asked, while it exists."""
    export = _own(request, pk)
    try:
        return file_response(download(export_id=export.pk, by=request.user, request_meta=meta_of(request)))
    except Conflict as conflict:
        messages.error(request, conflict.text)
        return _detail(request, _own(request, pk), status=409)
