"""Finding customers by name, pinyin, initials or any three digits of the number, within what the person may see."""

from dataclasses import dataclass

from django.db.models import Case, IntegerField, OuterRef, QuerySet, Subquery, Value, When

from core.text import clean_text
from customers.models import Customer, CustomerPhone
from opportunities.models import Opportunity
from opportunities.selectors import customers_visible_to, opportunities_visible_to
from opportunities.stages import Outcome
from staff.models import User

PALETTE_LIMIT = 8
PAGE_LIMIT = 50
TEXT_LIMIT = 40  # nobody's name is longer; a pasted page is no question


@dataclass(frozen=True)
class Found:
    opportunity: Opportunity
    phone: str


def search_text(raw: str) -> str:
    return clean_text(raw)[:TEXT_LIMIT]


def search(user: User, text: str, *, limit: int) -> list[Found]:
    """The open opportunity of each customer that fits, else the latest one; at most `limit`, in two queries.

    An index finds the few customers first; only these are checked against the person's scope.
    """
    customers = _customers(user, text).values("pk", "opportunity_id", "phone")[:limit]
    phones = {row["opportunity_id"]: row["phone"] or "" for row in customers}
    rows = opportunities_visible_to(user).in_bulk(list(phones))
    return [Found(rows[pk], phone) for pk, phone in phones.items() if pk in rows]


def _customers(user: User, text: str) -> QuerySet[Customer]:
    visible = Opportunity.objects.visible_to(user).filter(customer=OuterRef("pk"))
    is_open = Case(When(outcome=Outcome.OPEN, then=Value(0)), default=Value(1), output_field=IntegerField())
    main = CustomerPhone.objects.filter(customer=OuterRef("pk"), is_primary=True)
    return (
        customers_visible_to(user)
        .matching(text)
        .annotate(
            opportunity_id=Subquery(visible.order_by(is_open, "-pk").values("pk")[:1]),
            phone=Subquery(main.values("number")[:1]),
        )
        .order_by("-pk")
    )
