"""Where the day begins."""

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core import clock
from core.requests import Request
from core.text import whole_number
from notifications.selectors import lines
from staff.enums import Scope
from staff.models import User
from staff.policies import can_assign, can_import_leads
from staff.selectors import leave_at
from workbench.context_processors import quick_actions
from workbench.selectors.today import (
    FIRST_ROWS,
    MINE,
    ROWS_LIMIT,
    SEGMENTS,
    TEAM,
    UNASSIGNED_LIMIT,
    callbacks,
    default_view,
    due_moments,
    month,
    news_count,
    schedule,
    tomorrow,
    unassigned,
    unread_notices,
)


@login_required
@require_GET
def home(request: Request) -> HttpResponse:
    """Every role of this version begins with the day; rooms of other roles will be added here."""
    return redirect("workbench:today")


@login_required
@require_GET
def today(request: Request) -> HttpResponse:
    context = _card(request) | {"active": "today"}
    if request.user.scope != Scope.NONE:
        context |= _page(request.user, context)
    if request.htmx.target == "today-side":
        return render(request, "workbench/_today_side.html", context)
    context["own_leave"] = leave_at(request.user.pk, clock.now())
    return render(request, "workbench/today.html", context)


@login_required
@require_GET
def today_callbacks(request: Request) -> HttpResponse:
    """The card alone, for its filters; without htmx the whole page with the same filters."""
    if not request.htmx:
        return today(request)
    rest = whole_number(request.GET.get("after"))
    return render(request, "workbench/_callbacks_rest.html" if rest else "workbench/_callbacks.html", _card(request))


@login_required
@require_GET
def today_news(request: Request) -> HttpResponse:
    """What came since the list was shown: a strip, so that no row moves under a finger (UI.md 6)."""
    seen_count, seen_last_id = whole_number(request.GET.get("count")) or 0, whole_number(request.GET.get("last")) or 0
    choice = _choice(request)
    count = news_count(request.user, view=choice["view"], seen_count=seen_count, seen_last_id=seen_last_id)
    return render(request, "workbench/_news.html", choice | {"count": count})


def _choice(request: Request) -> dict[str, Any]:
    """Which callbacks are shown, out of the address; a leader's `person` is one member of the team."""
    user: User = request.user
    view, segment = request.GET.get("view"), request.GET.get("segment")
    if not user.is_leader or view not in (MINE, TEAM):
        view = default_view(user)
    return {
        "view": view,
        "segment": segment if segment in SEGMENTS else "all",
        "person_id": whole_number(request.GET.get("person")) if view == TEAM else None,
        "is_whole": request.GET.get("rows") == "all",
    }


def _card(request: Request) -> dict[str, Any]:
    user, choice = request.user, _choice(request)
    after = whole_number(request.GET.get("after"))
    size = ROWS_LIMIT - FIRST_ROWS if after else ROWS_LIMIT if choice["is_whole"] else FIRST_ROWS
    found = callbacks(
        user, view=choice["view"], segment=choice["segment"], person_id=choice["person_id"], after=after, size=size
    )
    is_done = not found.total and choice["view"] == MINE
    return choice | {
        "found": found,
        "people": [] if after else found.people,
        "tomorrow": tomorrow(user) if is_done and user.scope != Scope.NONE else None,
        "is_reader": user.scope != Scope.NONE,
    }


def _page(user: User, card: dict[str, Any]) -> dict[str, Any]:
    waiting = unassigned(user)
    return {
        "now": clock.now(),
        "greeting": _greeting(user),
        "quick": quick_actions(user),
        "can_import": can_import_leads(user),
        "can_assign": can_assign(user),
        "month": month(user, view=card["view"]),
        "schedule": schedule(user, view=card["view"], due=_due(user, card)),
        "notices": lines(unread_notices(user)),
        "unassigned": waiting[:UNASSIGNED_LIMIT],
        "is_more_unassigned": len(waiting) > UNASSIGNED_LIMIT,
    }


def _due(user: User, card: dict[str, Any]) -> list[tuple[int, datetime]]:
    """What the card shows, unless it shows a part only of the person's own."""
    found = card["found"]
    if found.rest_after is not None and card["view"] == MINE:
        return due_moments(user, view=card["view"])
    return [(row.follow_up.pk, row.shown_at) for row in found.due]


def _greeting(user: User) -> str:
    hour = clock.now().hour
    if hour < 12:
        return _("Good morning, %(name)s") % {"name": user.name}
    return (_("Good afternoon, %(name)s") if hour < 18 else _("Good evening, %(name)s")) % {"name": user.name}
