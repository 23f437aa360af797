"""Who says yes to days off."""

from core import clock
from staff.enums import Role
from staff.models import User
from staff.selectors.people import leader_on_duty


def leave_approver(person: User) -> User | None:
    """The superior as entered, else the leader on duty; None: nobody stands above the general manager."""
    superior = person.reports_to
    if superior is not None and superior.is_active and superior.is_leader and superior.pk != person.pk:
        return superior
    if person.store_id is None or person.has_role(Role.GENERAL_MANAGER):
        return None
    return leader_on_duty(person, store_id=person.store_id, at=clock.now())
