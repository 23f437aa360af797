"""What a view gets behind the sign-in and the htmx middleware."""

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

if TYPE_CHECKING:
    from django.contrib.auth.models import _User


class Request(HttpRequest):
    """A request of somebody who is signed in. For types only: nobody makes one."""

    user: "_User"
    htmx: HtmxDetails


def is_fragment(request: Request) -> bool:
    """Whether a part of the page is asked for: htmx that restores its history or boosts a link wants the whole page."""
    return bool(request.htmx) and not request.htmx.boosted and not request.htmx.history_restore_request
