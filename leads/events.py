"""What happened at the intake, for the apps above."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class LeadRegistered:
    """Somebody called, wrote or came. `is_new`: not a known customer of the store."""

    lead_id: int
    opportunity_id: int
    store_id: int
    kind: str
    is_new: bool
    at: datetime
    by_id: int | None
