"""Roles, scopes and the reporting line (ORG)."""

import pytest

from staff.enums import OWNER_ROLES, REGISTRAR_ROLES, ROLE_SCOPE, SCOPE_ORDER, Role, Scope
from staff.policies import can_assign, can_import_leads, can_register_leads
from staff.selectors import leader_of, owners_of_store, reporting_line
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.req("R-001")
def test_reporting_line_goes_from_the_desk_to_the_general_manager(people):
    assert reporting_line(people.owner) == [people.supervisor, people.manager, people.general_manager]
    assert reporting_line(people.dcc) == [people.manager, people.general_manager]
    assert reporting_line(people.manager) == [people.general_manager]
    assert reporting_line(people.general_manager) == []


def test_an_entered_superior_comes_first_and_a_circle_ends(people):
    people.dcc.reports_to = people.supervisor
    people.supervisor.reports_to = people.dcc

    assert reporting_line(people.dcc) == [people.supervisor]


def test_leader_of_is_never_the_person(people):
    assert leader_of(people.owner, store_id=people.store.pk) == people.supervisor
    assert leader_of(people.supervisor, store_id=people.store.pk) == people.manager
    assert leader_of(people.manager, store_id=people.store.pk) is None
    assert leader_of(None, store_id=people.store.pk) == people.manager


@pytest.mark.parametrize("role", Role)
def test_every_role_has_a_scope_nobody_sees_by_default(role):
    user = UserFactory(roles=[role])

    assert user.scope == ROLE_SCOPE.get(role, Scope.NONE)
    assert UserFactory(roles=[]).scope == Scope.NONE


def test_the_widest_of_several_roles_counts_and_a_set_scope_wins():
    both = UserFactory(roles=[Role.SALES_CONSULTANT, Role.SALES_SUPERVISOR])
    narrowed = UserFactory(roles=[Role.SALES_MANAGER], scope_override=Scope.OWN)
    gone = UserFactory(roles=[Role.SALES_MANAGER], is_active=False)

    assert (both.scope, narrowed.scope, gone.scope) == (Scope.TEAM, Scope.OWN, Scope.NONE)
    assert SCOPE_ORDER[-1] == Scope.GROUP


@pytest.mark.req("R-045")
@pytest.mark.parametrize("role", Role)
def test_who_may_own_register_import_and_assign(role):
    user = UserFactory(roles=[role])

    assert user.may_own == (role in OWNER_ROLES)
    assert can_register_leads(user) == (role in REGISTRAR_ROLES)
    assert can_import_leads(user) == (role in {Role.TELESALES_AGENT, Role.SALES_SUPERVISOR, Role.SALES_MANAGER})
    assert can_assign(user) == (role in {Role.SALES_SUPERVISOR, Role.SALES_MANAGER, Role.GENERAL_MANAGER})


def test_a_manager_may_not_own_whatever_else_the_person_is(people):
    both = UserFactory(roles=[Role.SALES_CONSULTANT, Role.SALES_MANAGER], store=people.store)

    assert not both.may_own
    assert both not in owners_of_store(people.store.pk)
    assert list(owners_of_store(people.store.pk)) == [people.colleague, people.owner, people.rival]


def test_who_left_may_do_nothing():
    user = UserFactory(roles=[Role.SALES_MANAGER, Role.SALES_CONSULTANT], is_active=False)

    rights = [user.may_own, can_register_leads(user), can_import_leads(user), can_assign(user)]
    assert rights == [False] * 4


def test_a_person_may_have_several_roles_and_the_first_names_her():
    user = UserFactory(roles=[Role.SALES_SUPERVISOR, Role.SALES_CONSULTANT])

    assert user.role_label == str(Role.SALES_SUPERVISOR.label)
    assert len(user.role_labels) == 2
