"""The list of customers, and what is done to several of them."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from core.pagination import Asked, keyset_page
from core.requests import Request
from core.text import whole_number
from opportunities.models import Opportunity
from staff.models import User
from staff.policies import can_assign
from staff.selectors import owners_of_store
from workbench.context_processors import quick_actions
from workbench.enums import FILTER_NAMES
from workbench.filters import ListFilter
from workbench.forms import AssignForm
from workbench.policies import can_export
from workbench.selectors.lists import (
    SavedView,
    chosen_rows,
    dressed,
    filter_lists,
    list_lines,
    list_rows,
    saved_view,
    saved_views,
)
from workbench.services import ASSIGN_LIMIT, opportunities_assign
from workbench.views.answers import saved

REMEMBERED = "customer_list"
PAGE_SIZE = 25  # two screens of a tablet; every row costs 2 KB and half a millisecond


@login_required
@require_GET
def opportunity_list(request: Request) -> HttpResponse:
    query = _query(request)
    if query is None:
        return redirect(f"{resolve_url('workbench:opportunity-list')}?{request.session[REMEMBERED]}")
    view = saved_view(request.user, query.get("view"))
    narrowed = ListFilter(query, choices=filter_lists(request.user))
    page = keyset_page(
        _rows(request.user, view, narrowed), order=view.order, cursor=query.get("cursor"), size=PAGE_SIZE
    )
    context = {
        "active": "customers",
        "views": saved_views(request.user),
        "view": view,
        "filter": narrowed,
        "page": page,
        "rows": list_lines(dressed(page.items)),
        "can_assign": can_assign(request.user),
        "can_export": can_export(request.user),
        "export_query": kept_query(view.key, narrowed.chosen),
        "quick": quick_actions(request.user),
    }
    return render(request, "workbench/opportunity_list.html", context)


def _rows(user: User, view: SavedView, narrowed: ListFilter) -> QuerySet[Opportunity] | Asked[Opportunity]:
    """What is paged: of each row only what the order needs. Without filters everybody asks the same question."""
    keys = [key.field for key in view.order]
    if narrowed.chosen or not view.is_kept:
        return narrowed.narrowed(list_rows(user, view)).only(*keys)
    return Asked(f"list {view.key}", user, Opportunity, lambda: list_rows(user, view).only(*keys))


def kept_query(view: str, chosen: dict[str, list[str]]) -> str:
    """The view and its filters as they stand in an address."""
    query = QueryDict(mutable=True)
    query["view"] = view
    for name, values in chosen.items():
        query.setlist(name, values)
    return query.urlencode()


def _query(request: Request) -> QueryDict | None:
    """The filters of the address, remembered for the next visit; None: go to the remembered ones."""
    if not request.GET:
        return None if request.session.get(REMEMBERED) else request.GET
    kept = request.GET.copy()
    for name in set(kept) - {"view", *FILTER_NAMES}:
        del kept[name]
    words = kept.urlencode() if any(name in kept for name in FILTER_NAMES) else ""
    if request.session.get(REMEMBERED, "") != words:
        request.session[REMEMBERED] = words
    return request.GET


@login_required
@require_http_methods(["GET", "POST"])
def opportunity_assign_many(request: Request) -> HttpResponse:
    """Give the chosen rows to one consultant; the answer names every row that was refused."""
    if not can_assign(request.user):
        raise PermissionDenied
    source = request.POST if request.method == "POST" else request.GET
    ids = [pk for pk in map(whole_number, source.getlist("ids")) if pk is not None][:ASSIGN_LIMIT]
    rows = chosen_rows(request.user, ids)
    owners = list(owners_of_store(request.user.store_id)) if request.user.store_id else []
    form = AssignForm(request.POST if request.method == "POST" else None, owners=owners)
    context = {"form": form, "rows": rows, "action": resolve_url("workbench:opportunity-assign-many")}
    if not rows:
        return render(request, "workbench/opportunity_assign_many.html", context | {"is_empty": True})
    if form.is_valid():
        return _assign(request, form, rows, context)
    return render(request, "workbench/opportunity_assign_many.html", context, status=422 if form.errors else 200)


def _assign(request: Request, form: AssignForm, rows: list[Any], context: dict[str, Any]) -> HttpResponse:
    results = opportunities_assign(
        opportunity_ids=[row.pk for row in rows],
        owner_id=form.cleaned_data["owner"],
        reason=form.cleaned_data["reason"],
        by=request.user,
    )
    errors = {result.opportunity_id: result.error for result in results if result.error}
    given = len(results) - len(errors)
    if not errors:
        title = ngettext("%(number)s customer assigned", "%(number)s customers assigned", given) % {"number": given}
        return saved(request, back="workbench:opportunity-list", title=title)
    report = [{"row": row, "error": errors.get(row.pk, "")} for row in rows]
    context |= {"report": report, "given": given, "refused": len(errors), "done": _("Back to the list")}
    return render(request, "workbench/opportunity_assign_many.html", context)
