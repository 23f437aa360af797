"""Settings: the business calendar."""

from datetime import date

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core import clock, history
from core.forms import BusinessDayForm, report_errors
from core.policies import ensure_can_configure
from core.requests import Request
from core.selectors import business_days, calendar_year, is_published
from core.services import business_day_clear as day_clear
from core.services import business_day_set as day_set
from core.text import whole_number

FIRST_YEAR, LAST_YEAR = 2004, 2100
CHANGES = 5


def _chosen_day(request: Request) -> date:
    field = forms.DateField(required=False)
    try:
        return field.clean(request.GET.get("day", "")) or clock.today()
    except forms.ValidationError:
        return clock.today()


def _page(request: Request, *, form: BusinessDayForm | None = None, status: int = 200) -> HttpResponse:
    year, chosen = whole_number(request.GET.get("year")), _chosen_day(request)
    if year is None or not FIRST_YEAR <= year <= LAST_YEAR:
        year = chosen.year
    own = business_days(year=chosen.year).get(chosen)
    initial = {
        "on": chosen,
        "is_workday": "1" if own is None or own.is_workday else "",
        "label": own.label if own else "",
    }
    context = {
        "active": "calendar",
        "year": year,
        "months": calendar_year(year=year),
        "is_published": is_published(year),
        "today": clock.today(),
        "chosen": chosen,
        "own": own,
        "form": form or BusinessDayForm(initial=initial),
        "changes": history.changes(user=request.user, key="calendar", limit=CHANGES),
    }
    return render(request, "core/calendar.html", context, status=status)


@require_GET
@login_required
def calendar(request: Request) -> HttpResponse:
    """A year with its holidays and make-up workdays, and what the administrators changed."""
    ensure_can_configure(request.user)
    return _page(request)


def _back(day: date) -> HttpResponse:
    return redirect(f"{reverse('core:calendar')}?year={day.year}&day={day.isoformat()}")


@require_POST
@login_required
def business_day_set(request: Request) -> HttpResponse:
    ensure_can_configure(request.user)
    form = BusinessDayForm(request.POST)
    if form.is_valid():
        with report_errors(form):
            day_set(by=request.user, **form.values())
    if not form.is_valid():
        return _page(request, form=form, status=422)
    messages.success(request, _("Saved; it counts from now on."))
    return _back(form.cleaned_data["on"])


@require_POST
@login_required
def business_day_clear(request: Request) -> HttpResponse:
    """Back to the published calendar."""
    ensure_can_configure(request.user)
    form = BusinessDayForm(request.POST)
    if "on" in form.errors:
        return _page(request, form=form, status=422)
    day_clear(on=form.cleaned_data["on"], by=request.user)
    return _back(form.cleaned_data["on"])
