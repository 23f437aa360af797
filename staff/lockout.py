"""What somebody sees after too many wrong passwords."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def locked_out(request: HttpRequest, credentials: dict[str, Any] | None = None, *args: Any, **kwargs: Any) -> HttpResponse:
    """Wait a quarter of an hour, or ask the administrator. Status 429: no password was compared."""
    return render(request, "staff/login.html", {"is_locked_out": True}, status=429)
