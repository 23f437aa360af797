"""Opening a journey through the services and walking along it, for tests of what follows from it."""

from itertools import count
from types import SimpleNamespace
from typing import Any

from approvals.models import ApprovalRequest
from approvals.services import approval_decide
from core import clock
from followups.enums import ContactChannel, ContactOutcome
from followups.models import FollowUp
from followups.services import ContactResult, Entry, contact_record, followup_remind_next
from opportunities.enums import SUBJECT
from opportunities.models import Opportunity
from opportunities.services import opportunity_open
from staff.models import User
from tests.factories import CustomerFactory

_keys = count(1)


def open_one(people: SimpleNamespace, *, owner: User | None | str = "owner", **facts: Any) -> Opportunity:
    """A customer of the store and an open opportunity with its three first callbacks, registered by the DCC agent."""
    opened = opportunity_open(
        customer_id=CustomerFactory(store=people.store).pk,
        store_id=people.store.pk,
        owner=getattr(people, owner) if isinstance(owner, str) else owner,
        trigger="call",
        occurred_at=clock.now(),
        by=people.dcc,
        **({"level": "B"} | facts),
    )
    return Opportunity.objects.get(pk=opened.pk)


def decide(
    opportunity: Opportunity, kind: str, by: User, *, approve: bool = True, comment: str = "再跟一跟"
) -> ApprovalRequest:
    """The latest request of the kind about the opportunity is approved or sent back."""
    rows = ApprovalRequest.objects.filter(kind=kind, subject_type=SUBJECT, subject_id=opportunity.pk)
    return approval_decide(request_id=rows.latest("pk").pk, approve=approve, comment=comment, by=by)


def callbacks(opportunity: Opportunity) -> dict[str, FollowUp]:
    """The callbacks by code; the latest of each."""
    rows = FollowUp.objects.filter(opportunity=opportunity).select_related("rule").order_by("occurrence")
    return {row.rule_code: row for row in rows}


def record(
    opportunity: Opportunity,
    by: User,
    outcome: str = ContactOutcome.TALKED,
    *,
    channel: str = ContactChannel.PHONE,
    task: FollowUp | None = None,
    key: str = "",
    **entry: Any,
) -> ContactResult:
    """Record a contact with a key of its own."""
    return contact_record(
        opportunity_id=opportunity.pk,
        entry=Entry(channel=channel, outcome=outcome, **entry),
        by=by,
        idempotency_key=key or f"journey-{next(_keys)}",
        follow_up_id=task.pk if task else None,
    )


def sweep(limit: int = 100) -> int:
    """Everything that is due now; returns how many steps were handled."""
    sent = 0
    while sent < limit and followup_remind_next():
        sent += 1
    return sent
