"""Session limits, the locked screen, what must be done before working, and the person's own language."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import get_user
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from core import clock
from staff.policies import needs_second_factor
from staff.sessions import DEVICE, DEVICE_NAME, LAST_SEEN, LOCKED, STARTED

TOUCH_EVERY_S = 60
TOUCH_SHARED_EVERY_S = 15
POLL_HEADER = "X-Poll"  # a page that refreshes itself is nobody's activity (static/js/requests.js)
ENDED_KEY = "ended"  # in the address of the sign-in page: why the session ended
PAUSE, SHIFT = "pause", "shift"
OPEN_ALWAYS = {"staff:logout", "staff:language", "staff:theme", "staff:presence", "staff:lock"}
OPEN_WITH_TEMPORARY_PASSWORD = {"staff:password-change"} | OPEN_ALWAYS
OPEN_WITHOUT_SECOND_FACTOR = {"staff:second-factor", "staff:second-factor-begin"} | OPEN_ALWAYS
LOCKED_STATUS = 423

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class ScreenLockMiddleware:
    """On a shared tablet a locked or forgotten session belongs to nobody until its person proves who it is.

    Every rule that asks for a signed-in person refuses it, so no view can forget. An htmx call is told by status 423,
    and the page asks for the PIN without losing what was typed (static/js/lock.js). Stands right after Django's
    AuthenticationMiddleware.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.user = SimpleLazyObject(lambda: AnonymousUser() if is_locked(request) else get_user(request))  # type: ignore[assignment]
        request.device = SimpleLazyObject(lambda: request.session.get(DEVICE_NAME, ""))  # type: ignore[attr-defined]
        response = self.get_response(request)
        is_redirect = 300 <= response.status_code < 400
        if is_redirect and request.headers.get("HX-Request") == "true" and getattr(request, "is_locked", False):
            return HttpResponse(status=LOCKED_STATUS)
        return response


def is_locked(request: HttpRequest) -> bool:
    """Whether the session is locked; one that was left alone too long is locked from now on."""
    session = request.session
    if DEVICE not in session:
        return False
    idle_s = clock.now().timestamp() - session.get(LAST_SEEN, 0)
    if LOCKED not in session and idle_s > settings.SHARED_IDLE_SECONDS:
        session[LOCKED] = True
    request.is_locked = LOCKED in session  # type: ignore[attr-defined]
    return LOCKED in session


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
        touch_every_s = TOUCH_SHARED_EVERY_S if DEVICE in request.session else TOUCH_EVERY_S
        if LAST_SEEN not in request.session or (is_used and now - last_seen > touch_every_s):
            request.session[LAST_SEEN] = now  # once a minute, not on every request
        return None


def _sign_out(request: HttpRequest, view: Any, reason: str) -> HttpResponse | None:
    logout(request)
    if not getattr(view, "login_required", True):
        return None
    answer = redirect_to_login(request.get_full_path())
    answer["Location"] += "&" + urlencode({ENDED_KEY: reason})
    return answer


class _FirstMiddleware:
    """Something has to be done before anything else is shown: one page and a few harmless ones are open."""

    page = ""
    open_pages: frozenset[str] = frozenset()

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def is_due(self, user: Any) -> bool:
        raise NotImplementedError

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        if not getattr(view, "login_required", True) or (match and match.view_name in self.open_pages):
            return None
        if not request.user.is_authenticated or not self.is_due(request.user):
            return None
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=204, headers={"HX-Redirect": reverse(self.page)})
        return redirect(self.page)


class TemporaryPasswordMiddleware(_FirstMiddleware):
    """Who was given a password by somebody else sees nothing before choosing the own one."""

    page = "staff:password-change"
    open_pages = frozenset(OPEN_WITH_TEMPORARY_PASSWORD)

    def is_due(self, user: Any) -> bool:
        return bool(user.must_change_password)


class SecondFactorMiddleware(_FirstMiddleware):
    """Whose role needs a second factor sets it up first. Stands after the temporary password."""

    page = "staff:second-factor"
    open_pages = frozenset(OPEN_WITHOUT_SECOND_FACTOR | OPEN_WITH_TEMPORARY_PASSWORD)

    def is_due(self, user: Any) -> bool:
        return user.second_factor_at is None and needs_second_factor(user)


class PreferencesMiddleware:
    """A signed-in person reads the own language, whatever the browser says."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = request.user.language
        return self.get_response(request)
