"""Every write to people, teams, stores, rosters and leave."""

from staff.services.accounts import first_administrator_create, password_set, preferences_set
from staff.services.invitations import invitation_accept, invitation_create, temporary_password_set
from staff.services.leave import leave_cancel, leave_decide, leave_record
from staff.services.organisation import (
    StoreInput,
    minimum_set,
    shift_save,
    store_add,
    store_update,
    team_add,
    team_close,
    team_update,
)
from staff.services.people import (
    PersonInput,
    person_add,
    person_leave,
    person_move,
    person_rehire,
    person_rota_set,
    person_update,
)
from staff.services.roster import Written, roster_copy_week, roster_fill, roster_set, roster_undo

__all__ = [
    "PersonInput",
    "StoreInput",
    "Written",
    "first_administrator_create",
    "invitation_accept",
    "invitation_create",
    "leave_cancel",
    "leave_decide",
    "leave_record",
    "minimum_set",
    "password_set",
    "person_add",
    "person_leave",
    "person_move",
    "person_rehire",
    "person_rota_set",
    "person_update",
    "preferences_set",
    "roster_copy_week",
    "roster_fill",
    "roster_set",
    "roster_undo",
    "shift_save",
    "store_add",
    "store_update",
    "team_add",
    "team_close",
    "team_update",
    "temporary_password_set",
]
