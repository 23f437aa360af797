"""Numbers of documents: ciphertext in the database, one customer each, dates that can be."""

import base64
from datetime import date

import pytest
from django.core.exceptions import FieldError, PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from core.access_log import RequestMeta
from core.encryption import Ciphertext, DecryptionError
from core.errors import DomainError
from core.models import AccessLogEntry
from customers.checks import check_index_key
from customers.models import CustomerIdentity
from customers.selectors import identities_of
from customers.services import (
    IdentityEntry,
    IdentityTaken,
    identities_reindex,
    identity_delete,
    identity_index,
    identity_save,
)
from tests.factories import CustomerFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
NUMBER = "110101199003070011"
OTHER = "11010519491231002X"
META = RequestMeta(ip="10.0.0.1")


@pytest.fixture
def customer(people):
    return CustomerFactory(store=people.store)


def save(customer, by, kind="id_card", **entry):
    values = {"number": NUMBER, "source": "original"} | entry
    return identity_save(customer_id=customer.pk, kind=kind, entry=IdentityEntry(**values), by=by, meta=META)


def licence(customer, by, **entry):
    values = {"licence_class": "C1", "issued_on": date(2015, 5, 1), "valid_until": date(2031, 5, 1)} | entry
    return save(customer, by, "driving_licence", **values)


def stored(identity) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM customers_customeridentity WHERE id = %s", [identity.pk])
        return bytes(cursor.fetchone()[0])


def write_raw(identity, raw: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_customeridentity SET number = %s WHERE id = %s", [raw, identity.pk])


@pytest.mark.req("R-877")
def test_the_number_is_ciphertext_in_the_database_and_text_for_the_page(people, customer):
    identity = save(customer, people.owner, name_on_document=" 王建国 ")

    row = identities_of(customer.pk)[0]
    assert (row.number, row.masked, row.name_on_document) == (NUMBER, "110101********0011", "王建国")
    assert NUMBER.encode() not in stored(identity)
    assert NUMBER not in row.number_index
    entry = AccessLogEntry.objects.get()
    assert (entry.action, entry.field, entry.customer_id, entry.actor) == (
        "change", "id_card", customer.pk, people.owner,
    )  # fmt: skip


def test_what_was_not_changed_is_not_encrypted_again(people, customer):
    identity = save(customer, people.owner)
    before = stored(identity)

    row = CustomerIdentity.objects.get()
    row.name_on_document = "改名"
    row.save()

    assert stored(identity) == before
    assert isinstance(CustomerIdentity.objects.values_list("number", flat=True)[0], Ciphertext)


def test_a_new_number_takes_the_place_of_the_old_one(people, customer):
    save(customer, people.owner)

    save(customer, people.manager, number=OTHER.lower(), source="copy")

    row = CustomerIdentity.objects.get()
    assert (row.number, row.version, row.recorded_by, row.source) == (OTHER, 2, people.manager, "copy")


def test_a_value_copied_to_another_row_does_not_open(people, customer):
    mine = save(customer, people.owner)
    other = save(CustomerFactory(store=people.store), people.owner, number=OTHER)

    write_raw(other, stored(mine))

    with pytest.raises(DecryptionError, match=r"customers_customeridentity\.number"):
        _ = CustomerIdentity.objects.get(pk=other.pk).number
    assert CustomerIdentity.objects.get(pk=mine.pk).number == NUMBER


def test_plain_text_cannot_be_searched_or_written_past_the_row(people, customer):
    save(customer, people.owner)

    with pytest.raises(FieldError, match="blind index"):
        CustomerIdentity.objects.filter(number=NUMBER)
    with pytest.raises(TypeError, match="save"), transaction.atomic():
        CustomerIdentity.objects.update(number=OTHER)
    assert CustomerIdentity.objects.filter(number__isnull=False).count() == 1


def test_one_number_is_one_customer_of_a_store(people, customer):
    save(customer, people.owner)
    twin = CustomerFactory(store=people.store)

    with pytest.raises(IdentityTaken) as refused:
        save(twin, people.owner)

    assert refused.value.current.customer == customer
    assert not identities_of(twin.pk)
    save(CustomerFactory(store=people.other_store), people.stranger)


def test_the_number_of_a_licence_finds_the_holder_of_the_card(people, customer):
    save(customer, people.owner)
    licence(customer, people.owner)

    found = CustomerIdentity.objects.filter(number_index=identity_index("id_card", NUMBER), store=people.store)
    assert [row.kind for row in found.order_by("kind")] == ["driving_licence", "id_card"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": "110101199003070012"}, None),
        ({"issued_on": None}, "issued_on"),
        ({"issued_on": date(2008, 3, 6)}, "issued_on"),
        ({"issued_on": date(2027, 1, 1)}, "issued_on"),
        ({"issued_on": date(1055, 1, 1)}, "issued_on"),
        ({"valid_until": date(9999, 12, 31)}, "valid_until"),
        ({"valid_from": date(2026, 1, 1), "valid_until": date(2025, 1, 1)}, "valid_until"),
        ({"licence_class": ""}, "licence_class"),
        ({"licence_class": "Z9"}, None),
        ({"source": "rumour"}, None),
        ({"name_on_document": "长" * 61}, None),
    ],
)
def test_a_licence_that_cannot_be_is_refused(people, customer, changes, field):
    with pytest.raises(ValidationError) as refused:
        licence(customer, people.owner, **changes)

    assert getattr(refused.value, "field", None) == field
    assert not CustomerIdentity.objects.exists()
    assert not AccessLogEntry.objects.exists()


