"""Locking one opportunity, for every service that changes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from opportunities.models import Opportunity
from staff.enums import Scope
from staff.models import User

_made_now: ContextVar[Opportunity | None] = ContextVar("opportunities_made_now", default=None)


@contextmanager
def opportunity_made_now(opportunity: Opportunity) -> Iterator[None]:
    """While the news of a new opportunity is told: this transaction has made it.

    Nobody else sees it, let alone locks or changes it, and there is nothing to read.
    """
    token = _made_now.set(opportunity)
    try:
        yield
    finally:
        _made_now.reset(token)


def opportunity_lock(opportunity_id: int, *, by: User | None) -> Opportunity:
    """Lock one opportunity that the person may see, with its customer and store at hand. Use inside a service.

    Raises PermissionDenied when it does not exist for this person; `by=None` is the system.
    """
    made_now = _made_now.get()
    if by is None and made_now is not None and made_now.pk == opportunity_id:
        return made_now
    is_own = by is not None and by.scope == Scope.OWN  # of whom nearly all changes are: these check the row itself
    rows = Opportunity.objects.all() if by is None or is_own else Opportunity.objects.visible_to(by)
    locked = rows.select_for_update(no_key=True, of=("self",)).select_related("customer", "store")
    row = next(iter(locked.filter(pk=opportunity_id)), None)
    if row is None or (is_own and not _is_visible(row, by)):
        raise PermissionDenied(_("This customer is not yours to change."))
    return row


def _is_visible(row: Opportunity, by: User | None) -> bool:
    """As visible_to says; the database is asked only when the person does not own the customer."""
    if by is None or (by.store_id is not None and by.pk == row.owner_id):
        return True
    return Opportunity.objects.visible_to(by).filter(pk=row.pk).exists()
