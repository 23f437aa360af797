"""What became of a request, for the app that asked. Both are emitted in the transaction of the change."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ApprovalDecided:
    """Somebody who may decide it has decided. `payload` is what was asked, `comment` what the decider wrote."""

    request_id: int
    kind: str
    subject_type: str
    subject_id: int
    subject_version: int
    is_approved: bool
    decided_by_id: int
    requested_by_id: int
    comment: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class ApprovalDropped:
    """It ended without a decision: taken back by who asked, or void; `cause` is a VoidCause, "" when taken back."""

    request_id: int
    kind: str
    subject_type: str
    subject_id: int
    subject_version: int
    cause: str
    by_id: int | None
