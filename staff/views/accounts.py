"""The pages about oneself."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required, login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.client_ip import client_ip
from core.requests import Request
from staff.enums import SecurityEventKind
from staff.forms.accounts import LanguageForm, OwnPasswordForm, ThemeForm
from staff.selectors import leave_next, reporting_line
from staff.services import password_set, preferences_set
from staff.services.security_log import security_record
from staff.views.answers import safe_next


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
        security_record(kind=SecurityEventKind.PASSWORD_CHANGED, user=user, ip=client_ip(request))
        update_session_auth_hash(request, user)
        messages.success(request, _("Your new password is in force; other devices are signed out."))
        return redirect(settings.LOGIN_REDIRECT_URL if is_forced else "staff:profile")
    context = {"form": form, "is_forced": is_forced, "action": resolve_url("staff:password-change")}
    return render(request, "staff/user_password.html", context, status=422 if form.errors else 200)


def _preference_answer(request: Request) -> HttpResponse:
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect(safe_next(request) or settings.LOGIN_REDIRECT_URL)


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
