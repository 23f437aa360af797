"""What pages and rules read about opportunities."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Count, QuerySet
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from opportunities.models import JourneyEvent, Opportunity
from staff.duties import Duty
from staff.models import User
from staff.selectors import leader_on_duty


def opportunities_visible_to(user: User) -> QuerySet[Opportunity]:
    """With everything a row or a head shows, in one query."""
    return Opportunity.objects.visible_to(user).select_related("customer", "owner", "series", "trim", "channel")


def customers_visible_to(user: User) -> QuerySet[Customer]:
    """A customer is seen through an opportunity that is seen."""
    return Customer.objects.filter(pk__in=Opportunity.objects.visible_to(user).values("customer"))


def leader_to_ask(opportunity: Opportunity, *, by: User, at: datetime) -> User | None:
    """Who decides what is proposed about the customer: the leader of the owner, who is not the one who asks."""
    owner = User.objects.select_related("team__supervisor").filter(pk=opportunity.owner_id).first()
    leader = leader_on_duty(owner or by, store_id=opportunity.store_id, at=at)
    if leader is not None and leader.pk == by.pk:
        leader = leader_on_duty(by, store_id=opportunity.store_id, at=at)  # somebody else has to decide
    return leader


def open_of_customer(customer_id: int) -> Opportunity | None:
    return Opportunity.objects.open().filter(customer=customer_id).select_related("owner").order_by("-id").first()


def timeline(opportunity_id: int) -> QuerySet[JourneyEvent]:
    """Newest first; page it by keyset (occurred_at, id)."""
    rows = JourneyEvent.objects.filter(opportunity=opportunity_id).select_related("actor", "owner", "channel")
    return rows.order_by("-occurred_at", "-id")


def open_customers_of(user_ids: Collection[int]) -> dict[int, int]:
    """How many open opportunities each of these people owns."""
    rows = Opportunity.objects.open().filter(owner__in=user_ids).order_by()
    return dict(rows.values_list("owner").annotate(number=Count("pk")))


OPEN_CUSTOMERS = Duty(
    code="customers", label=_("Open customers"), icon="users", count=open_customers_of, is_main=True, must_move=True
)
