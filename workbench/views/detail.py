"""The page of one customer and opportunity."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from core import clock
from core.access_log import log_view, meta_of
from core.requests import Request
from opportunities.models import Opportunity
from opportunities.policies import can_give_away, can_work
from staff.policies import can_read_access_log
from workbench.forms import NoteForm
from workbench.selectors.detail import (
    close_reason,
    ladder,
    opportunity_found,
    other_opportunities,
    ownerships,
    place_of,
    profile,
    proposals,
    stage_steps,
)
from workbench.selectors.facts import facts
from workbench.selectors.timeline import GROUP_LABELS, GROUPS, timeline_page

TABS = ("timeline", "contacts", "profile")


@login_required
@require_GET
def opportunity_detail(request: Request, pk: int) -> HttpResponse:
    opportunity = _found(request, pk)
    log_view(actor=request.user, customer_id=opportunity.customer_id, request_meta=meta_of(request))
    template = "workbench/_opportunity.html" if request.htmx.target == "c360" else "workbench/opportunity_detail.html"
    return render(request, template, page_context(request, opportunity))


@login_required
@require_GET
def opportunity_timeline(request: Request, pk: int) -> HttpResponse:
    """The tabs card alone, or only the entries that follow; without htmx the whole page."""
    opportunity = _found(request, pk)
    log_view(actor=request.user, customer_id=opportunity.customer_id, request_meta=meta_of(request))
    if not request.htmx:
        return render(request, "workbench/opportunity_detail.html", page_context(request, opportunity))
    context = rights(request, opportunity) | main_context(request, opportunity, people=_people(opportunity))
    is_more = request.htmx.target == "tl-more"
    return render(request, "workbench/_timeline_entries.html" if is_more else "workbench/_main.html", context)


def _found(request: Request, pk: int) -> Opportunity:
    opportunity = opportunity_found(request.user, pk)
    if opportunity is None:
        raise Http404
    return opportunity


def rights(request: Request, opportunity: Opportunity) -> dict[str, Any]:
    """What the person may do here; the services refuse the rest."""
    user = request.user
    return {
        "opportunity": opportunity,
        "customer": opportunity.customer,
        "can_work": can_work(user, opportunity),
        "can_give_away": can_give_away(user, opportunity),
        "proposals": proposals(user, opportunity),
        "can_audit": can_read_access_log(user),
        "close_reason": close_reason(opportunity),
        "avatar_colour": opportunity.customer_id % 9 + 1,
    }


def page_context(request: Request, opportunity: Opportunity) -> dict[str, Any]:
    owners = ownerships(opportunity)
    people = {row.owner_id: row.owner.name for row in owners}
    return (
        rights(request, opportunity)
        | main_context(request, opportunity, people=people)
        | {
            "active": "customers",
            "now": clock.now(),
            "steps": stage_steps(opportunity),
            "facts": facts(opportunity),
            "ladder": ladder(opportunity),
            "ownerships": owners,
            "others": other_opportunities(request.user, opportunity),
            "place": place_of(request.user, opportunity),
        }
    )


def main_context(
    request: Request, opportunity: Opportunity, *, people: dict[int, str], note: NoteForm | None = None
) -> dict[str, Any]:
    """The card with the tabs: timeline, contacts or the customer's data."""
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "timeline"
    context: dict[str, Any] = {"tab": tab, "note_form": note or NoteForm(), "opportunity": opportunity}
    if tab == "profile":
        return context | profile(opportunity)
    group = "contacts" if tab == "contacts" else request.GET.get("kind", "")
    group = group if group in GROUPS else ""
    page = timeline_page(opportunity, group=group, cursor=request.GET.get("cursor"), people=people)
    return context | {"timeline": page, "group": group, "groups": GROUP_LABELS}


def _people(opportunity: Opportunity) -> dict[int, str]:
    return {row.owner_id: row.owner.name for row in ownerships(opportunity)}
