"""Customers and their phone numbers."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import Conflict, DomainError
from core.phones import Phone
from core.pinyin import search_keys
from core.text import clean_text
from core.transactions import service
from customers.enums import CustomerKind
from customers.models import Consent, Customer, CustomerPhone
from customers.policies import ensure_can_change
from staff.models import User

BATCH = 1_000
_RELATIONS = ["store", "channel", "registered_by"]
EDITABLE_FIELDS = frozenset({"name", "gender", "area", "grade", "preferred_time", "contact_person", "channel_id"})


class PhoneTaken(Conflict):
    """The number belongs to a customer of the store already; `current` is that CustomerPhone."""

    default_code = "phone_taken"


def customer_build(
    *, store_id: int, name: str, kind: str, gender: str, area: str, channel_id: int | None, by: User | None
) -> Customer:
    """Make a customer with the keys by which it is found, unsaved."""
    keys = search_keys(name)
    return Customer(
        store_id=store_id,
        name=clean_text(name),
        kind=kind,
        gender=gender,
        area=area,
        channel_id=channel_id,
        registered_by=by,
        pinyin=keys.pinyin[:300],
        search_terms=[term for term in keys.terms if len(term) <= 40],
    )


@service
def customer_create(
    *,
    store_id: int,
    name: str,
    phone: Phone,
    kind: str = CustomerKind.PERSON,
    gender: str = "",
    area: str = "",
    channel_id: int | None = None,
    contact_person: str = "",
    by: User | None,
) -> Customer:
    """Make a customer with a main number.

    Raises PhoneTaken when the number is registered in the store: also when somebody else does so in this very
    moment, because the unique index decides (invariant 2). ValidationError for a bad name.
    """
    customer = customer_try_create(
        store_id=store_id,
        name=name,
        phone=phone,
        kind=kind,
        gender=gender,
        area=area,
        channel_id=channel_id,
        contact_person=contact_person,
        by=by,
    )
    if customer is None:
        raise phone_taken(store_id, phone)
    return customer


# The number first, for a customer who comes next: the foreign key is checked at the end of the transaction. So a number
# that is taken costs nothing, and nothing has to be taken back. Whoever registers it in this moment is waited for.
_PHONE = """
INSERT INTO customers_customerphone
  (uid, created_at, updated_at, store_id, customer_id, number, kind, label, is_primary)
