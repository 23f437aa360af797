"""Lost and void, in two steps: somebody proposes, a leader who did not propose confirms (R-072, D-27)."""

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from core import clock, events
from core.errors import DomainError
from core.text import clean_text
from core.transactions import service
from notifications.enums import NoticeKind
from opportunities.enums import EventKind, LostReason, VoidReason
from opportunities.events import CloseRequested, OpportunityClosed
from opportunities.models import Opportunity
from opportunities.policies import can_decide_close
from opportunities.services.facts import ensure_can_work
from opportunities.services.journey import journey_record, opportunity_lock
from opportunities.services.notices import settle, tell, tell_leader
from opportunities.stages import OUTCOME_MACHINE, Outcome
from staff.models import User

REASONS: dict[str, list[str]] = {Outcome.LOST: LostReason.values, Outcome.VOID: VoidReason.values}
_CLOSE_FIELDS = [
    "outcome",
    "closed_at",
    "closed_by",
    "requested_level",
    "level_requested_by",
    "version",
    "updated_at",
]
_REQUEST_FIELDS = ["close_requested", "close_reason", "close_note", "close_requested_by", "updated_at"]


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
    settle(opportunity, NoticeKind.CLOSE_REQUESTED)  # a newer proposal replaces the older one
    tell_leader(opportunity, NoticeKind.CLOSE_REQUESTED, by=by, outcome=outcome, reason=reason)
    events.emit(CloseRequested(opportunity_id=opportunity.pk, outcome=outcome, reason=reason, by_id=by.pk))
    return opportunity


@service
def close_withdraw(*, opportunity_id: int, by: User) -> Opportunity:
    """The one who proposed it takes it back. Raises PermissionDenied, DomainError (decided meanwhile)."""
    opportunity = opportunity_lock(opportunity_id, by=by)
    if opportunity.close_requested_by_id != by.pk:
        raise PermissionDenied(_("Only the one who proposed it may take it back."))
    if not opportunity.is_open:
        raise DomainError(_("This was decided already."), code="decided")
    settle(opportunity, NoticeKind.CLOSE_REQUESTED)
    return _clear(opportunity)


@service
def close_send_back(*, opportunity_id: int, by: User) -> Opportunity:
    """A leader wants the customer to be followed further."""
    opportunity = _ensure_decision(opportunity_id, by)
    _tell_decision(opportunity, by=by, is_accepted=False)
    return _clear(opportunity)


@service
def close_confirm(*, opportunity_id: int, by: User) -> Opportunity:
    """A leader confirms: the opportunity is lost or void and its callbacks end.

    Raises PermissionDenied (no leader, own customer, own proposal), DomainError (nothing to decide any more).
    """
    opportunity = _ensure_decision(opportunity_id, by)
    OUTCOME_MACHINE.check(opportunity.outcome, opportunity.close_requested)
    opportunity.outcome = opportunity.close_requested
    opportunity.closed_at, opportunity.closed_by = clock.now(), by
    opportunity.requested_level, opportunity.level_requested_by = "", None  # there is nothing left to decide
    opportunity.version += 1
    settle(opportunity, NoticeKind.LEVEL_REQUESTED)
    _tell_decision(opportunity, by=by, is_accepted=True)
    opportunity.full_clean(exclude=["customer", "store", "owner", "registered_by", "series", "trim", "channel"])
    opportunity.save(update_fields=_CLOSE_FIELDS)
    journey_record(
        opportunity, EventKind.CLOSED, by=by, outcome=opportunity.outcome, reason=opportunity.close_reason
    ).save(force_insert=True)
    events.emit(
        OpportunityClosed(
            opportunity_id=opportunity.pk, outcome=opportunity.outcome, at=opportunity.closed_at, by_id=by.pk
        )
    )
    return opportunity


def _ensure_decision(opportunity_id: int, by: User) -> Opportunity:
    opportunity = opportunity_lock(opportunity_id, by=by)
    if not can_decide_close(by, opportunity):
        raise PermissionDenied(_("Another leader has to decide this."))
    if not opportunity.close_requested or not opportunity.is_open:
        raise DomainError(_("This was decided already."), code="decided")
    return opportunity


def _tell_decision(opportunity: Opportunity, *, by: User, is_accepted: bool) -> None:
    settle(opportunity, NoticeKind.CLOSE_REQUESTED)
    tell(
        opportunity,
        opportunity.close_requested_by_id,
        NoticeKind.CLOSE_DECIDED,
        by=by,
        is_accepted=is_accepted,
        outcome=opportunity.close_requested,
    )


def _clear(opportunity: Opportunity) -> Opportunity:
    opportunity.close_requested = opportunity.close_reason = opportunity.close_note = ""
    opportunity.close_requested_by = None
    opportunity.save(update_fields=_REQUEST_FIELDS)
    return opportunity
