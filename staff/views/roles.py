"""Roles and rights: what the code gives to whom."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.requests import Request
from staff.policies import can_open_roles, ensure
from staff.selectors.roles import right_rows, role_columns


@login_required
@require_safe
def role_list(request: Request) -> HttpResponse:
    ensure(can_open_roles(request.user))
    context = {"columns": role_columns(request.user), "rows": right_rows(), "active": "roles"}
    return render(request, "staff/role_list.html", context)
