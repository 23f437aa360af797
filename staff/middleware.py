"""Session limits, the forced change of a temporary password, and the person's own language."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation

from core import clock

LAST_SEEN = "last_seen"
STARTED = "started_at"
TOUCH_EVERY_S = 60
POLL_HEADER = "X-Poll"  # a page that refreshes itself is nobody's activity (static/js/requests.js)
ENDED_KEY = "ended"  # in the address of the sign-in page: why the session ended
PAUSE, SHIFT = "pause", "shift"
OPEN_WITH_TEMPORARY_PASSWORD = {"staff:password-change", "staff:logout", "staff:language", "staff:theme"}

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class SessionLimitMiddleware:
    """Signs out after a pause (SESSION_IDLE_SECONDS) and after one shift, however busy (SESSION_COOKIE_AGE)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Late enough for the answer to pass core.middleware.HtmxResponseMiddleware like every login redirect."""
        if not request.user.is_authenticated:
            return None
        now = clock.now().timestamp()
        started = request.session.setdefault(STARTED, now)
        last_seen = request.session.get(LAST_SEEN, now)
        if now - last_seen > settings.SESSION_IDLE_SECONDS:
            return _sign_out(request, view, PAUSE)
        if now - started > settings.SESSION_COOKIE_AGE:
            return _sign_out(request, view, SHIFT)
        is_used = request.headers.get(POLL_HEADER) is None
        if LAST_SEEN not in request.session or (is_used and now - last_seen > TOUCH_EVERY_S):
            request.session[LAST_SEEN] = now  # once a minute, not on every request
        return None


def _sign_out(request: HttpRequest, view: Any, reason: str) -> HttpResponse | None:
    logout(request)
    if not getattr(view, "login_required", True):
        return None
    answer = redirect_to_login(request.get_full_path())
    answer["Location"] += "&" + urlencode({ENDED_KEY: reason})
    return answer


class TemporaryPasswordMiddleware:
    """Who was given a password by somebody else sees nothing before choosing the own one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        if not getattr(view, "login_required", True) or (match and match.view_name in OPEN_WITH_TEMPORARY_PASSWORD):
            return None
        if not request.user.is_authenticated or not request.user.must_change_password:
            return None
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=204, headers={"HX-Redirect": reverse("staff:password-change")})
        return redirect("staff:password-change")


class PreferencesMiddleware:
    """A signed-in person reads the own language, whatever the browser says."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = request.user.language
        return self.get_response(request)
