"""The customer as a person: numbers, data, the wish not to be contacted."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from core.access_log import meta_of
from core.enums import AccessAction, AccessResult
from core.errors import DomainError, LimitReached
from core.forms import report_errors
from core.phones import national, normalize_phone
from core.requests import Request
from core.text import whole_number
from customers.defaults import FIRST_REASON
from customers.models import CustomerPhone
from customers.services import access_refused_log, customer_update, do_not_contact_set, phone_add, phone_reveal
from opportunities.models import Opportunity
from opportunities.policies import is_concerned
from opportunities.selectors import opportunities_visible_to
from staff.policies import ensure
from workbench.forms import PhoneForm, ProfileForm
from workbench.selectors.detail import phone_of
from workbench.views.answers import refused, saved, status_of


def _visible(request: Request, pk: int) -> Opportunity:
    return get_object_or_404(opportunities_visible_to(request.user), pk=pk)


def workable(request: Request, pk: int) -> Opportunity:
    """One that the person works with: sight of the store alone changes no customer."""
    opportunity = _visible(request, pk)
    ensure(is_concerned(request.user, opportunity))
    return opportunity


def page_url(opportunity: Opportunity) -> str:
    return resolve_url("workbench:opportunity-detail", pk=opportunity.pk)


@login_required
@require_POST
def opportunity_phone(request: Request, pk: int) -> HttpResponse:
    """Show or dial a number: the look is logged first, then the number leaves the house (reliability.md 30).

    `?phone=` names one of the customer's numbers, else it is the main one (with `sms` the mobile one); with `call` the
    answer dials it, with `sms` it opens the messages of the device.
    """
    opportunity = _visible(request, pk)
    is_sms = "sms" in request.POST
    phone = phone_of(opportunity, whole_number(request.GET.get("phone")), is_mobile=is_sms)
    if phone is None:
        raise Http404
    is_dialled = is_sms or "call" in request.POST
    try:
        shown = phone_reveal(
            phone_id=phone.pk,
            reason=request.POST.get("reason") or FIRST_REASON,
            is_dialled=is_dialled,
            by=request.user,
            meta=meta_of(request),
        )
    except DomainError as error:
        return _not_shown(request, opportunity, error, is_dialled=is_dialled)
    if is_sms and request.htmx:
        detail = {"tel": shown.number, "body": request.POST.get("body", "")[:1000]}
        return trigger_client_event(HttpResponse(status=204), "sms:start", detail)
    if "call" in request.POST:
        return _dial(request, opportunity, shown)
    context = {
        "phone": shown.number,
        "reveal_url": f"{resolve_url('workbench:phone-reveal', pk=pk)}?phone={shown.pk}",
        "record_url": resolve_url("followups:contact-log", pk),
        "opportunity": opportunity,
        "revealed": True,
        "active": "customers",
    }
    return render(request, "core/_phone.html" if request.htmx else "workbench/opportunity_phone.html", context)


def _not_shown(request: Request, opportunity: Opportunity, error: DomainError, *, is_dialled: bool) -> HttpResponse:
    """Too many in an hour: the refusal is logged, the number stays masked."""
    if isinstance(error, LimitReached):
        access_refused_log(
            customer_id=opportunity.customer_id,
            action=AccessAction.DIAL if is_dialled else AccessAction.REVEAL,
            field="phone",
            result=AccessResult.LIMITED,
            by=request.user,
            meta=meta_of(request),
        )
    return refused(request, back=page_url(opportunity), text=error.text)


def _dial(request: Request, opportunity: Opportunity, phone: CustomerPhone) -> HttpResponse:
    task = whole_number(request.POST.get("task"))
    record_url = resolve_url("followups:contact-log", opportunity.pk) + (f"?task={task}" if task else "")
    if not request.htmx:
        context = {"phone": phone.number, "opportunity": opportunity, "record_url": record_url, "active": "customers"}
        return render(request, "workbench/opportunity_phone.html", context)
    response = HttpResponse(status=204)
    title = _("Calling %(name)s") % {"name": opportunity.customer.name}
    trigger_client_event(response, "toast", {"level": "info", "title": title, "text": national(phone.number)})
    return trigger_client_event(response, "call:start", {"tel": phone.number, "record_url": record_url})


@login_required
@require_http_methods(["GET", "POST"])
def opportunity_phone_add(request: Request, pk: int) -> HttpResponse:
    opportunity = workable(request, pk)
    form = PhoneForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with report_errors(form):
            phone_add(
                customer_id=opportunity.customer_id,
                phone=normalize_phone(form.cleaned_data["phone"]),
                label=form.cleaned_data["label"],
                by=request.user,
            )
            return saved(request, back=page_url(opportunity), title=_("Number added"))
    return _form(request, "workbench/opportunity_phone_add.html", opportunity, form, "workbench:phone-add")


@login_required
@require_http_methods(["GET", "POST"])
def opportunity_profile(request: Request, pk: int) -> HttpResponse:
    opportunity = workable(request, pk)
    form = ProfileForm(request.POST if request.method == "POST" else None, customer=opportunity.customer)
    if form.is_valid():
        version = form.cleaned_data["version"]
        with report_errors(form):
            customer_update(customer_id=opportunity.customer_id, version=version, by=request.user, **form.changes())
            return saved(request, back=page_url(opportunity), title=_("Customer updated"))
    return _form(request, "workbench/opportunity_profile.html", opportunity, form, "workbench:opportunity-profile")


def _form(request: Request, template: str, opportunity: Opportunity, form: Any, url: str) -> HttpResponse:
    context = {"form": form, "opportunity": opportunity, "active": "customers"}
    context["action"] = resolve_url(url, pk=opportunity.pk)
    return render(request, template, context, status=status_of(form))


@login_required
@require_POST
def opportunity_contactable(request: Request, pk: int) -> HttpResponse:
    """The customer wants to be left alone (`on`), or not any more."""
    opportunity = workable(request, pk)
    is_on = request.POST.get("state") == "on"
    try:
        do_not_contact_set(customer_id=opportunity.customer_id, is_do_not_contact=is_on, by=request.user)
    except DomainError as error:
        return refused(request, back=page_url(opportunity), text=error.text)
    title = _("Marked: does not want to be contacted") if is_on else _("May be contacted again")
    return saved(request, back=page_url(opportunity), title=title)
