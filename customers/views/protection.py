"""Settings: how much protected data may be looked at, and for which reasons."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core import clock, history
from core.answers import refused
from core.errors import DomainError
from core.forms import report_errors
from core.policies import ensure_can_configure
from core.requests import Request
from customers.forms import AccessReasonForm, PolicyForm
from customers.models import AccessReason, PrivacyPolicy
from customers.selectors import policies_shown, policy_effect, privacy_policy, reasons_offered
from customers.services import access_reason_add, access_reason_end, privacy_policy_change
from staff.policies import configures_all_stores
from staff.selectors.organisation import administered_stores

CHANGES = 5
PAGE = "customers:protection"


def _page(
    request: Request,
    *,
    form: PolicyForm | None = None,
    reason_form: AccessReasonForm | None = None,
    tried: PrivacyPolicy | None = None,
    status: int = 200,
) -> HttpResponse:
    """`tried`: numbers that were typed and not saved; the effect is theirs."""
    stores = list(administered_stores(request.user))
    current = privacy_policy(request.user.store_id or 0)
    context = {
        "active": "protection",
        "today": clock.today(),
        "policies": policies_shown([store.pk for store in stores]),
        "reasons": reasons_offered(),
        "form": form or _form(request, current),
        "reason_form": reason_form or AccessReasonForm(),
        "effect": policy_effect(tried or current, [store.pk for store in stores]),
        "is_tried": tried is not None,
        "changes": history.changes(user=request.user, key="privacy", limit=CHANGES),
    }
    return render(request, "customers/protection.html", context, status=status)


def _form(request: Request, current: PrivacyPolicy | None = None) -> PolicyForm:
    stores, for_all = administered_stores(request.user), configures_all_stores(request.user)
    if current is None:
        return PolicyForm(stores, for_all=for_all, data=request.POST)
    return PolicyForm(
        stores, for_all=for_all, initial=PolicyForm.initial_of(current, valid_from=clock.today() + timedelta(days=1))
    )


@require_GET
@login_required
def protection(request: Request) -> HttpResponse:
    ensure_can_configure(request.user)
    return _page(request)


@require_POST
@login_required
def policy_new(request: Request) -> HttpResponse:
    """With `preview` nothing is saved: the page tells what the numbers would have done."""
    ensure_can_configure(request.user)
    form = _form(request)
    if form.is_valid() and "preview" in request.POST:
        return _page(request, form=form, tried=form.numbers())
    if form.is_valid():
        values = dict(form.cleaned_data)
        with report_errors(form):
            privacy_policy_change(store=values.pop("store"), values=values, by=request.user)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    messages.success(request, _("Saved; it counts from the day on that you chose."))
    return redirect(PAGE)


@require_POST
@login_required
def reason_new(request: Request) -> HttpResponse:
    ensure_can_configure(request.user)
    form = AccessReasonForm(request.POST)
    if form.is_valid():
        with report_errors(form):
            access_reason_add(**form.cleaned_data, by=request.user)
    if not form.is_valid():
        return _page(request, reason_form=form, status=422)
    messages.success(request, _("Saved; it counts from now on."))
    return redirect(PAGE)


@require_POST
@login_required
def reason_end(request: Request, pk: int) -> HttpResponse:
    ensure_can_configure(request.user)
    reason = get_object_or_404(AccessReason, pk=pk)
    try:
        access_reason_end(reason_id=reason.pk, by=request.user)
    except DomainError as error:
        return refused(request, back=PAGE, text=error.text)
    messages.success(request, _("Saved; it counts from now on."))
    return redirect(PAGE)
