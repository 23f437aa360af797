"""Dated settings: a version begins on a day and ends where the next one begins; what was decided keeps its version."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError


def version_begin(rows: QuerySet[Any], version: Any) -> None:
    """Save a new version of what `rows` are the versions of. Call it inside a service.

    It begins tomorrow at the earliest, so that no day has two; the one in force ends there, and one to come that has
    not begun is replaced. Raises DomainError about `valid_from`.
    """
    today = clock.today()
    if version.valid_from <= today:
        raise DomainError(_("A new version begins tomorrow at the earliest."), field="valid_from", code="past")
    known = list(rows.select_for_update().order_by("pk"))  # one change at a time
    rows.filter(pk__in=[row.pk for row in known if row.valid_from > today]).delete()
    in_force = rows.filter(Q(valid_to=None) | Q(valid_to__gt=today), valid_from__lte=today).first()
    if in_force is not None:
        in_force.valid_to = version.valid_from
        in_force.save(update_fields=["valid_to", "updated_at"])
    version.full_clean()
    version.save(force_insert=True)
