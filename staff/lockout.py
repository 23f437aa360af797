"""Who is locked out after too many wrong passwords, and what that person sees."""

from typing import Any

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from core.text import clean_text
from staff.selectors import person_of_login, store_heading

NAME_LENGTH = 100


def login_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """What wrong passwords are counted by: one name for every spelling of a person's number and phone."""
    typed = (credentials or {}).get("username") or request.POST.get("username") or ""
    person = person_of_login(str(typed))
    return person.employee_number if person else clean_text(str(typed)).lower()[:NAME_LENGTH]


def locked_out(
    request: HttpRequest, credentials: dict[str, Any] | None = None, *args: Any, **kwargs: Any
) -> HttpResponse:
    """Wait a quarter of an hour, or ask the administrator. Status 429: no password was compared."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    text = _("Too many wrong passwords. Try again in %(minutes)s minutes, or ask the administrator.")
    form = {
        "non_field_errors": [text % {"minutes": minutes}],
        "username": {"value": request.POST.get("username", "")[:NAME_LENGTH]},
        "remember": {"value": bool(request.POST.get("remember"))},
    }
    context = {"form": form, "store_name": store_heading(), "next": request.POST.get(REDIRECT_FIELD_NAME, "")}
    response = render(request, "staff/login.html", context, status=429)
    response["Retry-After"] = str(minutes * 60)
    return response
