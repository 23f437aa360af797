"""Organisation and people: the tree, the roster of a week, and one person."""

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core import clock
from core.requests import Request
from core.text import whole_number
from staff.models import Store, Team, User
from staff.policies import can_administer_store, can_open_people, ensure
from staff.selectors.organisation import (
    AT_WORK,
    STATES,
    in_people_of,
    in_state,
    people_matching,
    people_visible_to,
    person_rows,
    role_counts,
    state_counts,
    stores_of,
    team_ids_under,
    team_tree,
    teams_of,
)
from staff.selectors.person import loads_of, panel_of
from staff.selectors.roster import Roster, last_change_of, monday_of, roster_of, roster_people_of

FAR_WEEKS = 60


@login_required
@require_safe
def people(request: Request) -> HttpResponse:
    """One page, chosen by its address: store, team, role, state, q, week and who."""
    ensure(can_open_people(request.user))
    stores = list(stores_of(request.user))
    store = _chosen(stores, request.GET.get("store"), request.user)
    state = request.GET.get("state", AT_WORK) if request.GET.get("state") in STATES else AT_WORK
    visible = people_visible_to(request.user)
    in_store = in_people_of(visible, store)
    everybody = list(person_rows(in_state(in_store, state)))
    teams = list(teams_of(store))
    shown = _narrowed(everybody, teams, request)
    context: dict[str, Any] = {
        "active": "people",
        "stores": stores,
        "store": store,
        "state": state,
        "counts": state_counts(in_store),
        "tree": team_tree(teams, everybody),
        "size": len(everybody),
        "roles": role_counts(everybody),
        "team_id": whole_number(request.GET.get("team")),
        "role": request.GET.get("role", ""),
        "q": request.GET.get("q", "").strip(),
        "can_administer": can_administer_store(request.user, store),
    }
    context |= _roster_context(request, store, shown, loads=loads_of(shown))
    chosen = _person(context["week"], request.GET.get("who"))
    context["panel"] = panel_of(chosen, viewer=request.user) if chosen else None
    return render(request, "staff/people.html", context)


@login_required
@require_safe
def roster(request: Request) -> HttpResponse:
    """The week of the own team, for everybody: who is there when."""
    if request.user.store is None:
        raise PermissionDenied
    shown = list(roster_people_of(request.user))
    context = {"active": "account", "store": request.user.store}
    context |= _roster_context(request, request.user.store, shown, loads=None)
    return render(request, "staff/roster.html", context)


def _roster_context(
    request: Request, store: Store, shown: list[User], *, loads: dict[int, int] | None
) -> dict[str, Any]:
    week: Roster = roster_of(store, shown, first=week_in(request), viewer=request.user, loads=loads)
    return {
        "week": week,
        "shown": shown,
        "undo": last_change_of(request.user, store) if week.can_edit else None,
    }


def week_in(request: Request) -> date:
    """The Monday that the address names, near enough to mean something; else this week."""
    source = request.POST if request.method == "POST" else request.GET
    try:
        day = date.fromisoformat(source.get("week", ""))
    except ValueError:
        day = clock.today()
    if abs((day - clock.today()).days) > FAR_WEEKS * 7:
        day = clock.today()
    return monday_of(day)


def _chosen(stores: list[Store], raw: str | None, user: User) -> Store:
    """The store of the address, else the own one; a store outside one's reach does not exist."""
    if not stores:
        raise PermissionDenied
    wanted = whole_number(raw) if raw else user.store_id
    found = next((store for store in stores if store.pk == wanted), None)
    if found is None and raw:
        raise Http404
    return found or stores[0]


def _narrowed(everybody: list[User], teams: list[Team], request: Request) -> list[User]:
    shown = people_matching(everybody, request.GET.get("q", ""))
    team_id, role = whole_number(request.GET.get("team")), request.GET.get("role", "")
    if team_id is not None:
        ids = team_ids_under(team_id, teams)
        shown = [person for person in shown if person.team_id in ids]
    return [person for person in shown if person.has_role(role)] if role else shown


def _person(week: Roster, raw: str | None) -> User | None:
    """Who is named; else whose leave waits for an answer, else the first."""
    wanted = whole_number(raw)
    if wanted is not None:
        return next((line.person for line in week.lines if line.person.pk == wanted), None)
    waiting = [line.person for line in week.lines if any(cell.is_waiting for cell in line.cells)]
    return next(iter([*waiting, *(line.person for line in week.lines)]), None)
