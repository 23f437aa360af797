"""What the roles of the database may do, tried as those roles."""

from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from operations.services import append_only_tables, roles_grant
from tests.factories import CustomerFactory, UserFactory
from tests.journeys import open_one, record

pytestmark = pytest.mark.django_db
APP, READONLY = "trial_app_role", "trial_readonly_role"
NOT_ALLOWED = "permission denied|must be owner|must be able to SET ROLE"


@pytest.fixture
def roles():
    """Both roles with their rights; gone with the test, as everything in its transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {APP} NOLOGIN; CREATE ROLE {READONLY} NOLOGIN")
    assert roles_grant(app=APP, readonly=READONLY) == []


@contextmanager
def acting_as(role):
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}")
        yield cursor
        cursor.execute("RESET ROLE")


def refuse(cursor, statement):
    with pytest.raises(DatabaseError, match=NOT_ALLOWED), transaction.atomic():
        cursor.execute(statement)


def test_the_tables_that_only_grow_are_known():
    assert {"core_accesslogentry", "opportunities_journeyevent"} <= set(append_only_tables())


@pytest.mark.usefixtures("roles")
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "ALTER TABLE customers_customer ADD COLUMN more text",
        "DROP TABLE customers_customer",
        "TRUNCATE customers_customer CASCADE",
        "ALTER TABLE core_accesslogentry DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "CREATE INDEX ON customers_customer (name)",
        "UPDATE django_migrations SET name = 'x'",
        "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ],
)
def test_the_application_changes_no_structure_and_switches_no_guard_off(statement):
    with acting_as(APP) as cursor:
        refuse(cursor, statement)


@pytest.mark.usefixtures("roles")
@pytest.mark.parametrize("table", append_only_tables())
def test_the_application_adds_to_what_only_grows_and_nothing_else(table):
    with acting_as(APP) as cursor:
        cursor.execute("SELECT has_table_privilege(%s, 'INSERT'), has_table_privilege(%s, 'SELECT')", [table, table])
        assert cursor.fetchone() == (True, True)
        cursor.execute("SELECT set_config('pgtrigger.ignore', '{public.*}', true)")  # what switches our triggers off
        refuse(cursor, f'DELETE FROM "{table}"')  # noqa: S608
        refuse(cursor, f'UPDATE "{table}" SET id = id')  # noqa: S608


@pytest.mark.usefixtures("roles")
def test_the_application_does_its_work_with_these_rights(people):
    with acting_as(APP):
        opportunity = open_one(people)
        record(opportunity, people.owner)
        client = Client()
        client.force_login(people.owner)
        page = client.get(f"/opportunities/{opportunity.pk}/")
        noted = client.post(f"/opportunities/{opportunity.pk}/note/", {"text": "called back"})

    assert (page.status_code, noted.status_code < 400) == (200, True), noted.status_code


@pytest.mark.usefixtures("roles")
def test_reports_read_business_and_no_secrets():
    CustomerFactory(name="皮蓬洛")
    UserFactory()

    with acting_as(READONLY) as cursor:
        cursor.execute("SELECT count(*) FROM customers_customer WHERE name = '皮蓬洛'")
        assert cursor.fetchone() == (1,)
        cursor.execute("SELECT count(name) FROM staff_user")
        refuse(cursor, "SELECT password FROM staff_user")
        refuse(cursor, "SELECT * FROM staff_usersession")
        refuse(cursor, "SELECT token_digest FROM staff_device")
        refuse(cursor, "SELECT secret FROM notifications_integration")
        refuse(cursor, "SELECT wrapped_key FROM core_privatefile")
        for statement in ("INSERT INTO django_content_type (app_label, model) VALUES ('a', 'b')",
                          "UPDATE customers_customer SET name = 'x'", "DELETE FROM customers_customer"):  # fmt: skip
            refuse(cursor, statement)


@pytest.mark.usefixtures("roles")
def test_rights_that_somebody_added_are_taken_away_again():
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT ALL ON core_accesslogentry TO {APP}; GRANT ALL ON staff_user TO {READONLY}")
        cursor.execute("GRANT EXECUTE ON FUNCTION journey_forget(bigint) TO PUBLIC")  # as a restored function has it

    roles_grant(app=APP, readonly=READONLY)

    with acting_as(APP) as cursor:
        refuse(cursor, "DELETE FROM core_accesslogentry")
    with acting_as(READONLY) as cursor:
        refuse(cursor, "SELECT password FROM staff_user")
        refuse(cursor, "SELECT journey_forget(1)")


def test_a_role_that_does_not_exist_is_named():
    with pytest.raises(CommandError, match="no_such_role"):
        call_command("grant_roles", "--app-role", "no_such_role", "--readonly-role", "no_such_role")
