"""What both halves need from a request."""

from typing import cast

from django.http import HttpRequest

from staff.models import User


def user_of(request: HttpRequest) -> User:
    return cast(User, request.user)


def is_fragment(request: HttpRequest) -> bool:
    """htmx that restores its history or boosts a link wants the whole page."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request
