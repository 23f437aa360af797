"""The steps of an import: upload, mapping, dry run, import (design 20)."""

from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.decorators import rate_limited
from core.errors import DomainError
from core.exports import FORMATS, file_response
from core.forms import report_errors
from core.pagination import Key, keyset_page
from core.requests import Request, is_fragment
from leads import services
from leads.enums import ImportState, LeadResult
from leads.forms import ConfirmForm, MappingForm, RowForm, UploadForm
from leads.models import LeadImport
from leads.selectors import earlier_import, imports_visible_to, kept_names, rows_shown
from leads.services.import_progress import rows_done
from leads.services.import_report import import_report_file
from staff.policies import can_import_leads, ensure

ROWS_PAGE = 20
SAMPLES = 3
FILTERS = ("problems", *(str(result) for result in LeadResult))


def _import(request: Request, pk: int) -> LeadImport:
    return get_object_or_404(imports_visible_to(request.user), pk=pk)


def _refused(request: Request, error: ValidationError) -> None:
    messages.error(request, " ".join(error.messages))


@require_GET
@login_required
def import_list(request: Request) -> HttpResponse:
    """Step 1, and what was imported before."""
    ensure(can_import_leads(request.user))
    return _upload_page(request, UploadForm())


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@rate_limited("upload", methods=("POST",))
def import_upload_view(request: Request) -> HttpResponse:
    by = request.user
    ensure(can_import_leads(by))
    if request.method != "POST":
        return redirect("leads:import-list")
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        with report_errors(form):
            made = services.import_upload(
                store_id=by.store_id or 0, name=file.name, content=file.read(services.MAX_BYTES + 1), by=by
            )
            return redirect("leads:import-mapping", pk=made.pk)
    return _upload_page(request, form)


