"""Finding customers by name, pinyin, initials or any three digits of the number, within what the person may see."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, F, IntegerField, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from core.lookups import any_number, any_of
from core.text import clean_text
from customers.models import Customer, CustomerPhone
from customers.search import Wanted, wanted
from opportunities.models import Opportunity
from opportunities.selectors import customers_visible_to
from opportunities.stages import Outcome
from staff.enums import Scope
from staff.models import Store, User

PALETTE_LIMIT = 8
PAGE_LIMIT = 50
NEWEST = 1_000  # among so many a frequent name fills the answer
NEWEST_OF_OTHERS = 4_000  # of whom the person sees a part only
LONG_PINYIN = 6  # letters: every piece of three has a list of its own in the index, and all of them are read
TEXT_LIMIT = 40  # nobody's name is longer; a pasted page is no question


@dataclass(frozen=True)
class Found:
    opportunity: Opportunity
    phone: str


def search_text(raw: str) -> str:
    return clean_text(raw)[:TEXT_LIMIT]


def search(user: User, text: str, *, limit: int) -> list[Found]:
    """The open opportunity of each customer that fits, else the latest one; at most `limit`, the latest customer first.

    An index finds a few customers of the store first; only these are checked against the person's scope. Two queries,
    up to five when the newest customers are not enough.
    """
    found: list[Found] = []
    for customers in _rounds(user, text, limit=limit):
        found = _visible(user, customers, limit=limit) if customers else []
        if len(found) == limit:
            break
    return found


def _rounds(user: User, text: str, *, limit: int) -> Iterator[list[int]]:
    """Keys of customers who may be meant, each time more; the last are all, or as many visible ones as are wanted."""
    asked = wanted(text)
    if asked is None or user.store_id is None or user.scope == Scope.NONE:
        return
    is_wide = user.scope in (Scope.STORE, Scope.GROUP)  # nearly every customer of the store is in sight
    rows: Any = Customer.objects.filter(_stores(user))
    if not asked.number:
        newest, has_older = rows.newest_matching(asked, of=NEWEST if is_wide else NEWEST_OF_OTHERS)
        if not has_older or len(newest) >= limit:
            yield newest
        if not has_older:
            return
    if is_wide:
        if (
            len(asked.pinyin) >= LONG_PINYIN
            and len(some := list(_keys(rows.beginning_with(asked))[: 2 * limit])) == 2 * limit
        ):
            yield some
        some = list(_some(user, asked, text)[: 2 * limit])
        yield some
        if len(some) < 2 * limit:
            return
    seen = customers_visible_to(user).annotate(place=F("store") + 0).filter(_stores(user, "place"))
    yield list(_keys(seen.matching(text))[:limit])  # type: ignore[attr-defined]


def _some(user: User, asked: Wanted, text: str) -> Any:
    """Keys of customers of the store who fit, the latest first. "+ 0": the index of what was typed gives few, and with
    one of the store PostgreSQL would read that of the whole store beside it."""
    if asked.number:
        phones = CustomerPhone.objects.annotate(place=F("store") + 0, key=F("customer") + 0)
        found: Any = phones.filter(_stores(user, "place"), number__contains=asked.number).distinct()
    else:
        customers: Any = Customer.objects.annotate(place=F("store") + 0, key=F("pk") + 0)
        found = customers.filter(_stores(user, "place")).matching(text)
    return found.order_by("-key").values_list("key", flat=True)


def _stores(user: User, field: str = "store") -> Q:
    if user.scope == Scope.GROUP:
        return any_of(field, Store.objects.filter(group__stores=user.store_id).values("pk"))
    return Q(**{field: user.store_id})


def _keys(customers: Any) -> Any:
    """The latest first. "+ 0": walking the primary key for an early end would read every customer when few fit."""
    return customers.annotate(key=F("pk") + 0).order_by("-key").values_list("key", flat=True)


def _visible(user: User, customers: list[int], *, limit: int) -> list[Found]:
    """Those of these customers whom the person may see."""
    is_open = Case(When(outcome=Outcome.OPEN, then=Value(0)), default=Value(1), output_field=IntegerField())
    one_each = Opportunity.objects.visible_to(user).filter(any_number("customer", customers))
    first = one_each.order_by("-customer", is_open, "-pk").distinct("customer").values("pk")[:limit]
    main = CustomerPhone.objects.filter(customer=OuterRef("customer"), is_primary=True)
    rows: Any = Opportunity.objects.filter(any_of("pk", first)).select_related("customer", "owner", "series", "trim")
    rows = rows.annotate(phone=Coalesce(Subquery(main.values("number")[:1]), Value(""))).order_by("-customer")
    return [Found(row, row.phone) for row in rows]
