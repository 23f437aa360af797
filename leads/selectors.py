"""Who holds a number: the protection card, and nothing else about the customer (design 16)."""

from dataclasses import dataclass
from datetime import datetime

from core.phones import Phone
from customers.selectors import phone_find
from opportunities.models import Opportunity
from opportunities.selectors import open_of_customer


@dataclass(frozen=True)
class Holder:
    """What may be told about a known number. `opportunity` is None when nobody follows the customer now."""

    customer_id: int
    opportunity: Opportunity | None
    owner_name: str
    since: datetime | None
    rule: str
    last_contact_at: datetime | None


def holder_of(*, store_id: int, phone: Phone) -> Holder | None:
    """Who owns the customer of this number in the store, since when and why; None for an unknown number."""
    row = phone_find(store_id=store_id, number=phone.e164)
    if row is None:
        return None
    opportunity = open_of_customer(row.customer_id)
    ownership = opportunity.ownerships.filter(until_at=None).first() if opportunity else None
    return Holder(
        customer_id=row.customer_id,
        opportunity=opportunity,
        owner_name=opportunity.owner.name if opportunity and opportunity.owner else "",
        since=ownership.from_at if ownership else None,
        rule=ownership.get_rule_display() if ownership else "",
        last_contact_at=opportunity.last_contact_at if opportunity else None,
    )