def test_a_licence_that_ran_out_is_kept_and_said(people, customer):
    assert licence(customer, people.owner, valid_until=date(2026, 11, 16)).is_expired
    assert not licence(customer, people.owner, valid_until=date(2026, 11, 17)).is_expired
    assert not licence(customer, people.owner, valid_until=None).is_expired


@pytest.mark.parametrize("who", ["stranger", "stranger_manager", "finance", "administrator"])
def test_another_store_and_people_without_customers_write_no_numbers(people, customer, who):
    with pytest.raises(PermissionDenied):
        save(customer, getattr(people, who))
    with pytest.raises(PermissionDenied):
        identity_delete(customer_id=customer.pk, kind="id_card", reason="x", by=getattr(people, who))

    assert not CustomerIdentity.objects.exists()


def test_deleting_needs_a_reason_and_leaves_a_trace(people, customer):
    save(customer, people.owner)

    with pytest.raises(DomainError):
        identity_delete(customer_id=customer.pk, kind="id_card", reason=" ", by=people.owner)
    assert identity_delete(customer_id=customer.pk, kind="id_card", reason="录错", by=people.owner) == 1
    assert identity_delete(customer_id=customer.pk, kind="id_card", reason="录错", by=people.owner) == 0

    assert [entry.reason for entry in AccessLogEntry.objects.order_by("id")] == ["original", "录错"]


@pytest.mark.parametrize(
    ("column", "value"),
    [("number_index", NUMBER), ("licence_class", "C1"), ("valid_from", "2040-01-01")],
)
def test_the_database_refuses_what_no_service_writes(people, customer, column, value):
    save(customer, people.owner, valid_until=date(2030, 1, 1))

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE customers_customeridentity SET {column} = %s", [value])  # noqa: S608


@pytest.fixture
def new_index_key(people, settings):
    """Two documents are stored; then INDEX_KEY is another one."""
    saved = [save(CustomerFactory(store=people.store), people.owner, number=number) for number in (NUMBER, OTHER)]
    settings.INDEX_KEY = base64.b64encode(b"another-index-key-of-32-bytes-00").decode()
    return saved


def test_with_another_index_key_nothing_is_found_until_the_hashes_are_rebuilt(people, new_index_key, capsys):
    def found():
        return CustomerIdentity.objects.filter(number_index=identity_index("id_card", NUMBER)).first()

    assert found() is None
    assert [message.id for message in check_index_key(None, databases=["default"])] == ["customers.E001"]

    call_command("rebuild_index")

    assert "2 hashes" in capsys.readouterr().out
    assert found() == new_index_key[0]
    assert check_index_key(None, databases=["default"]) == []
    assert identities_reindex() == 0
    with pytest.raises(IdentityTaken):
        save(CustomerFactory(store=people.store), people.owner)


def test_a_number_that_does_not_open_leaves_every_hash_as_it_was(people, new_index_key):
    before = list(CustomerIdentity.objects.order_by("pk").values_list("number_index", flat=True))
    write_raw(new_index_key[1], b"no value of ours")

    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("rebuild_index")

    assert list(CustomerIdentity.objects.order_by("pk").values_list("number_index", flat=True)) == before


def test_the_check_of_the_index_asks_no_other_database(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert check_index_key(None, databases=None) == []
