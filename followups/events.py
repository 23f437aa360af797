"""What happened to a callback, for the apps above (penalties, reports)."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ContactRecorded:
    contact_id: int
    opportunity_id: int
    by_id: int
    is_effective: bool
    at: datetime


@dataclass(frozen=True)
class FollowUpMissed:
    """The promised time passed although the person was reminded in time. `excused`: "" or why it does not count."""

    follow_up_id: int
    opportunity_id: int
    assignee_id: int | None
    excused: str
    at: datetime


@dataclass(frozen=True)
class FollowUpEscalated:
    """Nobody caught up with a missed callback: the leader was told. `owner_name` "": it has no owner."""

    follow_up_id: int
    opportunity_id: int
    store_id: int
    rule_code: str
    owner_name: str
    step: str
    due_at: datetime
    at: datetime
