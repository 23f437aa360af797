"""What views share."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template

from core import rate_limits
from core.logs import current_request_id

View = Callable[..., HttpResponse]


def rate_limited(scope: str, methods: tuple[str, ...] = ("GET", "POST")) -> Callable[[View], View]:
    """Answer 429 when the signed-in person did this too often (settings.RATE_LIMITS). Put it below @login_required."""

    def decorate(view: View) -> View:
        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method in methods:
                hit = rate_limits.count(scope, request.user.pk)
                if not hit.is_allowed:
                    return too_many_requests(hit.wait_s)
            return view(request, *args, **kwargs)

        return run

    return decorate


def too_many_requests(wait_s: int) -> HttpResponse:
    """The answer to somebody who did this too often; the scripts show it as a toast (static/js/requests.js)."""
    context = {"request_id": current_request_id(), "minutes": -(-wait_s // 60)}
    html = get_template("core/429.html").render(context)
    return HttpResponse(html, status=429, headers={"Retry-After": str(wait_s)})
