"""Signing in and out, and the pages about oneself."""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME, login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required, login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.middleware import HtmxDetails

from core import clock
from core.errors import DomainError
from core.forms import report_errors
from staff.forms import LanguageForm, LeaveForm, LoginForm, OwnPasswordForm, ThemeForm
from staff.middleware import ENDED_KEY, PAUSE, SHIFT
from staff.models import User
from staff.policies import records_leave_of_others
from staff.selectors import leave_next, leaves_visible_to, reporting_line, store_heading
from staff.services import leave_cancel, leave_record, password_set, preferences_set

LEAVES_SHOWN = 100


class Request(HttpRequest):
    """What a view gets behind the sign-in and the htmx middleware. For types only: nobody makes one."""

    user: User
    htmx: HtmxDetails


def _safe_next(request: HttpRequest) -> str:
    """The address that `next` names when it is a page of ours, else ""."""
    target = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME) or ""
    hosts = {request.get_host()}
    is_ours = url_has_allowed_host_and_scheme(target, allowed_hosts=hosts, require_https=request.is_secure())
    return target if is_ours and target.startswith("/") and target.isprintable() else ""


def _ended(request: HttpRequest) -> str:
    texts = {PAUSE: _("You were signed out after a pause."), SHIFT: _("You were signed out at the end of the shift.")}
    return texts.get(request.GET.get(ENDED_KEY, ""), "")


@sensitive_post_parameters("password")
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    form = LoginForm(request, request.POST if request.method == "POST" else None)
    if form.is_valid() and form.user is not None:
        login(request, form.user)
        # The shift, or until the browser is closed; the absolute and idle limits hold for both.
        request.session.set_expiry(settings.SESSION_COOKIE_AGE if form.cleaned_data["remember"] else 0)
        return redirect(_safe_next(request) or settings.LOGIN_REDIRECT_URL)
    context = {"form": form, "store_name": store_heading(), "next": _safe_next(request), "notice": _ended(request)}
    return render(request, "staff/login.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def sign_out(request: Request) -> HttpResponse:
    logout(request)
    response = redirect(settings.LOGOUT_REDIRECT_URL)
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@login_required
@require_safe
def profile(request: Request) -> HttpResponse:
    context = {"line": reporting_line(request.user), "leave": leave_next(request.user), "active": "account"}
    return render(request, "staff/user_profile.html", context)


@sensitive_post_parameters()
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def password_change(request: Request) -> HttpResponse:
    is_forced = request.user.must_change_password
    form = OwnPasswordForm(request.user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        password = form.cleaned_data["new_password1"]
        user = password_set(user_id=request.user.pk, password=password, is_temporary=False)
        update_session_auth_hash(request, user)
        messages.success(request, _("Your new password is in force; other devices are signed out."))
        return redirect(settings.LOGIN_REDIRECT_URL if is_forced else "staff:profile")
    context = {"form": form, "is_forced": is_forced, "action": resolve_url("staff:password-change")}
    return render(request, "staff/user_password.html", context, status=422 if form.errors else 200)


def _preference_answer(request: Request) -> HttpResponse:
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect(_safe_next(request) or settings.LOGIN_REDIRECT_URL)


@login_required
@require_POST
def theme(request: Request) -> HttpResponse:
    form = ThemeForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    preferences_set(user=request.user, theme=form.cleaned_data["theme"])
    return _preference_answer(request)


@login_not_required
@require_POST
def language(request: Request) -> HttpResponse:
    """Also before signing in; the cookie keeps the language of the sign-in page on this device."""
    form = LanguageForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    code = form.cleaned_data["language"]
    if request.user.is_authenticated:
        preferences_set(user=request.user, language=code)
    response = _preference_answer(request)
    response.set_cookie(settings.LANGUAGE_COOKIE_NAME, code, max_age=31_536_000, samesite="Lax", httponly=True)
    return response


@login_required
@require_safe
def leave_list(request: Request) -> HttpResponse:
    leaves = leaves_visible_to(request.user)[:LEAVES_SHOWN]
    context = {
        "leaves": leaves,
        "now": clock.now(),
        "is_for_others": records_leave_of_others(request.user),
        "active": "account",
    }
    return render(request, "staff/leave_list.html", context)


def _first_days() -> dict[str, datetime]:
    tomorrow = clock.today() + timedelta(days=1)
    return {"starts_at": clock.at_time(tomorrow, time(0, 0)), "ends_at": clock.at_time(tomorrow, time(23, 59))}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave_new(request: Request) -> HttpResponse:
    initial = {"user": request.user.pk, **_first_days()}
    form = LeaveForm(request.user, request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        data = form.cleaned_data
        stand_in = data.pop("stand_in")
        person = data.pop("user")
        with report_errors(form):
            leave_record(user_id=person.pk, stand_in_id=stand_in and stand_in.pk, by=request.user, **data)
    if form.is_bound and form.is_valid():
        messages.success(request, _("The leave is recorded."))
        return redirect("staff:leave-list")
    context = {"form": form, "action": resolve_url("staff:leave-new"), "active": "account"}
    return render(request, "staff/leave_new.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def leave_withdraw(request: Request, pk: int) -> HttpResponse:
    leave = get_object_or_404(leaves_visible_to(request.user), pk=pk)
    try:
        leave_cancel(leave_id=leave.pk, by=request.user)
    except DomainError as error:
        messages.error(request, error.text)
    else:
        messages.success(request, _("The leave is cancelled."))
    return redirect("staff:leave-list")
