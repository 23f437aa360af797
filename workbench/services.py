"""Writes that concern several opportunities at once; each goes through the service of its own app."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction

from core.errors import DomainError
from core.transactions import service
from opportunities.services import opportunity_assign
from staff.models import User

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
