"""Days off: the own ones, for leaders those of the team or the store."""

from datetime import datetime, time, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import clock
from core.errors import DomainError
from core.forms import report_errors
from core.requests import Request
from staff.forms.leave import LeaveForm
from staff.policies import records_leave_of_others
from staff.selectors import leaves_visible_to
from staff.services import leave_cancel, leave_record

LEAVES_SHOWN = 100


@login_required
@require_safe
def leave_list(request: Request) -> HttpResponse:
    leaves = leaves_visible_to(request.user)[:LEAVES_SHOWN]
    context = {
        "leaves": leaves,
        "now": clock.now(),
        "is_for_others": records_leave_of_others(request.user),
        "active": "account",
    }
    return render(request, "staff/leave_list.html", context)


def _first_days() -> dict[str, datetime]:
    tomorrow = clock.today() + timedelta(days=1)
    return {"starts_at": clock.at_time(tomorrow, time(0, 0)), "ends_at": clock.at_time(tomorrow, time(23, 59))}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def leave_new(request: Request) -> HttpResponse:
    initial = {"user": request.user.pk, **_first_days()}
    form = LeaveForm(request.user, request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        data = form.cleaned_data
        stand_in = data.pop("stand_in")
        person = data.pop("user")
        with report_errors(form):
            leave_record(user_id=person.pk, stand_in_id=stand_in and stand_in.pk, by=request.user, **data)
    if form.is_bound and form.is_valid():
        messages.success(request, _("The leave is recorded."))
        return redirect("staff:leave-list")
    context = {"form": form, "action": resolve_url("staff:leave-new"), "active": "account"}
    return render(request, "staff/leave_new.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def leave_withdraw(request: Request, pk: int) -> HttpResponse:
    leave = get_object_or_404(leaves_visible_to(request.user), pk=pk)
    try:
        leave_cancel(leave_id=leave.pk, by=request.user)
    except DomainError as error:
        messages.error(request, error.text)
    else:
        messages.success(request, _("The leave is cancelled."))
    return redirect("staff:leave-list")
