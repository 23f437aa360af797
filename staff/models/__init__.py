"""The tables of people, one module per subject."""

from staff.models.membership import Invitation, TeamMembership
from staff.models.people import DealerGroup, Leave, Store, Team, User
from staff.models.roster import RosterChange, RosterEntry, ShiftType, StaffMinimum
from staff.models.security import (
    PIN_TRIES,
    Device,
    DeviceVisit,
    QuickPin,
    RecoveryCode,
    SecondFactor,
    SecurityEvent,
    UserSession,
)

__all__ = [
    "PIN_TRIES",
    "DealerGroup",
    "Device",
    "DeviceVisit",
    "Invitation",
    "Leave",
    "QuickPin",
    "RecoveryCode",
    "RosterChange",
    "RosterEntry",
    "SecondFactor",
    "SecurityEvent",
    "ShiftType",
    "StaffMinimum",
    "Store",
    "Team",
    "TeamMembership",
    "User",
    "UserSession",
]
