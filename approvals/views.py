"""What waits for a person, one after the other, and what became of what the person asked."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from approvals import services
from approvals.forms import APPROVE, SEND_BACK, DecisionForm
from approvals.models import ApprovalRequest
from approvals.policies import can_decide, can_withdraw
from approvals.selectors import (
    VIEWS,
    history_of,
    is_decider,
    line,
    lines,
    place_of,
    requests_of_view,
    requests_visible_to,
    waiting_lines,
)
from core.errors import Conflict, DomainError
from core.forms import report_errors
from core.pagination import Key, keyset_page
from core.requests import Request

PAGE_SIZE = 20


@require_GET
@login_required
def inbox(request: Request) -> HttpResponse:
    """What waits for me, what I asked, what I decided."""
    user = request.user
    default = "waiting" if is_decider(user) else "mine"
    view = request.GET.get("view", default)
    view = view if view in VIEWS else default
    oldest_first = view == "waiting"
    order = (Key("created_at", desc=not oldest_first), Key("id", desc=not oldest_first))
    page = keyset_page(requests_of_view(user, view), order=order, cursor=request.GET.get("cursor"), size=PAGE_SIZE)
    context = {
        "active": "approvals",
        "view": view,
        "views": [(key, label) for key, label in VIEWS.items() if key == "mine" or is_decider(user)],
        "page": page,
        "lines": lines(page.items),
    }
    return render(request, "approvals/approval_inbox.html", context)


@require_GET
@login_required
def request_detail(request: Request, pk: int) -> HttpResponse:
    """One request; with ?decide=… the question before the decision, which cannot be taken back."""
    form = DecisionForm() if request.GET.get("decide") in (APPROVE, SEND_BACK) else None
    return _detail(request, _visible(request, pk), form=form, decision=request.GET.get("decide", ""))


@require_POST
@login_required
def request_decide(request: Request, pk: int) -> HttpResponse:
    """Then the next one that waits; 409 when somebody was faster or the subject has changed."""
    row = _visible(request, pk)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _detail(request, row, form=form, decision=request.POST.get("decision", ""), status=422)
    following = place_of(request.user, row).next_id
    comment = form.cleaned_data["comment"]
    with report_errors(form):
        try:
            services.approval_decide(request_id=row.pk, approve=form.is_approval, comment=comment, by=request.user)
        except Conflict as conflict:
            return _detail(request, _visible(request, pk), notice=conflict.text, status=409)
    if not form.is_valid():
        return _detail(request, row, form=form, decision=form.cleaned_data["decision"], status=422)
    messages.success(request, _("Approved") if form.is_approval else _("Sent back"))
    return redirect("approvals:request-detail", following) if following else redirect("approvals:inbox")


@require_POST
@login_required
def request_withdraw(request: Request, pk: int) -> HttpResponse:
    row = _visible(request, pk)
    try:
        services.approval_withdraw(request_id=row.pk, by=request.user)
    except DomainError as error:
        return _detail(request, _visible(request, pk), notice=error.text, status=409)
    messages.success(request, _("Taken back"))
    url = line(row).card.url if request.POST.get("next") == "subject" else ""
    return redirect(url or resolve_url("approvals:request-detail", row.pk))


def _visible(request: Request, pk: int) -> ApprovalRequest:
    rows = requests_visible_to(request.user).select_related("requested_by", "decided_by", "store")
    return get_object_or_404(rows, pk=pk)


def _detail(
    request: Request,
    row: ApprovalRequest,
    *,
    form: DecisionForm | None = None,
    decision: str = "",
    notice: str = "",
    status: int = 200,
) -> HttpResponse:
    user = request.user
    may_decide = row.is_pending and can_decide(user, row)
    shown = line(row)
    context: dict[str, Any] = {
        "active": "approvals",
        "approval": row,
        "kind": shown.kind,
        "card": shown.card,
        "can_decide": may_decide,
        "can_withdraw": can_withdraw(user, row),
        "place": place_of(user, row),
        "waiting": waiting_lines(user) if may_decide else [],
        "history": history_of(subject_type=row.subject_type, subject_id=row.subject_id, without=row),
        "form": form if may_decide else None,
        "decision": decision,
        "notice": notice,
    }
    return render(request, "approvals/approval_detail.html", context, status=status)
