"""What happened to an opportunity, for the apps above."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class OpportunityOpened:
    opportunity_id: int
    trigger: str
    at: datetime
    by_id: int | None


@dataclass(frozen=True)
class OpportunityReturned:
    """The customer called or came again while the opportunity was open."""

    opportunity_id: int
    at: datetime
    by_id: int | None


@dataclass(frozen=True)
class OpportunityAdvanced:
    opportunity_id: int
    from_stage: str
    to_stage: str
    at: datetime
    by_id: int | None


@dataclass(frozen=True)
class OwnerChanged:
    opportunity_id: int
    previous_owner_id: int | None
    owner_id: int | None
    by_id: int | None


@dataclass(frozen=True)
class LevelChanged:
    opportunity_id: int
    previous_level: str
    level: str
    by_id: int | None


@dataclass(frozen=True)
class LevelRequested:
    opportunity_id: int
    level: str
    by_id: int


@dataclass(frozen=True)
class CloseRequested:
    opportunity_id: int
    outcome: str
    reason: str
    by_id: int


@dataclass(frozen=True)
class OpportunityClosed:
    opportunity_id: int
    outcome: str
    at: datetime
    by_id: int | None


@dataclass(frozen=True)
class OpportunitiesOpened:
    """Many at once, by a list: the same fact as OpportunityOpened for each of them."""

    opportunity_ids: tuple[int, ...]
    store_id: int
    trigger: str
    at: datetime
    by_id: int | None


@dataclass(frozen=True)
class OpportunitiesClosed:
    """Many at once: the same fact as OpportunityClosed for each of them."""

    opportunity_ids: tuple[int, ...]
    outcome: str
    at: datetime
    by_id: int | None
