"""Writes that concern several opportunities at once; each goes through the service of its own app."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError
from core.text import clean_text
from core.transactions import service
from opportunities.selectors import open_customers_of, opportunities_visible_to
from opportunities.services import opportunity_assign
from opportunities.stages import Outcome
from staff.models import User
from staff.policies import can_assign

ASSIGN_LIMIT = 50  # one page of the list


@dataclass(frozen=True)
class AssignResult:
    """What became of one row: `error` is "" when the customer changed hands."""

    opportunity_id: int
    error: str


@service
def opportunities_assign(*, opportunity_ids: Sequence[int], owner_id: int, reason: str, by: User) -> list[AssignResult]:
    """Give several customers to one consultant, at most ASSIGN_LIMIT; one that is refused does not hold up the others.

    Rows are locked in the order of their ids, so two leaders who assign the same page cannot block each other.
    """
    results = []
    for pk in sorted(set(opportunity_ids))[:ASSIGN_LIMIT]:
        error = ""
        try:
            with transaction.atomic():
                opportunity_assign(opportunity_id=pk, owner_id=owner_id, reason=reason, by=by)
        except DomainError as refused:
            error = refused.text
        except PermissionDenied as denied:
            error = str(denied)
        results.append(AssignResult(opportunity_id=pk, error=error))
    return results


@service
def customers_hand_over(*, from_id: int, to_ids: Sequence[int], reason: str, by: User) -> int:
    """Give all open customers of one person to these colleagues, each next one to whoever has fewest. Returns how many.

    All of them or none: who leaves must not keep half. Callbacks move along (R-090; the signed list comes later).
    Raises PermissionDenied (no leader, out of reach), DomainError (nobody chosen, nobody may own, no reason).
    """
    if not can_assign(by):
        raise PermissionDenied(_("Only a leader assigns customers."))
    takers = sorted(set(to_ids) - {from_id})
    if not takers:
        raise DomainError(_("Choose somebody."), field="people")
    if not clean_text(reason):
        raise DomainError(_("Say why the customers change hands."), field="reason")
    rows = opportunities_visible_to(by).filter(owner=from_id, outcome=Outcome.OPEN)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    loads = dict.fromkeys(takers, 0) | open_customers_of(takers)
    for pk in ids:
        taker = min(takers, key=lambda each: (loads[each], each))
        opportunity_assign(opportunity_id=pk, owner_id=taker, reason=reason, by=by)
        loads[taker] += 1
    return len(ids)
