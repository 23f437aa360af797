"""Pictures of documents: taken in cleaned, stored encrypted, shown with a reason and a watermark, shredded."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import clock, uploads, watermark
from core.access_log import CUSTOMER, RequestMeta, log_access
from core.enums import AccessAction
from core.errors import DomainError
from core.models import PrivateFile
from core.private_files import file_discard, file_read, file_shred, file_store
from core.rate_limits import ensure_within
from core.text import clean_text
from core.transactions import service
from core.uploads import CleanFile
from customers.enums import DataClass, DocumentKind, DocumentPurpose
from customers.models import Customer
from customers.policies import ensure_can_change
from customers.selectors import document_of, documents_of
from customers.services.access import access_allow
from customers.services.customers import customer_lock
from staff.models import User

FILE = "core.PrivateFile"
MOST = 30  # a customer with more has been used as a folder


@dataclass(frozen=True, slots=True, repr=False)
class ShownDocument:
    """What leaves the house: watermarked when it is a picture. `name` for the one who saves it."""

    content: bytes
    media_type: str
    name: str


def document_add(
    *, customer_id: int, kind: str, purpose: str, name: str, content: bytes, by: User, meta: RequestMeta
) -> PrivateFile:
    """Clean and store one picture of a customer. `name` is that of the uploaded file, only its ending counts.

    Raises PermissionDenied, LimitReached, DomainError for what core.uploads refuses. The cleaning is done before the
    transaction begins: it may take seconds.
    """
    _ensure_may_add(customer_id, by=by)
    clean = uploads.accept(name=name, content=content, is_pdf_allowed=kind == DocumentKind.OTHER)
    return _document_store(customer_id=customer_id, kind=kind, purpose=purpose, clean=clean, by=by, meta=meta)


@service
def _ensure_may_add(customer_id: int, *, by: User) -> None:
    customer = Customer.objects.select_related("store").get(pk=customer_id)
    ensure_can_change(by, customer)
    ensure_within("upload", by.pk)


@service
def _document_store(
    *, customer_id: int, kind: str, purpose: str, clean: CleanFile, by: User, meta: RequestMeta
) -> PrivateFile:
    customer = customer_lock(customer_id, by=by)
    if len(documents_of(customer.pk)) >= MOST:
        raise DomainError(gettext_lazy("This customer has %(most)s documents; delete one first.") % {"most": MOST})
    row = file_store(
        clean=clean,
        owner_type=CUSTOMER,
        owner_id=customer.pk,
        kind=DocumentKind(kind),
        purpose=DocumentPurpose(purpose),
        by=by,
    )
    _log(row, action=AccessAction.FILE_ADD, reason=purpose, by=by, meta=meta)
    return row


def document_show(*, customer_id: int, file_id: int, reason: str, by: User, meta: RequestMeta) -> ShownDocument:
    """Log the look, then open the file and write over it who looked, when, and what it may be used for.

    Raises PermissionDenied, DomainError for an unknown reason or a file that is gone, LimitReached, DecryptionError.
    """
    row, content = _document_release(customer_id=customer_id, file_id=file_id, reason=reason, by=by, meta=meta)
    customer = Customer.objects.get(pk=customer_id)
    label = DocumentKind(row.kind).label
    name = f"{label}-{customer.name}.{'jpg' if row.is_image else 'pdf'}"
    if row.is_image:
        content = watermark.stamp(content, _lines(row, by))
    return ShownDocument(content, row.media_type, name)


@service
def _document_release(
    *, customer_id: int, file_id: int, reason: str, by: User, meta: RequestMeta
) -> tuple[PrivateFile, bytes]:
    customer = Customer.objects.select_related("store").get(pk=customer_id)
    row = _document(customer_id=customer_id, file_id=file_id)
    access_allow(
        customer=customer,
        action=AccessAction.FILE_VIEW,
        field=row.kind,
        data_class=DataClass.DOCUMENT,
        reason=reason,
        by=by,
        meta=meta,
        subject_type=FILE,
        subject_id=row.pk,
    )
    return row, file_read(row)


def document_shred(*, customer_id: int, file_id: int, reason: str, by: User, meta: RequestMeta) -> None:
    """Make a picture unreadable for ever. The row and the log keep who did it and why."""
    file_discard(_document_shred(customer_id=customer_id, file_id=file_id, reason=reason, by=by, meta=meta))


@service
def _document_shred(*, customer_id: int, file_id: int, reason: str, by: User, meta: RequestMeta) -> PrivateFile:
    customer_lock(customer_id, by=by)
    row = _document(customer_id=customer_id, file_id=file_id)
    text = clean_text(reason)
    if not text:
        raise DomainError(gettext_lazy("Say why."), field="reason", code="reason")
    shredded = file_shred(file_id=row.pk, reason=text, by=by)
    _log(row, action=AccessAction.FILE_SHRED, reason=text, by=by, meta=meta)
    return shredded


def _document(*, customer_id: int, file_id: int) -> PrivateFile:
    """A picture of this customer that is still readable. Raises DomainError."""
    row = document_of(customer_id, file_id)
    if row is None:
        raise DomainError(gettext_lazy("This document was deleted."), code="gone")
    return row


def _log(row: PrivateFile, *, action: str, reason: str, by: User, meta: RequestMeta) -> None:
    log_access(
        actor=by,
        action=action,
        customer_id=row.owner_id,
        field=row.kind,
        reason=reason,
        subject_type=FILE,
        subject_id=row.pk,
        request_meta=meta,
    )


def _lines(row: PrivateFile, by: User) -> list[str]:
    """Without Chinese letters on this machine: the employee number instead of the name."""
    moment = f"{clock.now():%Y-%m-%d %H:%M}"
    if not watermark.has_chinese_font():
        return [f"{by.employee_number} {moment}", row.purpose.replace("_", " ")]
    purpose = DocumentPurpose(row.purpose).label if row.purpose else _("Confidential")
    return [f"{by.name} {by.employee_number} · {moment}", str(purpose)]
