"""Upgrades while the version before still works: what migrations may do, and how long they may wait for a lock."""

import threading
import time

import psycopg2
import pytest
from django.conf import settings
from django.db import OperationalError, connection, migrations, models
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from operations.services import migrating, upgrade
from tests.migration_rules import all_violations, violations

# The last migrations that were written before the rule; a new app starts with none.
BASELINE = {
    "core": 3, "customers": 3, "followups": 4, "leads": 3, "notifications": 3, "opportunities": 2, "staff": 1,
    "vehicles": 1,
}  # fmt: skip
# Exceptions, each with its reason. After a release: "contracts what 0.x stopped using", never anything else.
ALLOWED = {
    "followups.0005_rule_versions": "before the first release: nobody runs the version before",
    "followups.0007_rules_belong_to_versions": "before the first release: nobody runs the version before",
}


def baseline() -> set[str]:
    nodes = MigrationLoader(None).disk_migrations
    return {f"{app}.{name}" for app, name in nodes if int(name[:4]) <= BASELINE.get(app, 0)}


def test_no_migration_takes_away_what_the_version_before_uses():
    found = all_violations(set(settings.LOCAL_APPS), baseline())

    assert {name: sentences for name, sentences in found.items() if name not in ALLOWED} == {}
    assert sorted(set(ALLOWED) - set(found)) == []  # an exception that is none any more goes


def judged(*operations, has_new_table=False):
    """What the rule says about operations on a table `shop.car` that the version before knows."""
    state = ProjectState()
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(max_length=40)),
        ("note", models.CharField(max_length=40, null=True)),  # noqa: DJ001 -- the case under test
    ]
    state.add_model(ModelState("shop", "Car", fields))
    migration = Migration("0002_test", "shop")
    migration.operations = list(operations)
    return list(violations(migration, state, {("shop", "car")} if has_new_table else set()))


@pytest.mark.parametrize(
    ("operation", "word"),
    [
        (migrations.RemoveField("car", "name"), "the column goes"),
        (migrations.RenameField("car", "name", "title"), "the column goes"),
        (migrations.DeleteModel("Car"), "the table goes"),
        (migrations.RenameModel("Car", "Vehicle"), "the table goes"),
        (migrations.AlterModelTable("Car", "cars"), "the table goes"),
        (migrations.AddField("car", "doors", models.IntegerField(default=4)), "give it null or db_default"),
        (migrations.AlterField("car", "note", models.CharField(max_length=40)), "NOT NULL"),
        (migrations.AlterField("car", "name", models.TextField()), "another type"),
        (migrations.AlterField("car", "name", models.CharField(max_length=20)), "shorter"),
        (
            migrations.SeparateDatabaseAndState(database_operations=[migrations.RemoveField("car", "name")]),
            "the column goes",
        ),
    ],
)
def test_the_rule_sees_what_would_break_the_version_before(operation, word):
    found = judged(operation)

    assert len(found) == 1
    assert word in found[0]


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("car", "doors", models.IntegerField(null=True)),
        migrations.AddField("car", "doors", models.IntegerField(db_default=4)),
        migrations.AlterField("car", "name", models.CharField(max_length=80)),
        migrations.AlterField("car", "name", models.CharField("title", max_length=40)),
        migrations.CreateModel("Wheel", [("id", models.BigAutoField(primary_key=True))]),
        migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("car", "name")]),
    ],
)
def test_the_rule_lets_tables_grow(operation):
    assert judged(operation) == []


def test_a_table_that_the_version_before_does_not_know_may_change():
    assert judged(migrations.RemoveField("car", "name"), has_new_table=True) == []


# ---- locks -------------------------------------------------------------------------------------------------


@pytest.fixture
def busy_table():
    """Another connection reads a table for a while; `release` ends that."""
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    other = psycopg2.connect(**parameters)
    with other.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = 0; SELECT count(*) FROM vehicles_series")
    yield other.rollback
    other.close()


def change_tables(seen):
    """Stands for a migration that needs the table for itself."""

    def migrate(*_args, **_options):
        begin = time.monotonic()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SHOW lock_timeout")
                limit = cursor.fetchone()[0]
                cursor.execute("BEGIN; LOCK TABLE vehicles_series IN ACCESS EXCLUSIVE MODE; COMMIT")
            seen.append((limit, "done"))
        except OperationalError:
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")
            seen.append((limit, "locked", time.monotonic() - begin))
            raise

    return migrate


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_cannot_get_its_table_gives_up_and_tries_again(busy_table, monkeypatch):
    seen, said = [], []
    monkeypatch.setattr("operations.services.migrating.call_command", change_tables(seen))
    monkeypatch.setattr("operations.services.migrating.LOCK_TIMEOUT", "200ms")
    threading.Timer(1.0, busy_table).start()

    upgrade(app="no_such_app", readonly="no_such_reader", say=said.append, pause_s=0.2)

    assert [state for _limit, state, *_rest in seen[:-1]] == ["locked"] * (len(seen) - 1)
    assert len(seen) > 1
    assert seen[-1] == ("200ms", "done")
    assert any("Trying again" in text for text in said)
    assert sum("no_such" in text for text in said) == 2


@pytest.mark.django_db(transaction=True)
def test_a_table_that_stays_locked_ends_the_upgrade(busy_table, monkeypatch):
    seen = []
    monkeypatch.setattr("operations.services.migrating.call_command", change_tables(seen))
    monkeypatch.setattr("operations.services.migrating.LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr("operations.services.migrating.TRIES", 3)

    with pytest.raises(OperationalError):
        upgrade(app="x", readonly="y", say=lambda _text: None, pause_s=0.01)

    assert len(seen) == 3


def test_migrations_wait_two_seconds_for_a_lock():
    assert migrating.LOCK_TIMEOUT == "2s"
