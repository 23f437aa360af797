"""Registering somebody who called, wrote or walked in (design 16, the form; 05, the look-up)."""

import re
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.access_log import meta_of
from core.answers import saved
from core.decorators import rate_limited
from core.forms import new_key, report_errors
from core.phones import normalize_phone
from core.requests import Request, is_fragment
from core.templatetags.ui import day
from customers.services import phone_lookup_log
from leads.enums import LeadKind
from leads.forms import LookupForm, RegisterForm, window_tiles
from leads.selectors import areas_of_store, holder_of, lead_of, may_open, planned_of, sees
from leads.services import RegisterResult, lead_register
from staff.models import User
from staff.policies import can_register_leads, ensure

LOOKUP_FROM_DIGITS = 7


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def lead_register_view(request: Request) -> HttpResponse:
    """Six items and a number; saving plans the callbacks at once (R-050, R-070, R-071, R-077)."""
    by = request.user
    ensure(can_register_leads(by))
    if request.method != "POST":
        kind = request.GET.get("kind", "")
        initial = {"kind": kind if kind in LeadKind.values else LeadKind.CALL, "key": new_key()}
        initial |= {name: request.GET.get(name, "")[:60] for name in ("phone", "name")}
        return _register_page(request, RegisterForm(by=by, initial=initial))
    form = RegisterForm(request.POST, by=by)
    if form.is_valid():
        with report_errors(form):
            return _registered(request, _register(form, by), by=by)
    return _register_page(request, form)


def _register(form: RegisterForm, by: User) -> RegisterResult:
    key = form.cleaned_data["key"]
    return lead_register(
        store_id=by.store_id or 0,
        data=form.lead_input(),
        owner=form.cleaned_data.get("owner"),
        by=by,
        idempotency_key=f"{by.pk}:{key}" if key else None,
    )


def _register_page(request: Request, form: RegisterForm, **context: Any) -> HttpResponse:
    by = request.user
    kind = form["kind"].value()
    filled = form.filled
    context |= {
        "form": form,
        "kind": kind if kind in LeadKind.values else LeadKind.CALL,
        "kinds": LeadKind.choices,
        "windows": window_tiles(),
        "areas": areas_of_store(by.store_id or 0),
        "filled": filled,
        "filled_count": sum(filled.values()),
        "sheet_base": "core/_sheet.html" if is_fragment(request) else "core/sheet_page.html",
        "is_page": not is_fragment(request),
        "action": request.path,
    }
    return render(request, "leads/lead_register.html", context, status=422 if form.errors else 200)


def _registered(request: Request, result: RegisterResult, *, by: User) -> HttpResponse:
    """Tell what was stored and what is promised now; a second submit of the same form tells the same.

    Whoever may not see the customer reads the own words again: that the number is known, and nothing it is known by.
    """
    is_visible = sees(by, result.opportunity)
    title = _("%(name)s registered") if result.is_new else _("%(name)s is known; the contact is noted")
    title %= {"name": result.customer.name if is_visible else result.lead.name}
    text = _promises(result.opportunity.pk) if is_visible else _("The owner stays and hears of this contact")
    if not is_fragment(request):
        messages.success(request, title)
        return redirect("leads:lead-registered", pk=result.lead.pk)
    detail = {"opportunity": result.opportunity.pk}
    return saved(request, back="", title=title, text=text, event="callback:changed", detail=detail)


def _promises(opportunity_id: int) -> str:
    """ "Same-day message Sat 21 Nov 18:00 · First callback Mon 23 Nov 18:00"."""
    return " · ".join(
        f"{row.get_rule_code_display()} {day(row.due_at)} {timezone.localtime(row.due_at):%H:%M}"
        for row in planned_of(opportunity_id)
    )


@require_GET
@login_required
def lead_registered(request: Request, pk: int) -> HttpResponse:
    """What was stored, who owns it and which callbacks are planned."""
    lead = get_object_or_404(lead_of(request.user, pk))
    is_visible = may_open(request.user, lead.opportunity_id)
    context = {
        "lead": lead,
        "called": lead.customer.name if is_visible else lead.name,
        "wanted": lead.opportunity.wanted if is_visible else "",
        "planned": planned_of(lead.opportunity_id) if is_visible else [],
        "is_visible": is_visible,
    }
    return render(request, "leads/lead_registered.html", context)


@require_POST
@login_required
@rate_limited("lookup")
def lead_lookup(request: Request) -> HttpResponse:
    """Who holds a number, since when and why, and nothing else about the customer; every hit is logged.

    Without htmx the whole form comes back with the answer in it.
    """
    by = request.user
    ensure(can_register_leads(by))
    context = _lookup(request, by)
    if is_fragment(request):
        return render(request, "leads/_lookup.html", context | {"is_answer": True})
    form = RegisterForm(by=by, initial={name: request.POST.get(name, "") for name in RegisterForm.base_fields})
    return _register_page(request, form, **context)


def _lookup(request: Request, by: User) -> dict[str, Any]:
    typed = request.POST.get("phone", "")[:40]
    if len(re.sub(r"\D", "", typed)) < LOOKUP_FROM_DIGITS:
        return {"lookup": "none"}
    form = LookupForm(request.POST)
    if not form.is_valid():
        is_short = any(error.code in ("too_short", "area_code_missing") for error in form.errors.as_data()["phone"])
        return {"lookup": "typing" if is_short else "invalid", "reason": form.errors["phone"][0]}
    holder = holder_of(store_id=by.store_id or 0, phone=normalize_phone(form.cleaned_data["phone"]))
    if holder is None:
        return {"lookup": "new"}
    opportunity = holder.opportunity
    phone_lookup_log(customer_id=holder.customer_id, by=by, meta=meta_of(request))
    return {"lookup": "known", "holder": holder, "is_visible": may_open(by, opportunity.pk if opportunity else None)}
