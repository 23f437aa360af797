"""What the journey does when somebody decided about it."""

from approvals.events import ApprovalDecided, ApprovalDropped
from core import events
from opportunities.enums import CLOSE, LEVEL, SUBJECT
from opportunities.services import close_decided, level_decided, proposal_dropped


@events.on(ApprovalDecided)
def proposal_decided(event: ApprovalDecided) -> None:
    decided = {LEVEL: level_decided, CLOSE: close_decided}.get(event.kind)
    if decided is not None and event.subject_type == SUBJECT:
        decided(
            opportunity_id=event.subject_id,
            is_approved=event.is_approved,
            comment=event.comment,
            by_id=event.decided_by_id,
        )


@events.on(ApprovalDropped)
def proposal_ended(event: ApprovalDropped) -> None:
    if event.subject_type == SUBJECT and event.kind in (LEVEL, CLOSE):
        proposal_dropped(opportunity_id=event.subject_id, kind=event.kind, cause=event.cause)
