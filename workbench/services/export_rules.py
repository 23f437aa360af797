"""How much may be taken away as a file, from which day on."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError
from core.policies import ensure_can_configure
from core.transactions import service
from staff.models import User
from workbench.models import ExportRule


@service
def export_rule_change(*, values: Mapping[str, Any], by: User) -> ExportRule:
    """A new rule from tomorrow or later; one that has not begun yet is replaced.

    Raises PermissionDenied, DomainError (a day in the past, more rows without approval than at most).
    """
    ensure_can_configure(by)
    today = clock.today()
    rule = ExportRule(**values)
    if rule.valid_from <= today:
        raise DomainError(_("A new version begins tomorrow at the earliest."), field="valid_from", code="past")
    if rule.rows_without_approval > rule.rows_at_most:
        raise DomainError(
            _("At most %(limit)s rows leave in one file."),
            field="rows_without_approval",
            code="above_limit",
            params={"limit": rule.rows_at_most},
        )
    known = list(ExportRule.objects.select_for_update().order_by("pk"))  # one change at a time
    ExportRule.objects.filter(pk__in=[row.pk for row in known if row.valid_from > today]).delete()
    rule.full_clean()
    rule.save(force_insert=True)
    return rule
