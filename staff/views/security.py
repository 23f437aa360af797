"""The own second factor, PIN and sessions."""

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import rate_limits
from core.client_ip import client_ip
from core.errors import DomainError
from core.forms import report_errors
from core.requests import Request
from staff.forms.security import AppCodeForm, PinForm, ReasonForm
from staff.models import SecondFactor, User
from staff.policies import can_reset_second_factor, ensure, needs_second_factor
from staff.selectors.security import (
    factor_secret,
    has_pin,
    people_to_reset,
    recovery_codes_left,
    sessions_of,
)
from staff.services import second_factor as factor_services
from staff.services.devices import pin_remove, pin_set
from staff.services.sessions import sessions_end
from staff.sessions import public_name
from staff.views.answers import square
from staff.views.persons import page_of


@login_required
@require_safe
def security(request: Request) -> HttpResponse:
    own_key = request.session.session_key
    sessions = [
        {"row": row, "name": public_name(row.session_key), "is_here": row.session_key == own_key}
        for row in sessions_of(request.user)
    ]
    context = {
        "sessions": sessions,
        "has_others": len(sessions) > 1,
        "has_pin": has_pin(request.user),
        "codes_left": recovery_codes_left(request.user),
        "is_needed": needs_second_factor(request.user),
        "active": "account",
    }
    return render(request, "staff/security.html", context)


# ---- sessions ----------------------------------------------------------------------------------------------


@login_required
@require_POST
def session_end(request: Request) -> HttpResponse:
    """`name` names one session of the security page; without it every other one ends."""
    name, own_key = request.POST.get("name", ""), request.session.session_key
    keys = [row.session_key for row in sessions_of(request.user) if row.session_key != own_key]
    if name:
        keys = [key for key in keys if public_name(key) == name]
    ended = sessions_end(keys=keys, by=request.user, ip=client_ip(request))
    text = ngettext("%(count)s sign-in ended.", "%(count)s sign-ins ended.", ended)
    messages.success(request, text % {"count": ended})
    return redirect("staff:security")


# ---- PIN ---------------------------------------------------------------------------------------------------


@sensitive_post_parameters()
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def pin_change(request: Request) -> HttpResponse:
    form = PinForm(request.user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        with report_errors(form):
            pin_set(by=request.user, pin=form.cleaned_data["pin"], ip=client_ip(request))
    if form.is_bound and form.is_valid():
        messages.success(request, _("The PIN is set. It opens shared tablets after the password of the day."))
        return redirect("staff:security")
    context = {"form": form, "action": resolve_url("staff:pin-set"), "active": "account"}
    return render(request, "staff/pin.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def pin_delete(request: Request) -> HttpResponse:
    pin_remove(by=request.user, ip=client_ip(request))
    messages.success(request, _("The PIN is removed."))
    return redirect("staff:security")


# ---- second factor -----------------------------------------------------------------------------------------


def _may_try(request: Request, form: Any) -> bool:
    """Five codes in a quarter of an hour, wherever they are typed."""
    hit = rate_limits.count("second_factor", request.user.pk)
    if not hit.is_allowed:
        form.add_error(None, rate_limits.TOO_OFTEN % {"minutes": -(-hit.wait_s // 60)})
    return hit.is_allowed


def _picture(factor: SecondFactor, user: User) -> dict[str, Any]:
    """What the app reads from the square, and the key to be typed instead."""
    issuer = _("Shuncheng")
    query = urlencode({"secret": factor.secret, "issuer": issuer})
    address = f"otpauth://totp/{quote(issuer)}:{user.employee_number}?{query}"
    groups = [factor.secret[start : start + 4] for start in range(0, len(factor.secret), 4)]
    return {"square": square(address), "key": " ".join(groups)}


@sensitive_post_parameters()
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: Request) -> HttpResponse:
    """Switching it on: the square, then the first code. The recovery codes are the answer, once."""
    if request.user.second_factor_at is not None:
        return redirect("staff:security")
    form = AppCodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _may_try(request, form):
        with report_errors(form):
            user, codes = factor_services.second_factor_confirm(
                by=request.user, code=form.cleaned_data["code"], ip=client_ip(request)
            )
            update_session_auth_hash(request, user)
            rate_limits.forget("second_factor", user.pk)
            return _codes_page(request, codes)
    factor = factor_secret(request.user)
    context = {
        "form": form,
        "factor": _picture(factor, request.user) if factor else None,
        "is_needed": needs_second_factor(request.user),
        "active": "account",
    }
    return render(request, "staff/second_factor.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def second_factor_begin(request: Request) -> HttpResponse:
    try:
        factor_services.second_factor_begin(by=request.user)
    except DomainError as error:
        messages.error(request, error.text)
        return redirect("staff:security")
    return redirect("staff:second-factor")


def _codes_page(request: Request, codes: list[str]) -> HttpResponse:
    context = {"codes": codes, "home": resolve_url(settings.LOGIN_REDIRECT_URL), "active": "account"}
    return render(request, "staff/recovery_codes.html", context)


@sensitive_post_parameters()
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def recovery_codes(request: Request) -> HttpResponse:
    """New recovery codes against a code of the app."""
    form = AppCodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _may_try(request, form):
        with report_errors(form):
            codes = factor_services.recovery_codes_renew(
                by=request.user, code=form.cleaned_data["code"], ip=client_ip(request)
            )
            rate_limits.forget("second_factor", request.user.pk)
            return _codes_page(request, codes)
    return _code_form(request, form, "staff:recovery-codes", _("Renew recovery codes"), _("Show new codes"))


@sensitive_post_parameters()
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor_off(request: Request) -> HttpResponse:
    form = AppCodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _may_try(request, form):
        with report_errors(form):
            user = factor_services.second_factor_switch_off(
                by=request.user, code=form.cleaned_data["code"], ip=client_ip(request)
            )
            update_session_auth_hash(request, user)
            messages.success(request, _("The second factor is switched off."))
            return redirect("staff:security")
    return _code_form(request, form, "staff:second-factor-off", _("Switch off the second factor"), _("Switch off"))


def _code_form(request: Request, form: AppCodeForm, url: str, title: str, button: str) -> HttpResponse:
    context = {"form": form, "action": resolve_url(url), "title": title, "button": button, "active": "account"}
    return render(request, "staff/code_form.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor_reset(request: Request, pk: int) -> HttpResponse:
    """Somebody lost phone and recovery codes: an administrator takes the second factor away, with a reason."""
    person = get_object_or_404(people_to_reset(request.user), pk=pk)
    ensure(can_reset_second_factor(request.user, person))
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        with report_errors(form):
            factor_services.second_factor_reset(user_id=person.pk, reason=form.cleaned_data["reason"], by=request.user)
            messages.success(request, _("%(name)s sets up a new second factor.") % {"name": person.name})
            return redirect(page_of(person))
    context = {"form": form, "person": person, "action": resolve_url("staff:second-factor-reset", pk=pk)}
    return render(request, "staff/second_factor_reset.html", context, status=422 if form.errors else 200)
