"""Adding, changing, moving and removing people; who may do it, and what always stays."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from core import clock
from core.errors import Conflict, DomainError
from staff.enums import LeaveState, Role, Scope
from staff.models import Invitation, Leave, RosterEntry, TeamMembership, User
from staff.services import (
    PersonInput,
    invitation_accept,
    invitation_create,
    person_add,
    person_leave,
    person_move,
    person_rehire,
    person_rota_set,
    person_update,
    temporary_password_set,
)
from tests.conftest import NOON
from tests.factories import LeaveFactory, ShiftTypeFactory, TeamFactory, UserFactory

TODAY = NOON.date()
DAY = timedelta(days=1)
PASSWORD = "an-own-long-password-8"


def data_of(user, **changes):
    """The form of a person as it is, with some answers changed."""
    fields = {
        name: getattr(user, name)
        for name in (
            "employee_number", "name", "roles", "store", "gender", "phone", "team", "reports_to", "scope_override",
            "is_external", "administers_group", "joined_on", "annual_leave_days",
        )
    }  # fmt: skip
    return PersonInput(**fields | changes)


def new_person(people, **changes):
    values = {"employee_number": "E0217", "name": "陆一鸣", "roles": [Role.SALES_CONSULTANT], "store": people.store}
    return PersonInput(**values | changes)


def update(user, by, **changes):
    user.refresh_from_db()
    return person_update(user_id=user.pk, data=data_of(user, **changes), version=user.updated_at.isoformat(), by=by)


@pytest.mark.req("R-001", "R-032")
def test_a_person_is_added_with_role_team_and_superior(people, noon):
    data = new_person(people, team=people.team, reports_to=people.supervisor, is_external=True, annual_leave_days=5)
    user = person_add(data=data, by=people.administrator)

    assert (user.employee_number, user.joined_on, user.is_external) == ("e0217", TODAY, True)
    assert user.reports_to == people.supervisor
    assert user.is_awaited
    assert not user.has_usable_password()
    assert TeamMembership.objects.get(user=user).team == people.team


@pytest.mark.parametrize("who", ["owner", "supervisor", "manager", "general_manager", "finance"])
def test_only_administrators_add_people(people, noon, who):
    with pytest.raises(PermissionDenied):
        person_add(data=new_person(people), by=getattr(people, who))


def test_an_administrator_writes_in_the_own_store_only(people, noon):
    with pytest.raises(PermissionDenied):
        person_add(data=new_person(people, store=people.other_store), by=people.administrator)
    with pytest.raises(PermissionDenied):
        update(people.stranger, people.administrator, name="别人")

    User.objects.filter(pk=people.administrator.pk).update(administers_group=True)
    people.administrator.refresh_from_db()
    assert person_add(data=new_person(people, store=people.other_store), by=people.administrator).pk


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"roles": []}, "roles"),
        ({"scope_override": Scope.GROUP}, "scope_override"),
        ({"administers_group": True, "roles": [Role.ADMINISTRATOR]}, "administers_group"),
    ],
)
def test_what_an_administrator_cannot_give_is_refused_at_its_field(people, noon, changes, field):
    with pytest.raises(DomainError) as refused:
        person_add(data=new_person(people, **changes), by=people.administrator)

    assert refused.value.field == field
    assert not User.objects.filter(employee_number="e0217").exists()


def test_a_team_of_another_store_or_a_closed_one_is_refused(people, noon):
    closed = TeamFactory(store=people.store, closed_on=TODAY)
    for team in (TeamFactory(store=people.other_store), closed):
        with pytest.raises(DomainError):
            person_add(data=new_person(people, team=team), by=people.administrator)


def test_a_number_or_phone_of_somebody_else_is_refused(people, noon):
    User.objects.filter(pk=people.owner.pk).update(phone="+8613800001111")
    for changes in ({"employee_number": "owner"}, {"phone": "+8613800001111"}):
        with pytest.raises(ValidationError):
            person_add(data=new_person(people, **changes), by=people.administrator)


def test_a_change_of_roles_ends_the_sessions_and_keeps_the_history(people, noon, client):
    client.force_login(people.owner)
    update(people.owner, people.administrator, roles=[Role.SALES_CONSULTANT, Role.SALES_SUPERVISOR])

    assert client.get(reverse("staff:profile")).status_code == 302
    assert people.owner.history.order_by("-pgh_id").first().roles == [Role.SALES_CONSULTANT]


def test_a_stale_form_is_a_conflict(people, noon):
    old = people.owner.updated_at.isoformat()
    update(people.owner, people.administrator, name="林月")
    with pytest.raises(Conflict):
        person_update(user_id=people.owner.pk, data=data_of(people.owner), version=old, by=people.administrator)


def test_nobody_changes_own_rights(people, noon):
    UserFactory(employee_number="second", roles=[Role.ADMINISTRATOR], store=people.store)
    with pytest.raises(DomainError) as refused:
        update(people.administrator, people.administrator, roles=[Role.FINANCE])
    assert refused.value.code == "own"
    with pytest.raises(PermissionDenied):
        person_leave(user_id=people.administrator.pk, left_on=TODAY, by=people.administrator)
    assert update(people.administrator, people.administrator, name="许静静").name == "许静静"


def test_the_last_active_administrator_cannot_be_stripped_or_closed(people, noon):
    root = UserFactory(employee_number="root", roles=[Role.GENERAL_MANAGER], store=people.store, is_superuser=True)
    User.objects.filter(pk=root.pk).update(must_change_password=True)  # invited, never came: does not count
    for act in (
        lambda: update(people.administrator, root, roles=[Role.FINANCE]),
        lambda: person_leave(user_id=people.administrator.pk, left_on=TODAY, by=root),
    ):
        with pytest.raises(DomainError) as refused:
            act()
        assert refused.value.code == "last_administrator"

    User.objects.filter(pk=root.pk).update(must_change_password=False)
    person_leave(user_id=people.administrator.pk, left_on=TODAY, by=root)
    assert not User.objects.get(pk=people.administrator.pk).is_active


def test_the_database_keeps_the_last_administrator_too(people):
    for change in ({"is_active": False}, {"roles": [Role.FINANCE]}):
        with pytest.raises(IntegrityError, match="last active administrator"), transaction.atomic():
            User.objects.filter(pk=people.administrator.pk).update(**change)
    with pytest.raises(IntegrityError, match="last active administrator"), transaction.atomic():
        User.objects.filter(pk=people.administrator.pk).delete()


def test_a_move_is_dated_and_the_past_stays(people, noon):
    person = person_add(data=new_person(people, team=people.team, joined_on=date(2026, 3, 2)), by=people.administrator)
    person_move(user_id=person.pk, team_id=people.team_2.pk, on=date(2026, 9, 1), by=people.administrator)

    rows = TeamMembership.objects.filter(user=person).order_by("since_on").values_list("team", "since_on", "until_on")
    assert list(rows) == [
        (people.team.pk, date(2026, 3, 2), date(2026, 8, 31)),
        (people.team_2.pk, date(2026, 9, 1), None),
    ]
    for day in (TODAY + DAY, date(2026, 8, 1)):
        with pytest.raises(DomainError):
            person_move(user_id=person.pk, team_id=people.team.pk, on=day, by=people.administrator)


def test_the_database_refuses_two_teams_at_once(people):
    TeamMembership.objects.create(user=people.owner, team=people.team, since_on=date(2026, 1, 1))
    with pytest.raises(IntegrityError), transaction.atomic():
        TeamMembership.objects.create(
            user=people.owner, team=people.team_2, since_on=date(2026, 2, 1), until_on=date(2026, 2, 2)
        )


def test_leaving_closes_the_account_and_its_plans(people, noon, client):
    client.force_login(people.owner)
    shift = ShiftTypeFactory(store=people.store)
    for on in (TODAY, TODAY + DAY):
        RosterEntry.objects.create(store=people.store, user=people.owner, on=on, shift=shift)
    LeaveFactory(user=people.owner, starts_at=NOON + DAY, ends_at=NOON + 2 * DAY)
    stood_in = LeaveFactory(user=people.colleague, stand_in=people.owner)

    person_leave(user_id=people.owner.pk, left_on=TODAY, by=people.administrator)

    people.owner.refresh_from_db()
    stood_in.refresh_from_db()
    assert (people.owner.is_active, people.owner.left_on, people.owner.team) == (False, TODAY, None)
    assert client.get(reverse("staff:profile")).status_code == 302
    assert list(RosterEntry.objects.values_list("on", flat=True)) == [TODAY]
    assert Leave.objects.get(user=people.owner).state == LeaveState.WITHDRAWN
    assert stood_in.stand_in is None
    with pytest.raises(DomainError):
        person_leave(user_id=people.owner.pk, left_on=TODAY, by=people.administrator)


def test_a_supervisor_who_leaves_leads_no_team(people, noon):
    person_leave(user_id=people.supervisor.pk, left_on=TODAY, by=people.administrator)

    people.team.refresh_from_db()
    assert people.team.supervisor is None


def test_a_day_ahead_or_before_joining_is_refused(people, noon):
    User.objects.filter(pk=people.owner.pk).update(joined_on=TODAY)
    for day in (TODAY + DAY, TODAY - DAY):
        with pytest.raises(DomainError):
            person_leave(user_id=people.owner.pk, left_on=day, by=people.administrator)


def test_somebody_comes_back_without_the_old_password(people, noon):
    with pytest.raises(DomainError):
        person_rehire(user_id=people.owner.pk, joined_on=TODAY, by=people.administrator)
    person_leave(user_id=people.owner.pk, left_on=TODAY - DAY, by=people.administrator)
    with pytest.raises(DomainError):
        person_rehire(user_id=people.owner.pk, joined_on=TODAY - 2 * DAY, by=people.administrator)

    user = person_rehire(user_id=people.owner.pk, joined_on=TODAY, by=people.administrator)

    assert (user.is_active, user.joined_on, user.left_on, user.team) == (True, TODAY, None, None)
    assert user.is_awaited
    assert not user.has_usable_password()


def test_the_lead_rota_is_switched_by_administrators(people, noon):
    person_rota_set(user_id=people.owner.pk, takes_leads=False, by=people.administrator)
    assert not User.objects.get(pk=people.owner.pk).takes_leads
    with pytest.raises(PermissionDenied):
        person_rota_set(user_id=people.owner.pk, takes_leads=True, by=people.owner)


# ---- the first sign-in -----------------------------------------------------------------------------------


def test_an_invitation_opens_the_door_once(people, noon):
    person = person_add(data=new_person(people), by=people.administrator)
    token = invitation_create(user_id=person.pk, by=people.administrator)
    assert token not in str(Invitation.objects.values())
    with pytest.raises(ValidationError):
        invitation_accept(token=token, password="short")

    invitation_accept(token=token, password=PASSWORD)

    person.refresh_from_db()
    assert person.check_password(PASSWORD)
    assert not person.must_change_password
    with pytest.raises(DomainError):
        invitation_accept(token=token, password=PASSWORD)


def test_an_invitation_ends_after_three_days_and_by_a_newer_one(people, noon):
    person = person_add(data=new_person(people), by=people.administrator)
    old = invitation_create(user_id=person.pk, by=people.administrator)
    token = invitation_create(user_id=person.pk, by=people.administrator)
    with pytest.raises(DomainError):
        invitation_accept(token=old, password=PASSWORD)
    with clock.travel(NOON + timedelta(hours=73)), pytest.raises(DomainError):
        invitation_accept(token=token, password=PASSWORD)


def test_a_temporary_password_must_be_changed(people, noon):
    password = temporary_password_set(user_id=people.owner.pk, by=people.administrator)

    people.owner.refresh_from_db()
    assert people.owner.check_password(password)
    assert people.owner.must_change_password


@pytest.mark.parametrize("who", ["manager", "administrator"])
def test_an_administrator_cannot_take_over_a_leader_or_an_own_door(people, noon, who):
    for act in (temporary_password_set, invitation_create):
        with pytest.raises(PermissionDenied):
            act(user_id=getattr(people, who).pk, by=people.administrator)


@pytest.mark.req("R-036")
def test_a_sales_manager_owns_no_customers_whatever_other_role(people, noon):
    assert people.owner.may_own
    update(people.owner, people.administrator, roles=[Role.SALES_CONSULTANT, Role.SALES_MANAGER])

    people.owner.refresh_from_db()
    assert not people.owner.may_own
