"""What pages and rules read about opportunities."""

from django.db.models import QuerySet

from customers.models import Customer
from opportunities.models import JourneyEvent, Opportunity
from staff.models import User


def opportunities_visible_to(user: User) -> QuerySet[Opportunity]:
    """With everything a row or a head shows, in one query."""
    return Opportunity.objects.visible_to(user).select_related("customer", "owner", "series", "trim", "channel")


def customers_visible_to(user: User) -> QuerySet[Customer]:
    """A customer is seen through an opportunity that is seen."""
    return Customer.objects.filter(pk__in=Opportunity.objects.visible_to(user).values("customer"))


def open_of_customer(customer_id: int) -> Opportunity | None:
    return Opportunity.objects.open().filter(customer=customer_id).select_related("owner").order_by("-id").first()


def timeline(opportunity: Opportunity) -> QuerySet[JourneyEvent]:
    """Newest first; page it by keyset (occurred_at, id)."""
    return opportunity.journey.select_related("actor", "owner", "channel").order_by("-occurred_at", "-id")
