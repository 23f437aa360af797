"""Signing in, the code after the password, and signing out."""

import re
import secrets
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required, login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from core import clock, rate_limits
from core.client_ip import client_ip
from core.requests import Request
from staff.enums import SecurityEventKind
from staff.forms.accounts import LoginForm
from staff.forms.security import CodeForm
from staff.lockout import locked_out, login_name
from staff.middleware import ENDED_KEY, PAUSE, SHIFT
from staff.models import Device, User
from staff.selectors import store_heading
from staff.selectors.security import device_of_token, people_of_today, person_in_waiting, recovery_codes_left
from staff.services.devices import visit_end, visit_record
from staff.services.second_factor import WRONG_CODE, Proof, second_factor_verify
from staff.services.security_log import security_record
from staff.sessions import AGENT, DEVICE, DEVICE_NAME, IP, LAST_SEEN, LOCKED, STARTED
from staff.views.answers import safe_next

BACKEND = "staff.backends.StaffBackend"
WAITING = "waiting"  # in the session of nobody: who gave the right password and owes the code
WAITING_LASTS_S = 600
DEVICE_SALT = "staff.device"
BROWSERS = (
    ("MicroMessenger", "WeChat"), ("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("iPad", "iPad"), ("iPhone", "iPhone"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


def _token(request: HttpRequest) -> str:
    return request.get_signed_cookie(settings.DEVICE_COOKIE_NAME, default="", salt=DEVICE_SALT) or ""


def known_device(request: HttpRequest) -> Device | None:
    """The shared tablet that this is, by its cookie."""
    token = _token(request)
    return device_of_token(token) if token else None


def remember_device(response: HttpResponse, token: str) -> None:
    response.set_signed_cookie(
        settings.DEVICE_COOKIE_NAME, token, salt=DEVICE_SALT, max_age=settings.DEVICE_COOKIE_AGE, httponly=True,
        secure=settings.SESSION_COOKIE_SECURE, samesite="Lax",
    )  # fmt: skip


def start_session(request: HttpRequest, user: User, device: Device | None, *, started_at: float | None = None) -> None:
    """A session with a new key; `started_at`: when the password was given, which is where the shift counts from."""
    login(request, user, backend=BACKEND)
    now = clock.now().timestamp()
    session = request.session
    session[STARTED], session[LAST_SEEN] = started_at or now, now
    session[IP], session[AGENT] = client_ip(request), _agent(request)
    session.pop(LOCKED, None)
    session.pop(DEVICE, None)
    if device is not None:
        session[DEVICE], session[DEVICE_NAME] = device.pk, device.name


def _agent(request: HttpRequest) -> str:
    """Browser and system in two words."""
    text = request.headers.get("User-Agent", "")
    words = [next((name for part, name in table if part in text), "") for table in (BROWSERS, SYSTEMS)]
    return " · ".join(word for word in words if word) or re.sub(r"[^\w ./-]", "", text)[:30]


# ---- the password ------------------------------------------------------------------------------------------


@sensitive_post_parameters("password")
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    if request.method != "POST":
        return _shared_screen(request) or _page(request, LoginForm(request))
    ip = client_ip(request)
    counters = {"login_ip": ip or "", "login": f"{login_name(request)}|{ip}"}
    hits = [rate_limits.count(scope, key) for scope, key in counters.items()]
    if not all(hit.is_allowed for hit in hits):
        return locked_out(request)
    form = LoginForm(request, request.POST)
    if not form.is_valid() or form.user is None:
        return _page(request, form)
    rate_limits.give_back("login_ip", counters["login_ip"])
    rate_limits.forget("login", counters["login"])
    return _password_right(request, form.user, is_kept=form.cleaned_data["remember"])


def _page(request: HttpRequest, form: LoginForm) -> HttpResponse:
    texts = {PAUSE: _("You were signed out after a pause."), SHIFT: _("You were signed out at the end of the shift.")}
    context = {
        "form": form,
        "store_name": store_heading(),
        "next": safe_next(request),
        "notice": texts.get(request.GET.get(ENDED_KEY, ""), ""),
        "device": known_device(request),
    }
    return render(request, "staff/login.html", context, status=422 if form.errors else 200)


def _shared_screen(request: HttpRequest) -> HttpResponse | None:
    """On a shared tablet where somebody was today already, their names come before the empty form."""
    device = None if "by" in request.GET else known_device(request)
    if device is None or not people_of_today(device):
        return None
    query = urlencode({"next": safe_next(request)}) if safe_next(request) else ""
    return redirect(resolve_url("staff:lock-screen") + (f"?{query}" if query else ""))


def _password_right(request: HttpRequest, user: User, *, is_kept: bool) -> HttpResponse:
    if user.second_factor_at is None:
        return _enter(request, user, is_kept=is_kept, target=safe_next(request))
    request.session.flush()
    request.session[WAITING] = {
        "user": user.pk,
        "rights": user.get_session_auth_hash(),
        "until": clock.now().timestamp() + WAITING_LASTS_S,
        "is_kept": is_kept,
        "next": safe_next(request),
    }
    return redirect("staff:login-code")


def _enter(request: HttpRequest, user: User, *, is_kept: bool, target: str) -> HttpResponse:
    device = known_device(request)
    start_session(request, user, device)
    # The shift, or until the browser is closed; the absolute and idle limits hold for both.
    request.session.set_expiry(settings.SESSION_COOKIE_AGE if is_kept else 0)
    security_record(
        kind=SecurityEventKind.SIGNED_IN, user=user, device_id=device.pk if device else None, ip=client_ip(request)
    )
    response = redirect(target or settings.LOGIN_REDIRECT_URL)
    if device is not None:
        visit_record(device_id=device.pk, user=user)
        remember_device(response, _token(request))
    return response


# ---- the code ----------------------------------------------------------------------------------------------


def _waiting(request: HttpRequest) -> tuple[dict[str, Any], User] | None:
    """Who owes the code, unless that took too long or the password or a right changed meanwhile."""
    waiting = request.session.get(WAITING)
    if not waiting or clock.now().timestamp() > waiting["until"]:
        return None
    user = person_in_waiting(waiting["user"])
    if user is None or not secrets.compare_digest(user.get_session_auth_hash(), waiting["rights"]):
        return None
    return waiting, user


@sensitive_post_parameters("code")
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """Between the right password and the session; who comes here by address starts with the password."""
    found = _waiting(request)
    if found is None or request.user.is_authenticated:
        return redirect("staff:login")
    waiting, user = found
    form = CodeForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound:
        status = 422
        hit = rate_limits.count("second_factor", user.pk)
        if not hit.is_allowed:
            status = 429
            form.add_error(None, rate_limits.TOO_OFTEN % {"minutes": -(-hit.wait_s // 60)})
        elif form.is_valid():
            proof = second_factor_verify(user_id=user.pk, code=form.cleaned_data["code"], ip=client_ip(request))
            if proof is not Proof.WRONG:
                return _code_right(request, user, waiting, proof)
            form.add_error("code", str(WRONG_CODE))
    return render(request, "staff/login_code.html", {"form": form, "person": user}, status=status)


def _code_right(request: HttpRequest, user: User, waiting: dict[str, Any], proof: Proof) -> HttpResponse:
    rate_limits.forget("second_factor", user.pk)
    response = _enter(request, user, is_kept=waiting["is_kept"], target=waiting["next"])
    if proof is Proof.RECOVERY:
        left = recovery_codes_left(user)
        text = ngettext(
            "Recovery code used; %(count)s is left.", "Recovery code used; %(count)s are left.", left
        )  # fmt: skip
        messages.warning(request, text % {"count": left})
    return response


# ---- leaving -----------------------------------------------------------------------------------------------


@login_required
@require_POST
def sign_out(request: Request) -> HttpResponse:
    device_id, user_id = request.session.get(DEVICE), request.user.pk
    logout(request)
    if device_id is not None:
        visit_end(device_id=device_id, user_id=user_id)
    response = redirect(settings.LOGOUT_REDIRECT_URL)
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response
