"""Finding customers by name, pinyin, initials or any three digits of the number, within what the person may see."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, IntegerField, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce

from core.text import clean_text
from customers.models import CustomerPhone
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
    phones = dict(_hits(user, text, limit=limit))
    rows = opportunities_visible_to(user).in_bulk(list(phones))
    return [Found(rows[pk], phone) for pk, phone in phones.items() if pk in rows]


def _hits(user: User, text: str, *, limit: int) -> list[tuple[int, str]]:
    """(opportunity, main number) of each customer found, the latest customer first."""
    visible = Opportunity.objects.visible_to(user).filter(customer=OuterRef("pk"))
    is_open = Case(When(outcome=Outcome.OPEN, then=Value(0)), default=Value(1), output_field=IntegerField())
    main = CustomerPhone.objects.filter(customer=OuterRef("pk"), is_primary=True)
    customers: Any = customers_visible_to(user)
    found = customers.matching(text).annotate(
        latest=Subquery(visible.order_by(is_open, "-pk").values("pk")[:1]),
        phone=Coalesce(Subquery(main.values("number")[:1]), Value("")),
    )
    # "+ 0": walking the primary key for an early end would read every customer when few are visible or fit.
    return list(found.order_by(-(F("pk") + 0)).values_list("latest", "phone")[:limit])
