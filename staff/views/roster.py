"""Planning: one cell, many days, last week again, taking it back, and the sheet to take away."""

from datetime import date

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import trigger_client_event

from core.answers import refused, saved_page
from core.errors import DomainError
from core.exports import FORMATS, XLSX, export_file, file_response
from core.forms import report_errors
from core.requests import Request
from core.text import whole_number
from staff.enums import RosterAct
from staff.forms.roster import CellForm, FillForm
from staff.models import Store
from staff.policies import can_open_people, ensure
from staff.selectors.organisation import active_in, active_visible_to, stores_of
from staff.selectors.roster import (
    changes_of,
    editable_people,
    entry_on,
    monday_of,
    roster_of,
    roster_table,
    shift_choices,
)
from staff.services import Written, roster_copy_week, roster_fill, roster_set, roster_undo
from staff.views.people import week_in

CHANGED = "roster:changed"


@login_required
@require_http_methods(["GET", "POST"])
def roster_cell(request: Request) -> HttpResponse:
    """GET: the form of one day, for whoever has no script. POST: the shift; the answer is the table as it is now."""
    ensure(can_open_people(request.user))
    source = request.POST if request.method == "POST" else request.GET
    person = get_object_or_404(active_visible_to(request.user), pk=whole_number(source.get("user")) or 0)
    store = person.store
    assert store is not None  # noqa: S101 -- people_visible_to shows people of stores only
    form = CellForm(shift_choices(store), request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        shift = data["shift"]
        try:
            written = roster_set(
                user_id=person.pk,
                on=data["on"],
                shift_id=shift and shift.pk,
                was_id=data["was"],
                by=request.user,
            )
        except DomainError as error:
            return _answer(request, store, day=data["on"], text=error.text)
        return _answer(request, store, day=data["on"], written=written)
    day = form.fields["on"].clean(source.get("on")) if source.get("on", "")[:10].count("-") == 2 else None
    if day is None:
        return HttpResponse(status=422)
    entry = entry_on(person, day)
    known = entry.shift_id if entry else None
    form = CellForm(shift_choices(store), initial={"user": person.pk, "on": day, "was": known, "shift": known})
    context = {"form": form, "person": person, "on": day, "action": resolve_url("staff:roster-cell")}
    return render(request, "staff/roster_cell.html", context | {"active": "people"})


@login_required
@require_POST
def roster_copy(request: Request) -> HttpResponse:
    """The shown week as the week before; planned days stay."""
    store = _store(request)
    first = week_in(request)
    ids = [person.pk for person in editable_people(request.user, store)]
    ensure(bool(ids))
    try:
        written = roster_copy_week(user_ids=ids, first=first, by=request.user)
    except DomainError as error:
        return _answer(request, store, day=first, text=error.text)
    return _answer(request, store, day=first, written=written)


@login_required
@require_http_methods(["GET", "POST"])
def roster_fill_days(request: Request) -> HttpResponse:
    store = _store(request)
    people = editable_people(request.user, store)
    ensure(people.exists())
    first = week_in(request)
    initial = {"first": first, "last": first, "people": [], "weekdays": list(range(7))}
    form = FillForm(people, shift_choices(store), request.POST if request.method == "POST" else None, initial)
    if form.is_valid():
        data = form.cleaned_data
        with report_errors(form):
            written = roster_fill(
                user_ids=[person.pk for person in data["people"]],
                first=data["first"],
                last=data["last"],
                weekdays=data["weekdays"],
                shift_id=data["shift"] and data["shift"].pk,
                is_overwriting=data["is_overwriting"],
                by=request.user,
            )
            return saved_page(request, back=_people_url(store, monday_of(data["first"])), title=_words(written))
    context = {"form": form, "store": store, "action": resolve_url("staff:roster-fill"), "active": "people"}
    return render(request, "staff/roster_fill.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def roster_take_back(request: Request, pk: int) -> HttpResponse:
    """Take an own act back, once. Somebody else's does not exist."""
    change = get_object_or_404(changes_of(request.user), pk=pk)
    store = get_object_or_404(stores_of(request.user), pk=change.store_id)
    try:
        written = roster_undo(change_id=pk, by=request.user)
    except DomainError as error:
        return _answer(request, store, day=week_in(request), text=error.text)
    return _answer(request, store, day=week_in(request), written=written)


def _store(request: Request) -> Store:
    ensure(can_open_people(request.user))
    source = request.POST if request.method == "POST" else request.GET
    wanted = whole_number(source.get("store")) or request.user.store_id
    return get_object_or_404(stores_of(request.user), pk=wanted or 0)


def _people_url(store: Store, first: date) -> str:
    return f"{resolve_url('staff:people')}?store={store.pk}&week={first.isoformat()}"


def _words(written: Written) -> str:
    text = ngettext("%(number)s day planned", "%(number)s days planned", written.changed)
    words = [text % {"number": written.changed}]
    if written.kept:
        kept = ngettext("%(number)s day stayed as it was", "%(number)s days stayed as they were", written.kept)
        words.append(kept % {"number": written.kept})
    return " · ".join(words)


def _answer(
    request: Request, store: Store, *, day: date, written: Written | None = None, text: str = ""
) -> HttpResponse:
    """After a write the page reads its table again (static/js/roster.js); without htmx the page with a message."""
    url = _people_url(store, monday_of(day))
    if written is None:
        return refused(request, back=url, text=text, event=CHANGED)
    if not request.htmx:
        messages.success(request, _words(written))
        return redirect(url)
    toast = {"level": "success", "title": _words(written)}
    if written.change is not None and written.change.act != RosterAct.UNDONE:
        toast["undo_url"] = resolve_url("staff:roster-undo", written.change.pk)
    response = trigger_client_event(HttpResponse(status=204), "toast", toast)
    return trigger_client_event(response, CHANGED, {})


@login_required
@require_safe
def roster_export(request: Request) -> HttpResponse:
    """The shown week as a spreadsheet: people, roles, shifts. No customers are in it."""
    store = _store(request)
    shown = list(active_in(request.user, store))
    week = roster_of(store, shown, first=week_in(request), viewer=request.user)
    file_format = request.GET.get("format", XLSX)
    if file_format not in FORMATS:
        file_format = XLSX
    name = f"{_('Roster')} {store.name} {week.first.isoformat()}"
    return file_response(export_file(name=name, file_format=file_format, rows=roster_table(week)))
