"""A customer asks for a copy of the data or for its erasure; another person decides (PIPL 45, 47)."""

from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from approvals.selectors import request_pending
from approvals.services import approval_request, approval_withdraw
from core import clock
from core.business_calendar import add_workdays
from core.errors import Conflict, DomainError, TransitionNotAllowed
from core.text import clean_text
from core.transactions import service
from customers.models import Customer
from privacy.enums import REQUEST_KIND, SUBJECT, RequestKind, RequestState
from privacy.models import PrivacyRequest
from privacy.policies import ensure_can_open_customer
from privacy.services.erase import customer_erase
from staff.models import User

ANSWER_WORKDAYS = 15  # reliability.md 1.1: our own clock; the law gives 30 days
EARLIEST_DAYS = 90


@service
def request_record(*, customer_id: int, kind: str, asked_on: date, asked_how: str, by: User) -> PrivacyRequest:
    """Write down what the customer asked and ask the manager to decide it.

    Raises PermissionDenied, DomainError (a day that cannot be, no word on how the customer was recognised, anonymous
    already), Conflict "asked" when the same waits already.
    """
    ensure_can_open_customer(by, customer_id)
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer_id)
    if customer.erased_at is not None:
        raise DomainError(_("This customer is anonymous already."), code="erased")
    _ensure_recent(asked_on)
    row = PrivacyRequest(
        store_id=customer.store_id,
        customer=customer,
        kind=kind,
        asked_on=asked_on,
        asked_how=clean_text(asked_how)[:200],
        due_on=add_workdays(asked_on, ANSWER_WORKDAYS),
        recorded_by=by,
    )
    row.clean_fields(exclude=["store", "customer", "recorded_by", "decided_by", "evidence"])
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(_("The same waits for an answer already."), code="asked") from error
    approval_request(
        kind=REQUEST_KIND,
        store_id=row.store_id,
        subject_type=SUBJECT,
        subject_id=row.pk,
        payload={"kind": kind},
        reason=row.asked_how,
        by=by,
    )
    return row


def _ensure_recent(asked_on: date) -> None:
    if not 0 <= (clock.today() - asked_on).days <= EARLIEST_DAYS:
        raise DomainError(
            _("This day lies outside the last %(days)s days."),
            field="asked_on",
            code="bounds",
            params={"days": EARLIEST_DAYS},
        )


@service
def request_withdraw(*, request_id: int, by: User) -> PrivacyRequest:
    """Take a request back that nobody decided yet. Raises PermissionDenied, TransitionNotAllowed."""
    row = PrivacyRequest.objects.select_for_update().get(pk=request_id)
    if row.state != RequestState.WAITING:
        raise TransitionNotAllowed(_("This was decided already."))
    waiting = request_pending(kind=REQUEST_KIND, subject_type=SUBJECT, subject_id=row.pk)
    if waiting is not None:
        approval_withdraw(request_id=waiting.pk, by=by)
    row.refresh_from_db()
    return row


@service
def request_decided(*, request_id: int, is_approved: bool, comment: str, by_id: int) -> PrivacyRequest:
    """What the decision does: an erasure at once, a copy becomes ready to be taken for a day."""
    row = PrivacyRequest.objects.select_for_update().get(pk=request_id)
    now = clock.now()
    row.decided_by_id, row.decided_at, row.comment = by_id, now, comment[:500]
    row.state = RequestState.APPROVED if is_approved else RequestState.REFUSED
    if is_approved and row.kind == RequestKind.ERASE:
        done = customer_erase(customer_id=row.customer_id, request=row, by=User.objects.get(pk=by_id))
        row.state, row.done_at, row.evidence = RequestState.DONE, now, done.counts
        row.asked_how = ""  # how the customer was recognised names the customer
    row.save()
    return row


@service
def request_ended(*, request_id: int) -> None:
    """The question was taken back or is void."""
    PrivacyRequest.objects.filter(pk=request_id, state=RequestState.WAITING).update(state=RequestState.WITHDRAWN)
