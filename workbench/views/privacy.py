"""Numbers and pictures of documents: written, looked at with a reason and the password, deleted."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import Http404, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from core.access_log import meta_of
from core.enums import AccessAction, AccessResult
from core.forms import report_errors
from core.identity_numbers import NumberKind
from core.models import PrivateFile
from core.requests import Request
from customers.enums import DataClass, DocumentKind
from customers.models import CustomerIdentity
from customers.selectors import access_reasons, document_of, identity_of, privacy_policy
from customers.services import (
    IdentityEntry,
    access_refused_log,
    document_add,
    document_show,
    document_shred,
    identity_delete,
    identity_reveal,
    identity_save,
)
from opportunities.models import Opportunity
from workbench.forms import DeleteForm, DocumentForm, IdentityForm, ReasonForm
from workbench.views.answers import saved, status_of
from workbench.views.people import page_url, workable

# What a file of somebody may do in the browser that shows it: nothing (reliability.md 4.5).
FILE_POLICY = "default-src 'none'; sandbox"


def _kind(kind: str) -> NumberKind:
    if kind not in NumberKind.values:
        raise Http404
    return NumberKind(kind)


def _identity(opportunity: Opportunity, kind: str) -> CustomerIdentity:
    row = identity_of(opportunity.customer_id, _kind(kind))
    if row is None:
        raise Http404
    return row


def _document(opportunity: Opportunity, file_id: int) -> PrivateFile:
    row = document_of(opportunity.customer_id, file_id)
    if row is None:
        raise Http404
    return row


def _back(opportunity: Opportunity) -> str:
    return f"{page_url(opportunity)}?tab=profile"


@sensitive_post_parameters("number")
@login_required
@require_http_methods(["GET", "POST"])
def identity_edit(request: Request, pk: int, kind: str) -> HttpResponse:
    opportunity = workable(request, pk)
    number_kind = _kind(kind)
    identity = identity_of(opportunity.customer_id, number_kind)
    form = IdentityForm(request.POST if request.method == "POST" else None, kind=number_kind, identity=identity)
    if form.is_valid():
        with report_errors(form):
            identity_save(
                customer_id=opportunity.customer_id,
                kind=number_kind,
                entry=IdentityEntry(**form.cleaned_data),
                by=request.user,
                meta=meta_of(request),
            )
            return saved(request, back=_back(opportunity), title=_("Document saved"), text=str(number_kind.label))
    context = {
        "form": form,
        "identity": identity,
        "kind": number_kind,
        "action": resolve_url("workbench:identity-edit", pk=pk, kind=kind),
    }
    return _answer(request, "workbench/identity_edit.html", opportunity, context)


@sensitive_post_parameters("password")
@login_required
@require_http_methods(["GET", "POST"])
def identity_show(request: Request, pk: int, kind: str) -> HttpResponse:
    """Ask why; then the number in full, masked again after the seconds of the policy."""
    opportunity = workable(request, pk)
    identity = _identity(opportunity, kind)
    form = _reason_form(request, opportunity, DataClass.IDENTITY)
    if form.is_valid():
        with report_errors(form):
            number = identity_reveal(
                identity_id=identity.pk, reason=form.cleaned_data["reason"], by=request.user, meta=meta_of(request)
            )
            return _shown(request, opportunity, identity, number)
    _log_refusal(request, opportunity, form, action=AccessAction.REVEAL, field=kind)
    context = {
        "form": form,
        "what": identity.get_kind_display(),
        "action": resolve_url("workbench:identity-show", pk=pk, kind=kind),
    }
    return _answer(request, "workbench/access_reason.html", opportunity, context)


def _shown(request: Request, opportunity: Opportunity, identity: CustomerIdentity, number: str) -> HttpResponse:
    seconds = privacy_policy(opportunity.store_id).shown_seconds
    context = {
        "identity": identity,
        "number": number,
        "seconds": seconds,
        "opportunity": opportunity,
        "can_work": True,
        "active": "customers",
    }
    if not request.htmx:
        response = render(request, "workbench/identity_shown.html", context)
        response["Refresh"] = f"{seconds}; url={_back(opportunity)}"
        return response
    response = render(request, "workbench/_identity.html", context)
    response["HX-Retarget"], response["HX-Reswap"] = f"#identity-{identity.kind}", "outerHTML"
    response["HX-Trigger"] = "sheet:close"
    return response


@login_required
@require_http_methods(["GET", "POST"])
def identity_remove(request: Request, pk: int, kind: str) -> HttpResponse:
    opportunity = workable(request, pk)
    identity = _identity(opportunity, kind)
    return _remove(
        request,
        opportunity,
        partial(identity_delete, kind=identity.kind),
        what=identity.get_kind_display(),
        action=resolve_url("workbench:identity-delete", pk=pk, kind=kind),
        title=_("Number deleted"),
    )


@login_required
@require_http_methods(["GET", "POST"])
def document_new(request: Request, pk: int) -> HttpResponse:
    opportunity = workable(request, pk)
    is_sent = request.method == "POST"
    form = DocumentForm(request.POST if is_sent else None, request.FILES if is_sent else None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        with report_errors(form):
            document_add(
                customer_id=opportunity.customer_id,
                kind=form.cleaned_data["kind"],
                purpose=form.cleaned_data["purpose"],
                name=file.name,
                content=file.read(),
                by=request.user,
                meta=meta_of(request),
            )
            return saved(request, back=_back(opportunity), title=_("Document saved"))
    context = {"form": form, "action": resolve_url("workbench:document-new", pk=pk)}
    return _answer(request, "workbench/document_new.html", opportunity, context)


@sensitive_post_parameters("password")
@login_required
@require_http_methods(["GET", "POST"])
def document_view(request: Request, pk: int, file_id: int) -> HttpResponse:
    """Ask why; then the picture itself, in a window of its own that can do nothing."""
    opportunity = workable(request, pk)
    row = _document(opportunity, file_id)
    form = _reason_form(request, opportunity, DataClass.DOCUMENT)
    if form.is_valid():
        with report_errors(form):
            shown = document_show(
                customer_id=opportunity.customer_id,
                file_id=row.pk,
                reason=form.cleaned_data["reason"],
                by=request.user,
                meta=meta_of(request),
            )
            response = HttpResponse(shown.content, content_type=shown.media_type)
            response["Content-Disposition"] = content_disposition_header(not row.is_image, shown.name) or ""
            response["Content-Security-Policy"] = FILE_POLICY
            response["X-Content-Type-Options"] = "nosniff"
            response["Cache-Control"] = "no-store, private"
            return response
    _log_refusal(request, opportunity, form, action=AccessAction.FILE_VIEW, field=row.kind)
    context = {
        "form": form,
        "what": DocumentKind(row.kind).label,
        "opens_window": True,
        "action": resolve_url("workbench:document-view", pk=pk, file_id=file_id),
    }
    return _answer(request, "workbench/access_reason.html", opportunity, context)


@login_required
@require_http_methods(["GET", "POST"])
def document_remove(request: Request, pk: int, file_id: int) -> HttpResponse:
    opportunity = workable(request, pk)
    row = _document(opportunity, file_id)
    return _remove(
        request,
        opportunity,
        partial(document_shred, file_id=row.pk),
        what=str(DocumentKind(row.kind).label),
        action=resolve_url("workbench:document-delete", pk=pk, file_id=file_id),
        title=_("Document deleted"),
    )


def _remove(
    request: Request, opportunity: Opportunity, remove: Callable[..., object], *, what: str, action: str, title: str
) -> HttpResponse:
    """Ask why, then delete: a number or a picture of a document."""
    form = DeleteForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        with report_errors(form):
            remove(customer_id=opportunity.customer_id, reason=reason, by=request.user, meta=meta_of(request))
            return saved(request, back=_back(opportunity), title=title)
    context = {"form": form, "what": what, "action": action}
    return _answer(request, "workbench/document_delete.html", opportunity, context)


def _reason_form(request: Request, opportunity: Opportunity, data_class: str) -> ReasonForm:
    return ReasonForm(
        request.user,
        request.POST if request.method == "POST" else None,
        reasons=access_reasons(data_class),
        is_password_asked=privacy_policy(opportunity.store_id).is_password_asked,
    )


def _log_refusal(request: Request, opportunity: Opportunity, form: ReasonForm, *, action: str, field: str) -> None:
    """A wrong password and one look too many stand in the log too; the transaction of the look is gone."""
    result = None
    if form.has_error("password", "wrong"):
        result = AccessResult.WRONG_PASSWORD
    elif form.has_error(NON_FIELD_ERRORS, "hourly"):
        result = AccessResult.LIMITED
    if result is not None:
        access_refused_log(
            customer_id=opportunity.customer_id,
            action=action,
            field=field,
            result=result,
            by=request.user,
            meta=meta_of(request),
        )


def _answer(request: Request, template: str, opportunity: Opportunity, context: dict[str, Any]) -> HttpResponse:
    context |= {"opportunity": opportunity, "active": "customers"}
    return render(request, template, context, status=status_of(context["form"]))
