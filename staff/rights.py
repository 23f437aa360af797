"""What a role may do, said once per right: the page of roles asks the same policies that refuse the act.

An app above adds its own rights when it is ready; `url` names a page that only people with the right may open, so that
a test can compare the word with the deed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from staff.models import User
from staff.policies import (
    can_assign,
    can_configure,
    can_import_leads,
    can_manage_devices,
    can_manage_store_leave,
    can_open_people,
    can_register_leads,
    records_leave_of_others,
)

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True)
class Right:
    code: str
    label: "str | _StrPromise"
    check: Callable[[User], bool]
    url: str = ""


def _own(user: User) -> bool:
    return user.may_own


_rights: dict[str, Right] = {
    right.code: right
    for right in (
        Right("register", _("Register calls, leads and visits"), can_register_leads, "leads:lead-register"),
        Right("own", _("Own customers"), _own),
        Right("import", _("Import lists"), can_import_leads, "leads:import-list"),
        Right("assign", _("Give customers to consultants"), can_assign, "workbench:opportunity-assign-many"),
        Right("people", _("Open organisation and people"), can_open_people, "staff:people"),
        Right("leave", _("Record leave of others"), records_leave_of_others),
        Right("store-leave", _("Record leave of the whole store"), can_manage_store_leave),
        Right("configure", _("Change settings"), can_configure, "staff:store-edit"),
        Right("devices", _("Register shared tablets"), can_manage_devices),
    )
}


def register(right: Right) -> None:
    """Make a right known; the same code again replaces it."""
    _rights[right.code] = right


def all_rights() -> list[Right]:
    return list(_rights.values())
