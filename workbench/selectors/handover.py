"""Who hands customers over to whom."""

from dataclasses import dataclass

from django.db.models import QuerySet

from core import clock
from opportunities.selectors import open_customers_of
from staff.models import User
from staff.selectors import leaves_at, owners_of_store
from staff.selectors.organisation import people_visible_to


@dataclass(frozen=True)
class Taker:
    """Somebody who may own customers, with how many there are already; nobody gets blindly more than the others."""

    person: User
    customers: int
    is_away: bool


def handover_people(user: User) -> QuerySet[User]:
    """Whose customers the leader hands over: the people on the page of people, at work or gone."""
    return people_visible_to(user).select_related("store", "team")


def handover_choices(person: User) -> list[Taker]:
    """Those who may take over, whoever has fewest first; people on leave last."""
    if person.store_id is None:
        return []
    found = [each for each in owners_of_store(person.store_id) if each.pk != person.pk]
    counts = open_customers_of([each.pk for each in found])
    away = set(leaves_at(clock.now()).filter(user__in=found).values_list("user_id", flat=True))
    takers = [Taker(person=each, customers=counts.get(each.pk, 0), is_away=each.pk in away) for each in found]
    return sorted(takers, key=lambda taker: (taker.is_away, taker.customers, taker.person.employee_number))
