"""What privacy does when somebody decided about it."""

from approvals.events import ApprovalDecided, ApprovalDropped
from core import events
from privacy.enums import REQUEST_KIND, RETENTION_KIND
from privacy.services import request_decided, request_ended, run_decided


@events.on(ApprovalDecided)
def decided(event: ApprovalDecided) -> None:
    if event.kind == REQUEST_KIND:
        request_decided(
            request_id=event.subject_id,
            is_approved=event.is_approved,
            comment=event.comment,
            by_id=event.decided_by_id,
        )
    elif event.kind == RETENTION_KIND:
        run_decided(run_id=event.subject_id, is_approved=event.is_approved, by_id=event.decided_by_id)


@events.on(ApprovalDropped)
def dropped(event: ApprovalDropped) -> None:
    if event.kind == REQUEST_KIND:
        request_ended(request_id=event.subject_id)
    elif event.kind == RETENTION_KIND:
        run_decided(run_id=event.subject_id, is_approved=False, by_id=event.by_id)
