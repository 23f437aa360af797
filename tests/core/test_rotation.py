"""`manage.py rotate_keys`: repeatable, resumable after a kill, honest about keys that are missing or wrong."""

import base64
import os
import signal
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from core.checks import check_field_keys
from core.encryption import DecryptionError
from core.rotation import Column, encrypted_columns, keys_in_use, rotate
from customers.models import CustomerIdentity
from customers.services import IdentityEntry, identity_save
from tests.conftest import make_people
from tests.factories import CustomerFactory

ROOT = Path(__file__).resolve().parent.parent.parent
OLD, NEW, OTHER = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2, 3))
BOTH = f"new:{NEW},old:{OLD}"


def column() -> Column:
    return next(one for one in encrypted_columns() if one.model is CustomerIdentity)


def fill(count: int) -> list[str]:
    """Passports of as many customers; returns the numbers in the order of the rows."""
    people = make_people()
    numbers = [f"E{10_000_000 + number}" for number in range(count)]
    for number in numbers:
        customer = CustomerFactory(store=people.store)
        entry = IdentityEntry(number=number, source="copy")
        identity_save(customer_id=customer.pk, kind="passport", entry=entry, by=people.owner)
    return numbers


def numbers() -> list[str]:
    return [row.number for row in CustomerIdentity.objects.order_by("pk")]


@pytest.fixture
def old_key(settings):
    settings.FIELD_KEYS = f"old:{OLD}"
    return settings


def run(**options) -> str:
    out = StringIO()
    call_command("rotate_keys", stdout=out, **options)
    return out.getvalue()


@pytest.mark.django_db
def test_everything_is_written_with_the_new_key_and_reads_the_same(old_key):
    wanted = fill(7)
    old_key.FIELD_KEYS = BOTH
    moments = list(CustomerIdentity.objects.order_by("pk").values_list("updated_at", flat=True))

    said = run(batch_size=3)

    assert keys_in_use(column()) == {"new": 7}
    assert numbers() == wanted
    assert "customers_customeridentity.number: 7 rewritten" in said
    assert "Everything is written with new" in said
    assert list(CustomerIdentity.objects.order_by("pk").values_list("updated_at", flat=True)) == moments
    old_key.FIELD_KEYS = f"new:{NEW}"
    assert numbers() == wanted


@pytest.mark.django_db
def test_a_second_run_changes_nothing(old_key):
    fill(3)
    old_key.FIELD_KEYS = BOTH
    run()
    before = [bytes(value.raw) for value in CustomerIdentity.objects.values_list("number", flat=True).order_by("pk")]

    said = run()

    assert "rewritten" not in said
    after = [bytes(value.raw) for value in CustomerIdentity.objects.values_list("number", flat=True).order_by("pk")]
    assert after == before


@pytest.mark.django_db
def test_check_only_counts_and_fails_while_an_old_key_is_used(old_key):
    fill(2)
    old_key.FIELD_KEYS = BOTH

    with pytest.raises(CommandError, match="2 values are still written"):
        run(check=True)

    assert keys_in_use(column()) == {"old": 2}
    run()
    assert "Everything" in run(check=True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("keys", "complaint"),
    [(f"new:{NEW}", "'old' is not in FIELD_KEYS"), (f"new:{NEW},old:{OTHER}", "does not open")],
    ids=["missing", "wrong"],
)
def test_a_missing_or_wrong_key_stops_the_run_and_loses_nothing(old_key, keys, complaint):
    wanted = fill(3)
    old_key.FIELD_KEYS = keys

    with pytest.raises(CommandError, match=complaint):
        run()
    with pytest.raises(DecryptionError):
        numbers()
    assert [message.id for message in check_field_keys(None, databases=["default"])] == ["core.E003"]

    old_key.FIELD_KEYS = BOTH
    run()
    assert numbers() == wanted
    assert check_field_keys(None, databases=["default"]) == []


@pytest.mark.django_db
def test_the_check_asks_no_other_database():
    assert check_field_keys(None, databases=None) == []


@pytest.mark.django_db(transaction=True)
def test_a_killed_run_leaves_two_readable_halves_and_the_next_one_finishes(old_key):
    wanted = fill(12)
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "dealership.settings.trial",
        "DATABASE_URL": url_of_the_test_database(),
        "FIELD_KEYS": BOTH,
        "INDEX_KEY": OTHER,
        "PYTHONUNBUFFERED": "1",
    }
    argv = [sys.executable, "manage.py", "rotate_keys", "--batch-size", "1"]
    with transaction.atomic():
        held = CustomerIdentity.objects.order_by("pk")[5].pk
        CustomerIdentity.objects.select_for_update().get(pk=held)  # here the run has to wait
        process = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        for line in process.stdout:
            if ": 5 rewritten" in line:
                break
        process.send_signal(signal.SIGKILL)
        process.stdout.close()
        assert process.wait() == -signal.SIGKILL

    old_key.FIELD_KEYS = BOTH
    assert keys_in_use(column()) == {"new": 5, "old": 7}
    assert numbers() == wanted
    assert rotate(column()) == 7
    assert keys_in_use(column()) == {"new": 12}
    assert numbers() == wanted


def url_of_the_test_database() -> str:
    values = connection.get_connection_params()
    user, password = values.get("user") or "", values.get("password") or ""
    secret = f":{password}" if password else ""
    place = f"{values.get('host') or ''}:{values.get('port') or 5432}"
    if str(values.get("host", "")).startswith("/"):  # a socket directory stands behind a second slash
        place = f"/{values['host']}"
    return f"postgres://{user}{secret}@{place}/{values['dbname']}"