VALUES (%s, %s, %s, %s, nextval(pg_get_serial_sequence('customers_customer', 'id')), %s, %s, '', true)
ON CONFLICT DO NOTHING RETURNING customer_id
"""


def customer_try_create(
    *,
    store_id: int,
    name: str,
    phone: Phone,
    kind: str = CustomerKind.PERSON,
    gender: str = "",
    area: str = "",
    channel_id: int | None = None,
    contact_person: str = "",
    by: User | None,
) -> Customer | None:
    """As customer_create, for a service; None when the number is registered, and the transaction goes on."""
    customer = customer_build(
        store_id=store_id, name=name, kind=kind, gender=gender, area=area, channel_id=channel_id, by=by
    )
    customer.contact_person = contact_person
    customer.clean_fields(exclude=_RELATIONS)
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(_PHONE, [uuid.uuid4(), now, now, store_id, phone.e164, phone.kind])
        made = cursor.fetchone()
    if made is None:
        return None
    customer.pk = made[0]
    customer.save(force_insert=True)
    return customer


def phone_taken(store_id: int, phone: Phone) -> PhoneTaken:
    current = CustomerPhone.objects.filter(store=store_id, number=phone.e164).select_related("customer").first()
    return PhoneTaken(_("This phone number is already registered in this store."), field="phone", current=current)


def customer_lock(customer_id: int, *, by: User) -> Customer:
    """Lock one customer for a change. Raises PermissionDenied for somebody of another store."""
    rows = Customer.objects.select_for_update(no_key=True, of=("self",)).select_related("store")
    customer = rows.filter(pk=customer_id).first()
    if customer is None:
        raise PermissionDenied(_("This customer is not yours to change."))
    ensure_can_change(by, customer)
    return customer


@service
def customer_update(*, customer_id: int, version: int, by: User, **changes: Any) -> Customer:
    """Change facts of a customer, keys out of EDITABLE_FIELDS.

    Raises PermissionDenied, Conflict when somebody changed the customer since `version` was read, ValidationError.
    """
    unknown = set(changes) - EDITABLE_FIELDS
    if unknown:
        raise ValueError(f"not editable: {unknown}")
    customer = customer_lock(customer_id, by=by)
    if customer.version != version:
        raise Conflict(_("Somebody else changed this customer meanwhile."), current=customer)
    for field, value in changes.items():
        setattr(customer, field, clean_text(value) if isinstance(value, str) else value)
    if "name" in changes:
        keys = search_keys(customer.name)
        customer.pinyin = keys.pinyin[:300]
        customer.search_terms = [term for term in keys.terms if len(term) <= 40]
    customer.version += 1
    # What was right when it was written is not judged again: a customer of an import has no registrar.
    customer.clean_fields(exclude=[field.name for field in Customer._meta.fields if field.attname not in changes])
    customer.save(update_fields=[*changes, "pinyin", "search_terms", "version", "updated_at"])
    return customer


@service
def phone_add(*, customer_id: int, phone: Phone, label: str = "", by: User) -> CustomerPhone:
    """Add a further number. Raises PermissionDenied, PhoneTaken."""
    customer = customer_lock(customer_id, by=by)
    row = CustomerPhone(store_id=customer.store_id, customer=customer, number=phone.e164, kind=phone.kind, label=label)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise phone_taken(customer.store_id, phone) from error
    return row


@service
def do_not_contact_set(*, customer_id: int, is_do_not_contact: bool, by: User) -> Customer:
    """The customer wants to be left alone (or not any more). Imports and messages respect it."""
    customer = customer_lock(customer_id, by=by)
    if customer.is_do_not_contact == is_do_not_contact:
        raise DomainError(_("Nothing changed."))
    customer.is_do_not_contact = is_do_not_contact
    customer.version += 1
    customer.save(update_fields=["is_do_not_contact", "version", "updated_at"])
    return customer


@dataclass(frozen=True)
class NewCustomer:
    """One person of a list, see customer_create."""

    name: str
    phone: Phone
    gender: str = ""
    area: str = ""
    channel_id: int | None = None


@service
def customers_create_many(*, store_id: int, people: Sequence[NewCustomer], by: User) -> list[Customer]:
    """What customer_create does, for many people with two statements. In the order of `people`.

    Raises IntegrityError when any of the numbers is registered in the store (invariant 2), ValidationError.
    """
    customers = [
        customer_build(
            store_id=store_id,
            name=person.name,
            kind=CustomerKind.PERSON,
            gender=person.gender,
            area=person.area,
            channel_id=person.channel_id,
            by=by,
        )
        for person in people
    ]
    for customer in customers:
        customer.clean_fields(exclude=_RELATIONS)
    Customer.objects.bulk_create(customers, batch_size=BATCH)
    CustomerPhone.objects.bulk_create(
        [
            CustomerPhone(
                store_id=store_id, customer=customer, number=person.phone.e164, kind=person.phone.kind, is_primary=True
            )
            for customer, person in zip(customers, people, strict=True)
        ],
        batch_size=BATCH,
    )
    return customers


@service
def phones_release(*, customer_ids: Sequence[int]) -> int:
    """Give back the numbers of customers who should never have been registered (an import taken back), and end their
    consent. The numbers can be registered again. Returns how many numbers."""
    Consent.objects.filter(customer__in=customer_ids, withdrawn_at=None).update(withdrawn_at=clock.now())
    return CustomerPhone.objects.filter(customer__in=customer_ids).delete()[0]
