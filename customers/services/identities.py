"""Numbers of ID cards, licences and other documents of class P3 (reliability.md 4.5)."""

from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from core import clock
from core.access_log import RequestMeta, log_access
from core.encryption import blind_index
from core.enums import AccessAction
from core.errors import Conflict, DomainError
from core.identity_numbers import NumberKind, birth_date_of, normalize_number
from core.text import clean_text
from core.transactions import service
from customers.models import CustomerIdentity
from customers.services.customers import customer_lock
from staff.models import User

EARLIEST = date(1950, 1, 1)
LATEST_YEARS = 60  # no document is valid for longer
LICENCE_AGE = 18


class IdentityTaken(Conflict):
    """The number belongs to another customer of the store; `current` is that CustomerIdentity."""

    default_code = "identity_taken"


@dataclass(frozen=True, kw_only=True)
class IdentityEntry:
    """What stands on a document. `number` as typed; "" keeps the one that is stored."""

    number: str
    source: str
    name_on_document: str = ""
    licence_class: str = ""
    issued_on: date | None = None
    valid_from: date | None = None
    valid_until: date | None = None


def identity_index(kind: str, number: str) -> str:
    """The keyed hash of a normalised number. A licence has the number of the ID card, so it is found by it too."""
    same = NumberKind.ID_CARD if kind == NumberKind.DRIVING_LICENCE else kind
    return blind_index(number, purpose=f"identity:{same}")


@service
def identity_save(
    *, customer_id: int, kind: str, entry: IdentityEntry, by: User, meta: RequestMeta | None = None
) -> CustomerIdentity:
    """Write or replace the number of one document. The change is logged like a look.

    Raises PermissionDenied, ValidationError (a number or date that cannot be), IdentityTaken when another customer of
    the store has the number: the unique index decides, also between two people at the same moment.
    """
    customer = customer_lock(customer_id, by=by)
    row = CustomerIdentity.objects.filter(customer=customer, kind=kind).first()
    is_kept = row is not None and not entry.number
    number = str(row.number) if row and is_kept else normalize_number(kind, entry.number, today=clock.today())
    _check_dates(kind, number, entry)
    row = row or CustomerIdentity(customer=customer, store_id=customer.store_id, kind=kind, version=0)
    if not is_kept:
        row.number, row.number_index = number, identity_index(kind, number)
    row.name_on_document = clean_text(entry.name_on_document)
    for field in ("licence_class", "source", "issued_on", "valid_from", "valid_until"):
        setattr(row, field, getattr(entry, field))
    row.recorded_by = by
    row.version += 1
    row.clean_fields(exclude=["customer", "store", "recorded_by"])
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise _taken(row) from error
    log_access(
        actor=by,
        action=AccessAction.CHANGE,
        customer_id=customer.pk,
        field=kind,
        reason=entry.source,
        request_meta=meta,
    )
    return row


@service
def identity_delete(*, customer_id: int, kind: str, reason: str, by: User, meta: RequestMeta | None = None) -> int:
    """Delete the number of a document; the access log keeps who did it and why. Returns how many there were."""
    customer = customer_lock(customer_id, by=by)
    text = clean_text(reason)
    if not text:
        raise DomainError(_("Say why."), field="reason", code="reason")
    count = CustomerIdentity.objects.filter(customer=customer, kind=kind).delete()[0]
    if count:
        log_access(
            actor=by, action=AccessAction.CHANGE, customer_id=customer.pk, field=kind, reason=text, request_meta=meta
        )
    return count


@service
def identities_reindex() -> int:
    """Compute every keyed hash anew with INDEX_KEY; all of them or none. Returns how many were different.

    Writers wait meanwhile: while half of the hashes are old, the unique index would let a number in twice. Raises
    DecryptionError at a number that does not open.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("LOCK TABLE customers_customeridentity IN SHARE ROW EXCLUSIVE MODE")
    changed = 0
    for row in CustomerIdentity.objects.only("uid", "kind", "number", "number_index").iterator(chunk_size=500):
        index = identity_index(row.kind, str(row.number))
        if index != row.number_index:
            changed += CustomerIdentity.objects.filter(pk=row.pk).update(number_index=index)
    return changed


def identity_index_is_current() -> bool:
    """The hash of the last number that was written is the one that INDEX_KEY gives; True when there is none."""
    row = CustomerIdentity.objects.only("uid", "kind", "number", "number_index").order_by("-pk").first()
    return row is None or row.number_index == identity_index(row.kind, str(row.number))


def _check_dates(kind: str, number: str, entry: IdentityEntry) -> None:
    """Days that the document cannot have; PostgreSQL and Python both know years that no document has."""
    today = clock.today()
    latest = today.replace(year=today.year + LATEST_YEARS, day=min(today.day, 28))
    for field in ("issued_on", "valid_from", "valid_until"):
        day = getattr(entry, field)
        end = latest if field == "valid_until" else today
        if day is not None and not EARLIEST <= day <= end:
            raise DomainError(
                _("This day lies outside %(first)s to %(last)s."),
                field=field,
                code="bounds",
                params={"first": EARLIEST.isoformat(), "last": end.isoformat()},
            )
    if entry.valid_from and entry.valid_until and entry.valid_from >= entry.valid_until:
        raise DomainError(_("The end lies before the beginning."), field="valid_until", code="order")
    if kind == NumberKind.DRIVING_LICENCE:
        _check_licence(number, entry)


def _check_licence(number: str, entry: IdentityEntry) -> None:
    if entry.issued_on is None:
        raise DomainError(_("A licence has a day of first issue."), field="issued_on", code="required")
    if not entry.licence_class:
        raise DomainError(_("A licence has a class."), field="licence_class", code="required")
    born = birth_date_of(number)
    if born is not None and entry.issued_on < born.replace(year=born.year + LICENCE_AGE, day=min(born.day, 28)):
        raise DomainError(
            _("On that day the person was younger than %(age)s."),
            field="issued_on",
            code="age",
            params={"age": LICENCE_AGE},
        )


def _taken(row: CustomerIdentity) -> IdentityTaken:
    current = (
        CustomerIdentity.objects.filter(store=row.store_id, kind=row.kind, number_index=row.number_index)
        .exclude(customer=row.customer_id)
        .select_related("customer")
        .first()
    )
    return IdentityTaken(_("Another customer of this store has this number."), field="number", current=current)
