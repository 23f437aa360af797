"""Every write to the journey; nobody else sets stage, outcome or owner (architecture.md 4)."""

from opportunities.services.closing import close_confirm, close_request, close_send_back, close_withdraw
from opportunities.services.facts import (
    ensure_can_work,
    facts_update,
    level_change,
    level_decide,
    level_request,
    level_request_drop,
    level_set,
    note_add,
)
from opportunities.services.journey import (
    journey_record,
    opportunity_advance,
    opportunity_lock,
    opportunity_open,
    opportunity_returned,
)
from opportunities.services.ownership import opportunity_assign

__all__ = [
    "close_confirm",
    "close_request",
    "close_send_back",
    "close_withdraw",
    "ensure_can_work",
    "facts_update",
    "journey_record",
    "level_change",
    "level_decide",
    "level_request",
    "level_request_drop",
    "level_set",
    "note_add",
    "opportunity_advance",
    "opportunity_assign",
    "opportunity_lock",
    "opportunity_open",
    "opportunity_returned",
]
