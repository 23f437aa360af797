"""Who leads at this moment, who stands in, preferences, the first administrator; and what the database refuses."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction

from core import clock
from core.errors import DomainError
from staff.models import Leave, User
from staff.policies import can_assign, can_import_leads, can_register_leads, ensure
from staff.selectors import leader_on_duty, leave_at, leaves_at, stand_in_on_duty
from staff.services import first_administrator_create, leave_cancel, leave_record, password_set, preferences_set
from tests.conftest import NOON
from tests.factories import LeaveFactory, UserFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def sql(statement, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def on_duty(people, user="owner", at=NOON):
    return leader_on_duty(getattr(people, user) if user else None, store_id=people.store.pk, at=at)


def record(people, by="owner", **changes):
    values = {
        "user_id": people.owner.pk,
        "kind": "annual",
        "starts_at": NOON + DAY,
        "ends_at": NOON + 2 * DAY,
        "stand_in_id": people.colleague.pk,
    } | changes
    return leave_record(by=getattr(people, by), **values)


# ---- on duty -----------------------------------------------------------------------------------------------


def test_the_supervisor_is_on_duty_then_the_manager_then_the_general_manager(people, noon):
    found = [on_duty(people)]
    for leader in ("supervisor", "manager", "general_manager"):
        LeaveFactory(user=getattr(people, leader))
        found.append(on_duty(people))

    assert found == [people.supervisor, people.manager, people.general_manager, people.supervisor]


@pytest.mark.req("D-27")
def test_a_leave_counts_from_its_first_to_before_its_last_moment(people, noon):
    LeaveFactory(user=people.supervisor, starts_at=NOON, ends_at=NOON + DAY)

    moments = (NOON - timedelta(seconds=1), NOON, NOON + DAY - timedelta(seconds=1), NOON + DAY)
    assert [on_duty(people, at=at).employee_number for at in moments] == [
        "supervisor",
        "manager",
        "manager",
        "supervisor",
    ]
    assert [leaves_at(at).exists() for at in moments] == [False, True, True, False]
    assert [leave_at(people.supervisor.pk, at) is not None for at in moments] == [False, True, True, False]


def test_nobody_leads_himself(people, noon):
    assert on_duty(people, "supervisor") == people.manager
    assert on_duty(people, "manager") == people.general_manager
    assert on_duty(people, "general_manager") == people.manager
    assert on_duty(people, None) == people.manager
    User.objects.exclude(pk__in=[people.owner.pk, people.administrator.pk]).update(is_active=False)
    people.owner.refresh_from_db()
    assert on_duty(people) is None


def test_a_stand_in_who_is_away_or_gone_is_none(people, noon):
    leave = LeaveFactory(user=people.owner, stand_in=people.colleague)
    assert stand_in_on_duty(leave, at=NOON) == people.colleague
    LeaveFactory(user=people.colleague)
    assert stand_in_on_duty(leave, at=NOON) is None
    leave.stand_in = people.rival
    people.rival.is_active = False
    assert stand_in_on_duty(leave, at=NOON) is None
    leave.stand_in = None
    assert stand_in_on_duty(leave, at=NOON) is None


# ---- leave -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["finance", "administrator"])
def test_the_stand_in_of_an_owner_sees_customers(people, noon, who):
    with pytest.raises(DomainError) as refused:
        record(people, stand_in_id=getattr(people, who).pk)

    assert refused.value.field == "stand_in"
    assert not Leave.objects.exists()


def test_the_stand_in_of_somebody_without_customers_may_be_anybody(people, noon):
    assert record(people, by="finance", user_id=people.finance.pk, stand_in_id=people.administrator.pk).pk


@pytest.mark.parametrize("who", ["stranger", "owner", None])
def test_the_stand_in_is_somebody_else_of_the_store(people, noon, who):
    with pytest.raises(DomainError) as refused:
        record(people, stand_in_id=getattr(people, who).pk if who else -1)

    assert refused.value.field == "stand_in"
    assert not Leave.objects.exists()


def test_two_people_are_not_away_for_each_other(people, noon):
    record(people)

    with pytest.raises(DomainError) as refused:
        record(people, by="colleague", user_id=people.colleague.pk, stand_in_id=people.owner.pk)

    assert refused.value.field == "stand_in"
    assert Leave.objects.count() == 1


def test_a_leave_is_taken_back_once(people, noon):
    leave = record(people)
    leave_cancel(leave_id=leave.pk, by=people.owner)

    with pytest.raises(DomainError) as refused:
        leave_cancel(leave_id=leave.pk, by=people.owner)

    assert refused.value.code == "missing"


@pytest.mark.parametrize("who", ["colleague", "stranger_manager"])
def test_nobody_else_takes_it_back(people, noon, who):
    leave = record(people)

    with pytest.raises(PermissionDenied):
        leave_cancel(leave_id=leave.pk, by=getattr(people, who))

    assert Leave.objects.exists()


def test_a_leave_that_is_over_stays_on_record(people, noon):
    leave = record(people)
    with clock.travel(NOON + 2 * DAY), pytest.raises(DomainError):
        leave_cancel(leave_id=leave.pk, by=people.owner)

    assert Leave.objects.exists()


# ---- preferences, passwords, the first administrator -------------------------------------------------------


def test_preferences_are_kept(people):
    preferences_set(user=people.owner, theme="dark")
    preferences_set(user=people.owner, language="en")

    people.owner.refresh_from_db()
    assert (people.owner.theme, people.owner.language) == ("dark", "en")


@pytest.mark.parametrize("changes", [{"theme": "pink"}, {"language": "klingon"}])
def test_unknown_preferences_are_refused(people, changes):
    with pytest.raises(ValidationError) as refused:
        preferences_set(user=people.owner, **changes)

    assert set(refused.value.message_dict) == set(changes)
    people.owner.refresh_from_db()
    assert (people.owner.theme, people.owner.language) == ("auto", "zh-hans")


@pytest.mark.parametrize("is_temporary", [True, False])
def test_a_password_is_replaced(people, is_temporary):
    user = password_set(user_id=people.owner.pk, password="another-long-password", is_temporary=is_temporary)

    assert user.check_password("another-long-password")
    assert User.objects.get(pk=user.pk).must_change_password is is_temporary


def test_the_first_administrator_is_made_once(db):
    made = first_administrator_create(employee_number=" A001 ", name="许静")

    assert (made.employee_number, made.is_superuser, made.must_change_password, made.scope) == (
        "a001",
        True,
        True,
        "none",
    )
    with pytest.raises(DomainError):
        first_administrator_create(employee_number="a002", name="别人")
    assert User.objects.count() == 1


def test_an_administrator_without_a_name_is_refused(db):
    with pytest.raises(ValidationError):
        first_administrator_create(employee_number="a001", name=" ")

    assert not User.objects.exists()


# ---- policies, and what the database refuses ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "register", "imports", "assign"),
    [
        ("general_manager", False, False, True),
        ("manager", True, True, True),
        ("supervisor", True, True, True),
        ("owner", True, False, False),
        ("dcc", True, True, False),
        ("receptionist", True, False, False),
        ("finance", False, False, False),
        ("administrator", False, False, False),
    ],
)
def test_verbs_by_role(people, who, register, imports, assign):
    person = getattr(people, who)
    assert (can_register_leads(person), can_import_leads(person), can_assign(person)) == (register, imports, assign)

    person.is_active = False
    assert (can_register_leads(person), can_import_leads(person), can_assign(person)) == (False, False, False)


def test_ensure_refuses():
    ensure(True)
    with pytest.raises(PermissionDenied):
        ensure(False)


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE staff_leave SET ends_at = starts_at", "leave_ends_after_it_starts"),
        ("UPDATE staff_leave SET stand_in_id = user_id", "leave_stand_in_is_another_person"),
        (
            "INSERT INTO staff_leave (uid, created_at, updated_at, user_id, kind, starts_at, ends_at, note)"
            " SELECT gen_random_uuid(), created_at, updated_at, user_id, kind, starts_at, ends_at, note"
            " FROM staff_leave",
            "leave_no_overlap",
        ),
        ("UPDATE staff_user SET roles = '{king}'", "user_roles_are_known"),
        ("UPDATE staff_user SET store_id = NULL", "user_has_a_store"),
        ("UPDATE staff_store SET opens_at = closes_at", "store_opens_before_it_closes"),
    ],
)
def test_the_database_refuses(people, noon, statement, constraint):
    record(people)

    with pytest.raises(IntegrityError, match=constraint):
        sql(statement)


def test_changes_of_a_person_are_kept_also_without_a_service(people):
    before = people.owner.history.count()
    User.objects.filter(pk=people.owner.pk).update(roles=["sales_supervisor"])
    User.objects.filter(pk=people.owner.pk).update(password="x")

    assert people.owner.history.count() == before + 1
    assert people.owner.history.latest("pgh_id").roles == ["sales_consultant"]


def test_a_new_person_stands_in_the_history(db):
    person = UserFactory()

    assert [(row.pgh_label, row.employee_number) for row in person.history.all()] == [
        ("created", person.employee_number)
    ]
