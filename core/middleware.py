"""What happens to every request and response of the site."""

import uuid
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme

from core.logs import request_id_var, request_var

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class RequestIdMiddleware:
    """Name each request (e.g. 7F3A-21B0): in the log, in the X-Request-ID header and on error pages.

    An id sent by the client is not used: it could be made to look like somebody else's lines in the log.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        digits = uuid.uuid4().hex[:8].upper()
        request_id = f"{digits[:4]}-{digits[4:]}"
        token, request_token = request_id_var.set(request_id), request_var.set(request)
        try:
            response = self.get_response(request)
        finally:
            request_id_var.reset(token)
            request_var.reset(request_token)
        response["X-Request-ID"] = request_id
        return response


class HtmxResponseMiddleware:
    """Make fragments and pages of one address safe to tell apart, and a lost session visible on an htmx call.

    Needs the authentication and django_htmx middleware before it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if _is_htmx(request) and _is_login_redirect(response):
            response = _redirect_whole_page(request, response)
        patch_vary_headers(response, ["HX-Request"])
        if not response.has_header("Cache-Control") and _is_private(request, response):
            patch_cache_control(response, no_store=True, private=True)
        return response


def _is_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _is_login_redirect(response: HttpResponseBase) -> bool:
    location = urlsplit(response.get("Location", ""))
    return 300 <= response.status_code < 400 and location.path == urlsplit(resolve_url(settings.LOGIN_URL)).path


def _redirect_whole_page(request: HttpRequest, response: HttpResponseBase) -> HttpResponse:
    """Send the browser to the login and afterwards back to its *page*, instead of a login form amid the page."""
    location = urlsplit(response["Location"])
    query = parse_qs(location.query)
    page = _current_page(request)
    if REDIRECT_FIELD_NAME in query and page:
        query[REDIRECT_FIELD_NAME] = [page]
    answer = HttpResponse(status=204)
    answer["HX-Redirect"] = location._replace(query=urlencode(query, doseq=True)).geturl()
    answer.cookies = response.cookies
    return answer


def _current_page(request: HttpRequest) -> str:
    """Return path and query of the page that htmx runs in, "" when it is not one of ours."""
    try:
        url = urlsplit(request.headers.get("HX-Current-URL", ""))
    except ValueError:
        return ""
    path = f"{url.path}?{url.query}" if url.query else url.path
    is_ours = url.netloc == request.get_host() and path.startswith("/")
    return path if is_ours and url_has_allowed_host_and_scheme(path, allowed_hosts=None) else ""


def _is_private(request: HttpRequest, response: HttpResponseBase) -> bool:
    if response.status_code >= 500:
        return True  # and the database may be away: do not ask it who this is
    session = getattr(request, "session", None)
    # An untouched session means that nobody asked who this is; asking here would cost the health page a query.
    return session is not None and session.accessed and request.user.is_authenticated
