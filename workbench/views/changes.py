"""What is changed on one opportunity: note, facts, owner, level, giving up."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.errors import Conflict
from core.forms import report_errors
from core.requests import Request
from opportunities.models import Opportunity
from opportunities.policies import can_give_away
from opportunities.selectors import opportunities_visible_to
from opportunities.services import (
    close_request,
    facts_update,
    level_set,
    note_add,
    opportunity_assign,
)
from opportunities.stages import Outcome
from staff.selectors import owners_of_store
from workbench.forms import FACT_GROUPS, AssignForm, CloseForm, FactsForm, LevelForm, NoteForm
from workbench.selectors.detail import opportunity_page, ownerships
from workbench.selectors.facts import fact_conflict
from workbench.views.answers import saved, status_of
from workbench.views.detail import main_context, page_context, rights


def _visible(request: Request, pk: int) -> Opportunity:
    return get_object_or_404(opportunities_visible_to(request.user), pk=pk)


def _page_url(opportunity: Opportunity) -> str:
    return resolve_url("workbench:opportunity-detail", pk=opportunity.pk)


def _data(request: Request) -> Any:
    return request.POST if request.method == "POST" else None


@login_required
@require_POST
def opportunity_note(request: Request, pk: int) -> HttpResponse:
    """The answer is the card with the note on top, or with what is wrong with it."""
    opportunity = get_object_or_404(opportunity_page(request.user), pk=pk)
    form = NoteForm(request.POST)
    if form.is_valid():
        with report_errors(form):
            note_add(opportunity_id=opportunity.pk, text=form.cleaned_data["text"], by=request.user)
    if form.is_valid() and not request.htmx:
        return redirect(_page_url(opportunity))
    people = {row.owner_id: row.owner.name for row in ownerships(opportunity)}
    shown = None if form.is_valid() else form
    if not request.htmx:
        context = page_context(request, opportunity) | {"note_form": form}
        return render(request, "workbench/opportunity_detail.html", context, status=422)
    context = rights(request, opportunity) | main_context(request, opportunity, people=people, note=shown)
    return render(request, "workbench/_main.html", context, status=status_of(form))


@login_required
@require_http_methods(["GET", "POST"])
def opportunity_facts(request: Request, pk: int) -> HttpResponse:
    """What the customer wants: one group of facts in its place, or all of them in the sheet."""
    opportunity = _visible(request, pk)
    group = request.GET.get("group", "")
    group = group if group in FACT_GROUPS else ""
    form = FactsForm(_data(request), opportunity=opportunity, group=group)
    context = rights(request, opportunity) | {"form": form, "group": group}
    context["action"] = f"{resolve_url('workbench:opportunity-facts', pk=pk)}{f'?group={group}' if group else ''}"
    if form.is_valid():
        with report_errors(form):
            return _facts_save(request, opportunity, form, context)
    return render(request, _facts_template(request, group), context, status=status_of(form))


def _facts_template(request: Request, group: str) -> str:
    return "workbench/_fact_form.html" if group and request.htmx else "workbench/opportunity_facts.html"


def _facts_save(request: Request, opportunity: Opportunity, form: FactsForm, context: dict[str, Any]) -> HttpResponse:
    version = form.cleaned_data["version"]
    try:
        facts_update(opportunity_id=opportunity.pk, version=version, by=request.user, **form.changes())
    except Conflict as conflict:
        current: Any = conflict.current
        if current is None:
            raise
        # The same input again, now against the row as it is: pressing "use mine" is a decision.
        again = FactsForm(_with_version(request, current.version), opportunity=opportunity, group=context["group"])
        context |= {"form": again, "conflict": fact_conflict(current, form)}
        return render(request, _facts_template(request, context["group"]), context, status=409)
    return saved(request, back=_page_url(opportunity), title=_("Needs updated"))


def _with_version(request: Request, version: int) -> Any:
    data = request.POST.copy()
    data["version"] = str(version)
    return data


@login_required
@require_http_methods(["GET", "POST"])
def opportunity_assign_view(request: Request, pk: int) -> HttpResponse:
    opportunity = _visible(request, pk)
    if not can_give_away(request.user, opportunity):
        raise PermissionDenied
    form = AssignForm(_data(request), owners=list(owners_of_store(opportunity.store_id)))
    if form.is_valid():
        data = form.cleaned_data
        with report_errors(form):
            opportunity_assign(opportunity_id=pk, owner_id=data["owner"], reason=data["reason"], by=request.user)
            return saved(request, back=_page_url(opportunity), title=_("Customer assigned"))
    context = {"form": form, "opportunity": opportunity, "active": "customers"}
    context["action"] = resolve_url("workbench:opportunity-assign", pk=pk)
    return render(request, "workbench/opportunity_assign.html", context, status=status_of(form))


@login_required
@require_http_methods(["GET", "POST"])
def opportunity_level(request: Request, pk: int) -> HttpResponse:
    opportunity = _visible(request, pk)
    form = LevelForm(_data(request), initial={"level": opportunity.level})
    if form.is_valid():
        with report_errors(form):
            done = level_set(opportunity_id=pk, level=form.cleaned_data["level"], by=request.user)
            return saved(request, back=_page_url(opportunity), title=_level_words(done))
    context = {"form": form, "opportunity": opportunity, "active": "customers"}
    context["action"] = resolve_url("workbench:opportunity-level", pk=pk)
    return render(request, "workbench/opportunity_level.html", context, status=status_of(form))


def _level_words(done: str) -> str:
    words = {"set": _("Level changed"), "requested": _("Proposed; the present level stays until the supervisor agrees")}
    return words.get(done, _("The level stays as it is"))


@login_required
@require_http_methods(["GET", "POST"])
def opportunity_close(request: Request, pk: int) -> HttpResponse:
    """Propose to give up."""
    opportunity = _visible(request, pk)
    outcome = Outcome.VOID if request.GET.get("outcome") == Outcome.VOID else Outcome.LOST
    form = CloseForm(_data(request), outcome=outcome)
    if form.is_valid():
        with report_errors(form):
            close_request(opportunity_id=pk, outcome=outcome, by=request.user, **form.cleaned_data)
            text = _("Until the supervisor confirms it, the callbacks go on.")
            return saved(request, back=_page_url(opportunity), title=_("Proposed"), text=text)
    context = {"form": form, "opportunity": opportunity, "outcome": outcome, "active": "customers"}
    context["action"] = f"{resolve_url('workbench:opportunity-close', pk=pk)}?outcome={outcome}"
    return render(request, "workbench/opportunity_close.html", context, status=status_of(form))
