"""The copy of everything kept about one customer (PIPL 45), made at the moment it is taken: nothing is stored."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext_lazy as _

from core import clock
from core.access_log import RequestMeta, log_access
from core.enums import AccessAction
from core.errors import DomainError
from core.models import PrivateFile
from core.private_files import file_read
from core.transactions import service
from customers.models import Consent, Customer, CustomerIdentity, CustomerPhone
from customers.selectors import documents_of
from followups.models import Contact, FollowUp
from leads.models import Lead
from notifications.models import OutboundMessage
from opportunities.models import JourneyEvent, Opportunity
from privacy.defaults import README
from privacy.enums import SUBJECT, RequestKind, RequestState
from privacy.models import PrivacyRequest
from privacy.policies import ensure_can_open_customer
from staff.models import User

READY_HOURS = 24
_CUSTOMER = ("name", "kind", "contact_person", "gender", "area", "grade", "preferred_time", "is_do_not_contact")
_OPPORTUNITY = (
    "stage", "outcome", "level", "sales_mode", "model_text", "colour", "budget_min_rmb", "budget_max_rmb", "usage",
    "payment_method", "purchase_window", "expected_on", "trade_in", "competitor", "concerns", "opened_at", "closed_at",
    "last_contact_at", "last_note",
)  # fmt: skip
_IDENTITY = (
    "kind", "number", "name_on_document", "licence_class", "issued_on", "valid_from", "valid_until", "source",
    "created_at",
)  # fmt: skip


@service
def copy_take(*, request_id: int, by: User, meta: RequestMeta | None = None) -> tuple[str, bytes]:
    """Return file name and content of the ZIP; the look is logged in the same transaction.

    Only the one who recorded the request takes it, within a day of the decision. May be taken again in that time.
    Raises PermissionDenied, DomainError "state" or "late".
    """
    row = PrivacyRequest.objects.select_for_update().select_related("customer").get(pk=request_id)
    ensure_can_open_customer(by, row.customer_id)
    if row.kind != RequestKind.COPY or row.state not in (RequestState.APPROVED, RequestState.DONE):
        raise DomainError(_("There is no copy to take."), code="state")
    if row.decided_at is None or clock.now() > row.decided_at + timedelta(hours=READY_HOURS):
        raise DomainError(_("The copy could be taken for %(hours)s hours; please ask again."), code="late",
                          params={"hours": READY_HOURS})  # fmt: skip
    data = customer_data(row.customer)
    log_access(
        actor=by,
        action=AccessAction.EXPORT,
        customer_id=row.customer_id,
        reason=row.get_kind_display(),
        subject_type=SUBJECT,
        subject_id=row.pk,
        request_meta=meta,
    )
    if row.state != RequestState.DONE:
        row.state, row.done_at = RequestState.DONE, clock.now()
        row.evidence = {key: len(value) for key, value in data.items() if isinstance(value, list)}
        row.save()
    return f"customer-{row.customer_id}.zip", _zip(data, pictures_of(row.customer_id))


def customer_data(customer: Customer) -> dict[str, Any]:
    """Everything about one customer as plain values, by kind. Colleagues are named by their employee number only."""
    mine = {"customer": customer.pk}
    identities = CustomerIdentity.objects.filter(**mine).order_by("pk")
    return {
        "made_at": clock.now(),
        "store": customer.store.name,
        "customer": {name: getattr(customer, name) for name in _CUSTOMER} | {"since": customer.created_at},
        "phones": list(CustomerPhone.objects.filter(**mine).values("number", "kind", "label", "created_at")),
        "documents": [{name: getattr(row, name) for name in _IDENTITY} for row in identities],
        "consents": list(
            Consent.objects.filter(**mine).values(
                "purpose", "channel", "text_version", "source", "given_at", "withdrawn_at"
            )
        ),
        "opportunities": list(Opportunity.objects.filter(**mine).order_by("pk").values(*_OPPORTUNITY)),
        "timeline": list(
            JourneyEvent.objects.filter(**mine)
            .order_by("occurred_at", "pk")
            .values("kind", "stage", "occurred_at", "actor__employee_number", "data")
        ),
        "contacts": list(
            Contact.objects.filter(**mine)
            .order_by("occurred_at", "pk")
            .values("channel", "outcome", "sentence", "tags", "duration_s", "occurred_at", "by__employee_number")
        ),
        "callbacks": list(
            FollowUp.objects.filter(**mine).order_by("due_at", "pk").values("rule_code", "due_at", "state", "note")
        ),
        "leads": list(
            Lead.objects.filter(**mine)
            .order_by("occurred_at", "pk")
            .values("kind", "phone", "name", "area", "model_text", "note", "occurred_at")
        ),
        "messages": list(
            OutboundMessage.objects.filter(addressee=f"customers.Customer:{customer.pk}")
            .order_by("pk")
            .values("channel", "purpose", "body", "state", "sent_at")
        ),
    }


def pictures_of(customer_id: int) -> dict[str, bytes]:
    """The pictures of documents as they were taken, without a watermark: they are the customer's own."""
    rows = PrivateFile.objects.filter(pk__in=[row.pk for row in documents_of(customer_id)]).order_by("pk")
    return {f"documents/{row.pk}-{row.kind}.{'jpg' if row.is_image else 'pdf'}": file_read(row) for row in rows}


def _zip(data: dict[str, Any], files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    text = json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", README)
        archive.writestr("data.json", text)
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