def _upload_page(request: Request, form: UploadForm) -> HttpResponse:
    page = keyset_page(imports_visible_to(request.user), order=[Key("pk", desc=True)], cursor=request.GET.get("cursor"))
    context = {"form": form, "page": page, "active": "import", "step": 1}
    return render(request, "leads/import_list.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def import_mapping(request: Request, pk: int) -> HttpResponse:
    """Step 2: what the columns mean, guessed and editable; then the dry run."""
    lead_import = _import(request, pk)
    if lead_import.state not in (ImportState.UPLOADED, ImportState.CHECKED):
        return redirect("leads:import-progress", pk=pk)
    bound = request.POST if request.method == "POST" else None
    initial = {"default_channel": lead_import.options.get("default_channel_id")}
    form = MappingForm(bound, header=lead_import.header, mapping=lead_import.mapping, initial=initial)
    if form.is_valid():
        channel = form.cleaned_data["default_channel"]
        with report_errors(form):
            services.import_map(
                import_id=pk,
                mapping=form.mapping,
                default_channel_id=channel.pk if channel else None,
                by=request.user,
            )
            return redirect("leads:import-check", pk=pk)
    return _mapping_page(request, lead_import, form)


def _mapping_page(request: Request, lead_import: LeadImport, form: MappingForm) -> HttpResponse:
    rows = list(lead_import.rows.order_by("row_no")[:SAMPLES])
    columns = [
        {
            "field": form[f"column_{column}"],
            "heading": heading,
            "samples": [row.raw[column] for row in rows if column < len(row.raw) and row.raw[column]],
        }
        for column, heading in enumerate(lead_import.header)
    ]
    context = {"lead_import": lead_import, "form": form, "columns": columns, "active": "import", "step": 2}
    return render(request, "leads/import_mapping.html", context, status=422 if form.errors else 200)


@require_GET
@login_required
def import_check(request: Request, pk: int) -> HttpResponse:
    """Step 3: what would become of every row. Nothing is written yet."""
    lead_import = _import(request, pk)
    if lead_import.state == ImportState.UPLOADED:
        return redirect("leads:import-mapping", pk=pk)
    if lead_import.state != ImportState.CHECKED:
        return redirect("leads:import-progress", pk=pk)
    return _check_page(request, lead_import, ConfirmForm(store_id=lead_import.store_id, initial={"has_consent": True}))


def _check_page(request: Request, lead_import: LeadImport, form: ConfirmForm) -> HttpResponse:
    show = _shown(request.GET)
    rows = rows_shown(lead_import, show)
    counts = lead_import.counts
    context = {
        "lead_import": lead_import,
        "form": form,
        "show": show,
        "filters": _filters(lead_import),
        "page": keyset_page(rows, order=[Key("row_no")], cursor=request.GET.get("cursor"), size=ROWS_PAGE),
        "earlier": earlier_import(lead_import),
        "to_write": counts["created"] + counts["chosen"],
        "active": "import",
        "step": 3,
    }
    template = "leads/_import_rows.html" if is_fragment(request) else "leads/import_check.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _shown(query: QueryDict) -> str:
    show = query.get("show", "")
    return show if show in FILTERS else "problems"


def _filters(lead_import: LeadImport) -> list[tuple[str, int]]:
    counts = lead_import.counts
    problems = counts["repeated"] + counts["rejected"]
    return [(name, problems if name == "problems" else counts[name]) for name in FILTERS]


@require_POST
@login_required
def import_row(request: Request, pk: int, row_no: int) -> HttpResponse:
    """Put one row right: its number, or what is done with a repeat. The figures change with it."""
    lead_import = _import(request, pk)
    form = RowForm(request.POST)
    error = ""
    try:
        if not form.is_valid():
            raise DomainError(_("This is too long."))
        if form.cleaned_data["resolution"]:
            row = services.row_resolve(
                import_id=pk, row_no=row_no, resolution=form.cleaned_data["resolution"], by=request.user
            )
        else:
            row = services.row_fix_phone(import_id=pk, row_no=row_no, phone=form.cleaned_data["phone"], by=request.user)
    except ValidationError as refusal:
        error = " ".join(refusal.messages)
        row = get_object_or_404(lead_import.rows, row_no=row_no)
    if not is_fragment(request):
        if error:
            messages.error(request, error)
        return redirect("leads:import-check", pk=pk)
    lead_import.refresh_from_db()
    context = {
        "lead_import": lead_import,
        "row": row,
        "error": error,
        "typed": request.POST.get("phone", "")[:40] if error else "",
        "to_write": lead_import.counts["created"] + lead_import.counts["chosen"],
        "show": _shown(QueryDict(urlsplit(request.headers.get("HX-Current-URL", "")).query)),
        "filters": _filters(lead_import),
        "is_answer": True,
    }
    return render(request, "leads/_import_row_answer.html", context, status=422 if error else 200)


@require_POST
@login_required
def import_confirm_view(request: Request, pk: int) -> HttpResponse:
    """Step 4: all of it or nothing."""
    lead_import = _import(request, pk)
    if lead_import.state not in (ImportState.UPLOADED, ImportState.CHECKED):
        return redirect("leads:import-progress", pk=pk)  # pressed twice
    if lead_import.state == ImportState.UPLOADED:
        return redirect("leads:import-mapping", pk=pk)
    form = ConfirmForm(request.POST, store_id=lead_import.store_id)
    if form.is_valid():
        with report_errors(form):
            services.import_confirm(import_id=pk, options=form.options(lead_import.file_name), by=request.user)
            return redirect("leads:import-progress", pk=pk)
    return _check_page(request, lead_import, form)


@require_GET
@login_required
def import_progress(request: Request, pk: int) -> HttpResponse:
    """How far a long import is; afterwards what it brought, the report and the way back."""
    lead_import = _import(request, pk)
    if lead_import.state in (ImportState.UPLOADED, ImportState.CHECKED):
        return redirect("leads:import-check", pk=pk)
    done = rows_done(pk) if lead_import.state == ImportState.QUEUED else None
    context = {
        "lead_import": lead_import,
        "done": done,
        "total": lead_import.counts.get("created", 0),
        "kept": kept_names(lead_import) if lead_import.state == ImportState.UNDONE else [],
        "can_undo": services.can_undo(lead_import),
        "active": "import",
        "step": 4,
    }
    template = "leads/_import_progress.html" if is_fragment(request) else "leads/import_progress.html"
    return render(request, template, context)


@require_GET
@login_required
def import_report(request: Request, pk: int) -> HttpResponse:
    """The result of every row as a file, numbers masked; ?show=problems for those that were not imported."""
    lead_import = _import(request, pk)
    wanted = request.GET.get("format", "")
    file = import_report_file(
        lead_import=lead_import,
        file_format=wanted if wanted in FORMATS else "csv",
        is_problems_only=request.GET.get("show") == "problems",
    )
    return file_response(file)


@require_POST
@login_required
def import_undo_view(request: Request, pk: int) -> HttpResponse:
    """Take the whole list back; customers whom somebody has worked with are kept."""
    _import(request, pk)
    try:
        services.import_undo(import_id=pk, by=request.user)
    except DomainError as error:
        _refused(request, error)
    return redirect("leads:import-progress", pk=pk)


@require_POST
@login_required
def import_discard_view(request: Request, pk: int) -> HttpResponse:
    """Forget a list that was not imported."""
    _import(request, pk)
    try:
        services.import_discard(import_id=pk, by=request.user)
    except DomainError as error:
        _refused(request, error)
    else:
        messages.success(request, _("The list is forgotten; nothing of it was imported."))
    return redirect("leads:import-list")
