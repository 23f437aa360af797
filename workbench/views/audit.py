"""Who looked at whom, for managers and administrators."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from core.requests import Request
from opportunities.selectors import opportunities_visible_to
from staff.policies import can_configure, can_read_access_log, ensure
from workbench.forms import AuditForm
from workbench.selectors.audit import (
    Filters,
    access_of_customer,
    audit_lines,
    audit_page,
    people_to_ask_about,
)


@login_required
@require_GET
def audit_log(request: Request) -> HttpResponse:
    """All looks of the store, narrowed to a person, a customer, a kind or days."""
    ensure(can_read_access_log(request.user))
    form = AuditForm(request.GET, people=people_to_ask_about(request.user))
    filters = form.filters() if form.is_valid() else Filters()
    page = audit_page(request.user, filters, cursor=request.GET.get("cursor"))
    context: dict[str, Any] = {
        "active": "audit",
        "can_read_changes": can_configure(request.user),
        "form": form,
        "page": page,
        "lines": audit_lines(request.user, page.items),
        "is_filtered": filters != Filters(),
    }
    return render(request, "workbench/audit_log.html", context)


@login_required
@require_GET
def customer_access(request: Request, pk: int) -> HttpResponse:
    """Everybody who looked at this customer: the answer to "who saw my data"."""
    opportunity = get_object_or_404(opportunities_visible_to(request.user), pk=pk)
    ensure(can_read_access_log(request.user))
    page = access_of_customer(opportunity.customer_id, cursor=request.GET.get("cursor"))
    context = {
        "active": "customers",
        "opportunity": opportunity,
        "page": page,
        "lines": audit_lines(request.user, page.items),
    }
    return render(request, "workbench/customer_access.html", context)
