"""Lost and void, in two steps: somebody proposes, a leader who did not propose confirms (R-072, D-27)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from approvals.enums import VoidCause
from core import clock, events
from core.errors import DomainError
from core.text import clean_text
from core.transactions import service
from opportunities.enums import CLOSE, LEVEL, EventKind, LostReason, VoidReason
from opportunities.events import CloseRequested, OpportunityClosed
from opportunities.models import Opportunity
from opportunities.services.facts import ensure_can_work
from opportunities.services.journey import journey_record
from opportunities.services.locks import opportunity_lock
from opportunities.services.proposals import FIELDS, proposal_ask, proposal_clear, proposals_void
from opportunities.stages import OUTCOME_MACHINE, Outcome
from staff.models import User

REASONS: dict[str, list[str]] = {Outcome.LOST: LostReason.values, Outcome.VOID: VoidReason.values}
_REQUEST_FIELDS = [*FIELDS[CLOSE], "updated_at"]


@service
def close_request(*, opportunity_id: int, outcome: str, reason: str, note: str = "", by: User) -> Opportunity:
    """Propose to give up. Until it is confirmed the owner keeps the customer and the callbacks go on.

    Raises DomainError (unknown reason, closed already).
    """
    opportunity = opportunity_lock(opportunity_id, by=by)
    ensure_can_work(by, opportunity)
    OUTCOME_MACHINE.check(opportunity.outcome, outcome)
    if reason not in REASONS.get(outcome, []):  # won is no proposal: it follows from the delivery
        raise DomainError(_("Choose a reason."), field="reason")
    opportunity.close_requested, opportunity.close_reason = outcome, reason
    opportunity.close_note, opportunity.close_requested_by = clean_text(note)[:500], by
    opportunity.save(update_fields=_REQUEST_FIELDS)
    journey_record(
        opportunity, EventKind.CLOSE_REQUESTED, by=by, outcome=outcome, reason=reason, note=opportunity.close_note
    ).save(force_insert=True)
    asked = {"outcome": outcome, "reason": reason}
    proposal_ask(opportunity, CLOSE, asked, reason=opportunity.close_note, by=by)
    events.emit(CloseRequested(opportunity_id=opportunity.pk, outcome=outcome, reason=reason, by_id=by.pk))
    return opportunity


@service
def close_decided(*, opportunity_id: int, is_approved: bool, comment: str, by_id: int) -> None:
    """A leader confirms: the opportunity is lost or void and its callbacks end; or wants it to be followed further."""
    opportunity = opportunity_lock(opportunity_id, by=None)
    by = User.objects.get(pk=by_id)
    if is_approved:
        _close(opportunity, by=by)
        return
    words: dict[str, Any] = {"outcome": opportunity.close_requested, "comment": comment}
    proposal_clear(opportunity, CLOSE)
    journey_record(opportunity, EventKind.CLOSE_REFUSED, by=by, **words).save(force_insert=True)


def _close(opportunity: Opportunity, *, by: User) -> None:
    OUTCOME_MACHINE.check(opportunity.outcome, opportunity.close_requested)
    proposals_void(opportunity, cause=VoidCause.SETTLED, kinds=(LEVEL,))  # there is nothing left to decide
    opportunity.outcome = opportunity.close_requested
    opportunity.closed_at, opportunity.closed_by = clock.now(), by
    opportunity.version += 1
    opportunity.full_clean(exclude=["customer", "store", "owner", "registered_by", "series", "trim", "channel"])
    opportunity.save(update_fields=["outcome", "closed_at", "closed_by", "version", "updated_at"])
    journey_record(
        opportunity, EventKind.CLOSED, by=by, outcome=opportunity.outcome, reason=opportunity.close_reason
    ).save(force_insert=True)
    events.emit(
        OpportunityClosed(
            opportunity_id=opportunity.pk, outcome=opportunity.outcome, at=opportunity.closed_at, by_id=by.pk
        )
    )
