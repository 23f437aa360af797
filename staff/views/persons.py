"""One person: added, changed, invited, closed, back again."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from core import clock
from core.answers import refused, saved_page
from core.errors import DomainError
from core.forms import report_errors
from core.requests import Request
from core.text import whole_number
from staff.forms.accounts import NewPasswordForm
from staff.forms.people import LeaveDecisionForm, LeavingForm, MoveForm, PersonForm, RehireForm
from staff.models import User
from staff.policies import can_administer, can_assign, can_change_rights, can_open_people, can_reset_password, ensure
from staff.selectors.invitations import invitation_of
from staff.selectors.leave import leaves_to_decide
from staff.selectors.organisation import (
    administered_stores,
    open_teams_of,
    people_visible_to,
    person_rows,
    possible_superiors,
    teams_of_stores,
)
from staff.selectors.person import burdens_of
from staff.services import (
    invitation_accept,
    invitation_create,
    leave_decide,
    person_add,
    person_leave,
    person_move,
    person_rehire,
    person_rota_set,
    person_update,
    temporary_password_set,
)


def page_of(person: User) -> str:
    state = "gone" if not person.is_active else "awaited" if person.is_awaited else "work"
    return f"{resolve_url('staff:people')}?store={person.store_id or ''}&state={state}&who={person.pk}#who"


def _person(request: Request, pk: int) -> User:
    """Somebody on the page of people; anybody else does not exist (404)."""
    ensure(can_open_people(request.user))
    return get_object_or_404(person_rows(people_visible_to(request.user)), pk=pk)


def _administered(request: Request, pk: int) -> User:
    person = _person(request, pk)
    ensure(can_administer(request.user, person))
    return person


def _form(request: Request, person: User | None = None) -> PersonForm:
    stores = administered_stores(request.user)
    initial = {
        "store": whole_number(request.GET.get("store")) or request.user.store_id,
        "team": request.GET.get("team"),
    }
    return PersonForm(
        stores,
        teams_of_stores(stores),
        possible_superiors(stores, person),
        request.POST if request.method == "POST" else None,
        person=person,
        initial={} if person else initial | {"joined_on": clock.today()},
        has_own_rights=person is not None and not can_change_rights(request.user, person),
    )


@login_required
@require_http_methods(["GET", "POST"])
def person_new(request: Request) -> HttpResponse:
    if not administered_stores(request.user):
        raise PermissionDenied
    form = _form(request)
    if form.is_valid():
        with report_errors(form):
            person = person_add(data=form.person_input(), by=request.user)
            token = invitation_create(user_id=person.pk, by=request.user)
            return _door(request, person, token=token)
    context = {"form": form, "person": None, "action": resolve_url("staff:person-new"), "active": "people"}
    return render(request, "staff/person_form.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def person_edit(request: Request, pk: int) -> HttpResponse:
    person = _administered(request, pk)
    form = _form(request, person)
    if form.is_valid():
        with report_errors(form):
            version = form.cleaned_data["version"]
            person_update(user_id=pk, data=form.person_input(), version=version, by=request.user)
            return saved_page(request, back=page_of(person), title=_("Saved"))
    context = {"form": form, "person": person, "action": resolve_url("staff:person-edit", pk), "active": "people"}
    return render(request, "staff/person_form.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def person_team(request: Request, pk: int) -> HttpResponse:
    """A move to another team with its date."""
    person = _administered(request, pk)
    teams = open_teams_of(person.store) if person.store else teams_of_stores(administered_stores(request.user))
    initial = {"team": person.team_id, "on": clock.today()}
    form = MoveForm(teams, request.POST if request.method == "POST" else None, initial)
    if form.is_valid():
        with report_errors(form):
            team = form.cleaned_data["team"]
            person_move(user_id=pk, team_id=team and team.pk, on=form.cleaned_data["on"], by=request.user)
            return saved_page(request, back=page_of(person), title=_("Saved"))
    context = {"form": form, "person": person, "action": resolve_url("staff:person-team", pk), "active": "people"}
    return render(request, "staff/person_team.html", context, status=422 if form.errors else 200)


@never_cache
@login_required
@require_POST
def person_invite(request: Request, pk: int) -> HttpResponse:
    """A new link for the first password; it is shown once."""
    return _new_door(request, pk, token=invitation_create)


@never_cache
@login_required
@require_POST
def person_password(request: Request, pk: int) -> HttpResponse:
    """A temporary password for somebody who cannot open a link; it is shown once."""
    return _new_door(request, pk, password=temporary_password_set)


def _new_door(request: Request, pk: int, **make: Callable[..., str]) -> HttpResponse:
    """`make`: what opens the account, by its name on the page."""
    person = _administered(request, pk)
    ensure(can_reset_password(request.user, person))
    try:
        keys = {name: create(user_id=pk, by=request.user) for name, create in make.items()}
    except DomainError as error:
        return refused(request, back=page_of(person), text=error.text)
    return _door(request, person, **keys)


def _door(request: Request, person: User, *, token: str = "", password: str = "") -> HttpResponse:
    url = request.build_absolute_uri(resolve_url("staff:activate", token)) if token else ""
    context = {"person": person, "url": url, "password": password, "page": page_of(person), "active": "people"}
    response = render(request, "staff/person_door.html", context)
    response["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def person_rota(request: Request, pk: int) -> HttpResponse:
    person = _administered(request, pk)
    takes_leads = request.POST.get("takes_leads") == "on"
    person_rota_set(user_id=pk, takes_leads=takes_leads, by=request.user)
    return saved_page(request, back=page_of(person), title=_("Saved"))


@login_required
@require_http_methods(["GET", "POST"])
def person_leaving(request: Request, pk: int) -> HttpResponse:
    """What the person still carries, and the end of the account."""
    person = _administered(request, pk)
    ensure(can_change_rights(request.user, person))
    if not person.is_active:
        return redirect(page_of(person))
    burdens = burdens_of(person)
    is_loaded = any(count for duty, count in burdens if duty.must_move)
    form = LeavingForm(request.POST if request.method == "POST" else None, initial={"left_on": clock.today()})
    if form.is_valid() and is_loaded and not form.cleaned_data["is_sure"]:
        form.add_error("is_sure", _("Hand the customers over first, or confirm."))
    if form.is_valid():
        with report_errors(form):
            gone = person_leave(user_id=pk, left_on=form.cleaned_data["left_on"], by=request.user)
            return saved_page(request, back=page_of(gone), title=_("The account is closed; all sessions have ended."))
    context: dict[str, Any] = {"form": form, "person": person, "burdens": burdens, "is_loaded": is_loaded}
    context["can_hand_over"] = can_assign(request.user)
    context |= {"action": resolve_url("staff:person-leaving", pk), "active": "people"}
    return render(request, "staff/person_leaving.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def person_return(request: Request, pk: int) -> HttpResponse:
    """Somebody comes back: the account opens again, with a new link."""
    person = _administered(request, pk)
    ensure(can_change_rights(request.user, person))
    form = RehireForm(request.POST if request.method == "POST" else None, initial={"joined_on": clock.today()})
    if form.is_valid():
        with report_errors(form):
            back = person_rehire(user_id=pk, joined_on=form.cleaned_data["joined_on"], by=request.user)
            return _door(request, back, token=invitation_create(user_id=pk, by=request.user))
    context = {"form": form, "person": person, "action": resolve_url("staff:person-return", pk), "active": "people"}
    return render(request, "staff/person_return.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def leave_answer(request: Request, pk: int) -> HttpResponse:
    """Approve or refuse days off. Whose leave the person does not decide does not exist."""
    leave = get_object_or_404(leaves_to_decide(request.user), pk=pk)
    url = page_of(leave.user) if can_open_people(request.user) else resolve_url("staff:leave-list")
    form = LeaveDecisionForm(request.POST)
    if not form.is_valid():
        return refused(request, back=url, text=_("Choose: approve or refuse."))
    data = form.cleaned_data
    is_approved = data["decision"] == "approve"
    try:
        leave_decide(
            leave_id=pk, is_approved=is_approved, comment=data["comment"], stand_in_id=data["stand_in"], by=request.user
        )
    except DomainError as error:
        return refused(request, back=url, text=error.text)
    return saved_page(request, back=url, title=_("Leave approved") if is_approved else _("Leave refused"))


@sensitive_post_parameters()
@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def activate(request: HttpRequest, token: str) -> HttpResponse:
    """The first password, by the link of the invitation. A GET changes nothing: mail scanners open links too."""
    invitation = invitation_of(token)
    if invitation is None:
        return render(request, "staff/activate.html", {"form": None}, status=404)
    form = NewPasswordForm(invitation.user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        with report_errors(form):
            invitation_accept(token=token, password=form.cleaned_data["new_password1"])
            messages.success(request, _("Your password is set. Sign in with your employee number."))
            return redirect("staff:login")
    context = {"form": form, "person": invitation.user, "action": request.path}
    response = render(request, "staff/activate.html", context, status=422 if form.errors else 200)
    response["Referrer-Policy"] = "no-referrer"
    return response
