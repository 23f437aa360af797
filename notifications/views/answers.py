"""Who may open the pages of the world outside."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest, HttpResponse

from staff.models import User
from staff.policies import can_configure, ensure

View = Callable[..., HttpResponse]


def person(request: HttpRequest) -> User:
    return cast(User, request.user)


def by_administrator(view: View) -> View:
    """403 for everybody else."""

    @wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        ensure(can_configure(person(request)))
        return view(request, *args, **kwargs)

    return run
