"""What happened to people, for the apps above."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SecondFactorReset:
    """Somebody else (None: the command line) took a person's second factor away."""

    user_id: int
    by_id: int | None
    at: datetime


@dataclass(frozen=True)
class LeaveRequested:
    """Somebody asked for days off and waits for a leader."""

    leave_id: int
    user_id: int
    store_id: int
    by_id: int


@dataclass(frozen=True)
class LeaveSettled:
    """A leave was approved, refused or taken back; `state` is a LeaveState."""

    leave_id: int
    user_id: int
    store_id: int
    state: str
    by_id: int


@dataclass(frozen=True)
class PersonLeft:
    """The account of somebody who left is closed."""

    user_id: int
    store_id: int | None
    by_id: int | None
