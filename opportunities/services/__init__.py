"""Every write to the journey; nobody else sets stage, outcome or owner (architecture.md 4)."""

from opportunities.services.closing import close_decided, close_request
from opportunities.services.facts import (
    ensure_can_work,
    facts_update,
    level_change,
    level_decided,
    level_request,
    level_set,
    note_add,
)
from opportunities.services.forgetting import journeys_forget
from opportunities.services.journey import journey_record, opportunity_advance, opportunity_open, opportunity_returned
from opportunities.services.locks import opportunity_lock
from opportunities.services.ownership import opportunity_assign
from opportunities.services.proposals import proposal_dropped, proposal_withdraw, proposals_void

__all__ = [
    "close_decided",
    "close_request",
    "ensure_can_work",
    "facts_update",
    "journey_record",
    "journeys_forget",
    "level_change",
    "level_decided",
    "level_request",
    "level_set",
    "note_add",
    "opportunity_advance",
    "opportunity_assign",
    "opportunity_lock",
    "opportunity_open",
    "opportunity_returned",
    "proposal_dropped",
    "proposal_withdraw",
    "proposals_void",
]
