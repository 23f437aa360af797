"""Who may open the settings that belong to no business app."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from core.enums import ADMINISTRATOR


def can_configure(user: Any) -> bool:
    """Administrators; the staff app above has the same rule for everybody else."""
    return bool(user.is_active and user.has_role(ADMINISTRATOR))


def ensure_can_configure(user: Any) -> None:
    if not can_configure(user):
        raise PermissionDenied(_("You may not do this."))
