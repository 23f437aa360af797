"""Stores, teams, shifts, minimum staffing: pages of administrators."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from core.answers import refused, saved_page
from core.errors import DomainError
from core.forms import report_errors
from core.requests import Request
from core.text import whole_number
from staff.forms.organisation import MinimumForm, ShiftForm, StoreForm, TeamForm
from staff.models import ShiftType, Store, Team
from staff.selectors.organisation import (
    administered_stores,
    groups_of,
    leaders_of_store,
    minimums_shown,
    open_teams_of,
    shifts_shown,
    team_history,
    teams_of_stores,
)
from staff.services import minimum_set, shift_save, store_add, store_update, team_add, team_close, team_update


def _store(request: Request, pk: int) -> Store:
    """A store that the person administers; another one does not exist for administrators, nor the page for others."""
    stores = administered_stores(request.user)
    if not stores:
        raise PermissionDenied
    return get_object_or_404(stores, pk=pk)


def _team(request: Request, pk: int) -> Team:
    stores = administered_stores(request.user)
    if not stores:
        raise PermissionDenied
    return get_object_or_404(teams_of_stores(stores), pk=pk)


@login_required
@require_http_methods(["GET", "POST"])
def store_new(request: Request) -> HttpResponse:
    groups = groups_of(request.user)
    if not groups:
        raise PermissionDenied
    form = StoreForm(groups, request.POST if request.method == "POST" else None)
    if form.is_valid():
        with report_errors(form):
            data = form.cleaned_data
            store = store_add(group_id=data["group"].pk, code=data["code"], data=form.store_input(), by=request.user)
            return saved_page(request, back=resolve_url("staff:store-edit", store.pk), title=_("The store is open."))
    context = {"form": form, "action": resolve_url("staff:store-new"), "active": "people"}
    return render(request, "staff/store_new.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def store_edit(request: Request, pk: int) -> HttpResponse:
    store = _store(request, pk)
    form = StoreForm(groups_of(request.user), request.POST if request.method == "POST" else None, store=store)
    if form.is_valid():
        with report_errors(form):
            version = form.cleaned_data["version"]
            store_update(store_id=pk, data=form.store_input(), version=version, by=request.user)
            return saved_page(request, back=resolve_url("staff:store-edit", pk), title=_("Saved"))
    return _store_page(request, store, {"form": form}, status=422 if form.errors else 200)


def _store_page(request: Request, store: Store, forms: dict[str, Any], *, status: int = 200) -> HttpResponse:
    context = {
        "active": "people",
        "store": store,
        "stores": administered_stores(request.user),
        "can_open_store": bool(groups_of(request.user)),
        "shifts": shifts_shown(store),
        "minimums": minimums_shown(store),
        "action": resolve_url("staff:store-edit", store.pk),
        "form": StoreForm(None, store=store),
        "minimum_form": MinimumForm(initial={"valid_from": clock.today()}, prefix="minimum"),
    }
    return render(request, "staff/store_edit.html", context | forms, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def shift_edit(request: Request, pk: int) -> HttpResponse:
    """A shift of the store `pk`: `?shift=` names one, without it a new one is made."""
    store = _store(request, pk)
    shift = _shift(store, request.GET.get("shift"))
    initial = {name: getattr(shift, name) for name in ShiftForm.base_fields} if shift else {}
    form = ShiftForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        with report_errors(form):
            data = form.cleaned_data
            shift_save(
                store_id=pk,
                shift_id=shift.pk if shift else None,
                letter=data["letter"],
                name=data["name"],
                tone=data["tone"],
                starts_at=data["starts_at"],
                ends_at=data["ends_at"],
                is_active=data["is_active"],
                by=request.user,
            )
            return saved_page(request, back=resolve_url("staff:store-edit", pk), title=_("Saved"))
    action = resolve_url("staff:shift-edit", pk) + (f"?shift={shift.pk}" if shift else "")
    context = {"form": form, "store": store, "shift": shift, "action": action, "active": "people"}
    return render(request, "staff/shift_edit.html", context, status=422 if form.errors else 200)


def _shift(store: Store, raw: str | None) -> ShiftType | None:
    return get_object_or_404(shifts_shown(store), pk=whole_number(raw) or 0) if raw else None


@login_required
@require_POST
def minimum_add(request: Request, pk: int) -> HttpResponse:
    store = _store(request, pk)
    form = MinimumForm(request.POST, prefix="minimum")
    if form.is_valid():
        with report_errors(form):
            data = form.cleaned_data
            minimum_set(
                store_id=pk,
                group=data["group"],
                on_weekdays=data["on_weekdays"],
                on_weekends=data["on_weekends"],
                valid_from=data["valid_from"],
                by=request.user,
            )
            return saved_page(request, back=resolve_url("staff:store-edit", pk), title=_("Saved"))
    return _store_page(request, store, {"minimum_form": form}, status=422)


@login_required
@require_http_methods(["GET", "POST"])
def team_new(request: Request) -> HttpResponse:
    source = request.POST if request.method == "POST" else request.GET
    store = _store(request, whole_number(source.get("store")) or request.user.store_id or 0)
    form = _team_form(request, store)
    if form.is_valid():
        with report_errors(form):
            team_add(store_id=store.pk, by=request.user, **_team_values(form))
            return saved_page(request, back=_people_url(store), title=_("Saved"))
    action = f"{resolve_url('staff:team-new')}?store={store.pk}"
    context = {"form": form, "store": store, "team": None, "action": action, "active": "people"}
    return render(request, "staff/team_form.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def team_edit(request: Request, pk: int) -> HttpResponse:
    team = _team(request, pk)
    form = _team_form(request, team.store, team)
    if form.is_valid():
        with report_errors(form):
            team_update(team_id=pk, by=request.user, **_team_values(form))
            return saved_page(request, back=_people_url(team.store), title=_("Saved"))
    context = {"form": form, "store": team.store, "team": team, "history": team_history(team), "active": "people"}
    context["action"] = resolve_url("staff:team-edit", pk)
    return render(request, "staff/team_form.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def team_end(request: Request, pk: int) -> HttpResponse:
    team = _team(request, pk)
    try:
        team_close(team_id=pk, by=request.user)
    except DomainError as error:
        return refused(request, back=_people_url(team.store), text=error.text)
    return saved_page(request, back=_people_url(team.store), title=_("The team is closed."))


def _team_form(request: Request, store: Store, team: Team | None = None) -> TeamForm:
    return TeamForm(
        open_teams_of(store, is_root=True),
        leaders_of_store(store),
        request.POST if request.method == "POST" else None,
        team=team,
    )


def _team_values(form: TeamForm) -> dict[str, Any]:
    data = form.cleaned_data
    parent, supervisor = data["parent"], data["supervisor"]
    return {
        "name": data["name"],
        "parent_id": parent and parent.pk,
        "supervisor_id": supervisor and supervisor.pk,
    }


def _people_url(store: Store) -> str:
    return f"{resolve_url('staff:people')}?store={store.pk}"
