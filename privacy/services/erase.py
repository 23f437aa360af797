"""Making one customer anonymous, in every app at once."""

from django.db import connection
from django.utils.translation import gettext_lazy as _

from approvals.enums import VoidCause
from approvals.models import ApprovalRequest
from approvals.services import approval_void_for, notice_subjects
from core.errors import Conflict
from core.transactions import service
from customers.models import Customer
from customers.services import customer_forget
from followups.models import FollowUp
from followups.services import contacts_forget
from leads.services import leads_forget
from notifications.services import messages_forget
from opportunities.models import Opportunity
from opportunities.services import journeys_forget
from privacy.models import Erasure, PrivacyRequest, RetentionRun
from staff.models import User


@service
def customer_erase(
    *, customer_id: int, request: PrivacyRequest | None = None, run: RetentionRun | None = None, by: User
) -> Erasure:
    """Empty everything that names the customer or repeats the customer's words. Money and facts of sales stay.

    All or nothing: one transaction over all apps, with an append-only row of evidence. Raises Conflict when the
    customer is anonymous already. Source: PIPL 47, GB/T 35273 8; reliability.md 4.5.
    """
    customer = Customer.objects.select_for_update().get(pk=customer_id)
    if customer.erased_at is not None:
        raise Conflict(_("This customer is anonymous already."), code="erased", current=customer)
    opportunities = list(Opportunity.objects.filter(customer=customer).values_list("pk", flat=True))
    follow_ups = list(FollowUp.objects.filter(customer=customer).values_list("pk", flat=True))
    for pk in opportunities:
        approval_void_for(subject_type="opportunities.Opportunity", subject_id=pk, reason=VoidCause.SETTLED)
    asked = ApprovalRequest.objects.filter(subject_type="opportunities.Opportunity", subject_id__in=opportunities)
    counts = customer_forget(customer_id=customer.pk, by=by)
    counts |= journeys_forget(customer_id=customer.pk, by=by)
    counts |= contacts_forget(customer_id=customer.pk)
    counts |= leads_forget(customer_id=customer.pk)
    counts |= messages_forget(
        addressee=f"customers.Customer:{customer.pk}",
        subjects=[
            *(f"followups.FollowUp:{pk}" for pk in follow_ups),
            *(subject for pk in asked.values_list("pk", flat=True) for subject in notice_subjects(pk)),
        ],
        urls=[f"/opportunities/{pk}/" for pk in opportunities],
    )
    counts |= {"approvals": _approvals_forget(customer.pk)}
    row = Erasure(customer=customer, request=request, run=run, by=by, counts=counts)
    row.save(force_insert=True)
    return row


def _approvals_forget(customer_id: int) -> int:
    """What was written in requests about the customer's opportunities. They are final: a database function, which asks
    for the erasure on record itself, empties them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT approval_forget(%s)", [customer_id])
        return int(cursor.fetchone()[0])
