"""Who may open the pages of the world outside."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse

from core.requests import Request
from staff.policies import can_configure, ensure

View = Callable[..., HttpResponse]


def by_administrator(view: View) -> View:
    """403 for everybody else."""

    @wraps(view)
    def run(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        ensure(can_configure(request.user))
        return view(request, *args, **kwargs)

    return run
