"""Session limits, and the person's own language."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from core import clock

LAST_SEEN = "last_seen"
STARTED = "started_at"
TOUCH_EVERY_S = 60

GetResponse = Callable[[HttpRequest], HttpResponse]


class SessionLimitMiddleware:
    """Signs out after a pause (SESSION_IDLE_SECONDS) and after one shift, however busy (SESSION_COOKIE_AGE)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = clock.now().timestamp()
            started = request.session.setdefault(STARTED, now)
            last_seen = request.session.get(LAST_SEEN, now)
            idle, age = now - last_seen, now - started
            if idle > settings.SESSION_IDLE_SECONDS or age > settings.SESSION_COOKIE_AGE:
                logout(request)
                return redirect_to_login(request.get_full_path())
            if idle > TOUCH_EVERY_S or LAST_SEEN not in request.session:
                request.session[LAST_SEEN] = now  # once a minute, not on every request
        return self.get_response(request)


class PreferencesMiddleware:
    """A signed-in person reads the own language, whatever the browser says."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = request.user.language  # type: ignore[attr-defined]
        return self.get_response(request)
