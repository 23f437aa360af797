"""Full numbers never leave by a side door: files, logs, the broker, dumps (reliability.md 31); pages: test_access."""

import inspect
import logging
import shutil
import subprocess
from types import SimpleNamespace

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from core.access_log import RequestMeta
from core.models import PrivateFile
from customers.models import CustomerIdentity
from customers.services import IdentityEntry, document_add, identity_save
from dealership.celery import app as celery_app
from tests.access import CANARIES
from tests.conftest import make_people
from tests.factories import PASSWORD, CustomerFactory, OpportunityFactory
from tests.uploads import picture

pytestmark = pytest.mark.django_db
META = RequestMeta()
WORD_IN_PICTURE = b"CANARY-IN-THE-PICTURE"


def committed_customer() -> SimpleNamespace:
    """Written for good, so that another program sees it."""
    people = make_people()
    customer = CustomerFactory(store=people.store, name="王泄露")
    for kind, number in CANARIES.items():
        entry = IdentityEntry(number=number, source="original", licence_class="", issued_on=None)
        if kind != "driving_licence":
            identity_save(customer_id=customer.pk, kind=kind, entry=entry, by=people.owner)
    document_add(
        customer_id=customer.pk, kind="id_front", purpose="order", name="a.jpg",
        content=picture() + WORD_IN_PICTURE, by=people.owner, meta=META,
    )  # fmt: skip
    return SimpleNamespace(people=people, customer=customer)


def dump_of_the_database() -> bytes:
    """As pg_dump writes it; on a machine without it, all tables as COPY writes them."""
    values = connection.get_connection_params()
    place = ["-h", str(values.get("host") or ""), "-p", str(values.get("port") or 5432), "-U", str(values["user"])]
    program = shutil.which("pg_dump")
    if program:
        done = subprocess.run(
            [program, *place, "--no-owner", str(values["dbname"])],
            env={"PGPASSWORD": str(values.get("password") or ""), "PATH": "/usr/bin:/bin"},
            capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode == 0:
            return done.stdout
    with connection.cursor() as cursor:
        parts = []
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608
            parts += [row[0] for row in cursor.fetchall()]
    return "\n".join(parts).encode()


@pytest.mark.req("R-877")
@pytest.mark.django_db(transaction=True)
def test_a_dump_of_the_database_and_the_files_hold_no_number(tmp_path, settings):
    settings.PRIVATE_FILES_DIR = tmp_path / "private"
    made = committed_customer()

    dump = dump_of_the_database()

    assert made.customer.name.encode() in dump  # the dump is one
    for number in CANARIES.values():
        assert number.encode() not in dump
        assert number.encode().hex().encode() not in dump
    row = PrivateFile.objects.get()
    assert row.wrapped_key.encode() not in dump
    files = [path for path in (tmp_path / "private").rglob("*") if path.is_file()]
    assert len(files) == 1
    for content in (path.read_bytes() for path in files):
        assert WORD_IN_PICTURE not in content
        assert not content.startswith(b"\xff\xd8")
        assert not any(number.encode() in content for number in CANARIES.values())


def test_logs_hold_no_number(people, caplog):
    """Also when something goes wrong while the number is in hand."""
    row = OpportunityFactory(customer=CustomerFactory(store=people.store), owner=people.owner)
    twin = OpportunityFactory(customer=CustomerFactory(store=people.store), owner=people.owner)
    client = Client(raise_request_exception=False)
    client.force_login(people.owner)
    number = CANARIES["id_card"]

    def send(name: str, opportunity=row, **data: str) -> int:
        url = reverse(f"workbench:{name}", kwargs={"pk": opportunity.pk, "kind": "id_card"})
        return client.post(url, data).status_code

    with caplog.at_level(logging.INFO):
        assert send("identity-edit", number=number, source="original") == 302
        assert send("identity-edit", twin, number=number, source="original") == 422
        assert send("identity-edit", number=number[:-1] + "9", source="original") == 422
        assert send("identity-show", reason="contract", password=PASSWORD) == 200
        with connection.cursor() as cursor:
            cursor.execute("UPDATE customers_customeridentity SET number = '\\x0105'")
        assert send("identity-show", reason="contract", password=PASSWORD) == 500

    assert "customers_customeridentity.number" in caplog.text
    assert number not in caplog.text
    assert number[:-1] not in caplog.text
    assert PASSWORD not in caplog.text


def test_the_broker_is_given_numbers_of_rows_only():
    """What a task takes, and what lies in Redis now."""
    taking = {
        f"{name}({parameter.name})"
        for name, task in celery_app.tasks.items()
        if not name.startswith("celery.")
        for parameter in inspect.signature(task.run).parameters.values()
        if parameter.annotation not in (int, float, "int", "float")
    }
    assert not taking

    broker = redis.Redis.from_url(settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://"))
    for key in broker.scan_iter("shuncheng:*"):
        kind = broker.type(key)
        content = broker.lrange(key, 0, -1) if kind == b"list" else [broker.dump(key) or b""]
        assert not any(number.encode() in part for part in content for number in CANARIES.values())
    broker.close()


def test_a_value_of_the_table_is_not_printed(people):
    customer = CustomerFactory(store=people.store)
    entry = IdentityEntry(number=CANARIES["id_card"], source="original")
    identity = identity_save(customer_id=customer.pk, kind="id_card", entry=entry, by=people.owner)

    loaded = CustomerIdentity.objects.values().get()

    assert CANARIES["id_card"] not in f"{identity} {identity!r} {loaded}"
