"""Asking, deciding, taking back. Lock order everywhere: the subject, then the request."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from approvals.enums import ApprovalState, VoidCause
from approvals.events import ApprovalDecided, ApprovalDropped
from approvals.kinds import kind_of
from approvals.models import ApprovalRequest
from approvals.policies import ensure_can_decide, ensure_can_withdraw
from approvals.selectors import recipients_of
from core import clock, events
from core.errors import Conflict, DomainError
from core.text import clean_text
from core.transactions import service
from notifications.enums import NoticeKind
from notifications.services import notice_create, notices_done
from staff.models import User

TEXT_LENGTH = 500


@service
def approval_request(
    *,
    kind: str,
    store_id: int,
    subject_type: str,
    subject_id: int,
    subject_version: int = 0,
    payload: dict[str, Any] | None = None,
    reason: str = "",
    due_at: datetime | None = None,
    by: User,
) -> ApprovalRequest:
    """Ask for a decision about one version of a subject; whoever may decide it is told.

    The caller holds the lock of the subject. A request of the same kind that waits already is replaced: void, and
    the new one stands. `payload`: plain values, ids instead of names. Not decided before `due_at`, it lapses.
    Raises Conflict when somebody asked the same in this very moment.
    """
    kind_of(kind)  # a kind that nobody registered is a mistake in the program
    _void(subject_type, subject_id, cause=VoidCause.REPLACED, kinds=[kind], by=by)
    row = ApprovalRequest(
        kind=kind,
        store_id=store_id,
        subject_type=subject_type,
        subject_id=subject_id,
        subject_version=subject_version,
        payload=payload or {},
        reason=clean_text(reason, is_multiline=True)[:TEXT_LENGTH],
        requested_by=by,
        due_at=due_at,
    )
    row.clean_fields(exclude=["store", "requested_by"])
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(_("Somebody asked for the same in this very moment."), code="asked") from error
    for recipient_id in recipients_of(row):
        _tell(row, recipient_id, kind_of(kind).asked_notice, by=by)
    return row


def approval_decide(*, request_id: int, approve: bool, comment: str = "", by: User) -> ApprovalRequest:
    """Approve a request, or send it back with a comment. One winner: whoever comes second gets a Conflict.

    The app that asked hears of it in the same transaction (ApprovalDecided); what it refuses, undoes the decision.
    Raises PermissionDenied (no authority, own request), DomainError (sent back without a word), Conflict: "decided"
    with the row as it is, or "changed" when the subject is no longer what was asked about; then the request is void.
    """
    try:
        return _decide(request_id=request_id, approve=approve, comment=comment, by=by)
    except _Outdated:
        approval_void(request_id=request_id, cause=VoidCause.CHANGED)
        current = ApprovalRequest.objects.get(pk=request_id)
        text = _("It was changed after it was asked for, so this request is no longer valid.")
        raise Conflict(text, current=current, code="changed") from None


class _Outdated(DomainError):
    """The subject has another version than the request."""


@service
def _decide(*, request_id: int, approve: bool, comment: str, by: User) -> ApprovalRequest:
    comment = clean_text(comment, is_multiline=True)[:TEXT_LENGTH]
    row = ApprovalRequest.objects.get(pk=request_id)
    kind = kind_of(row.kind)
    version = kind.version(row.subject_id) if kind.version else row.subject_version
    ensure_can_decide(by, row)
    if not approve and not comment:
        raise DomainError(_("Say why you send it back."), field="comment")
    state = ApprovalState.APPROVED if approve else ApprovalState.REJECTED
    now = clock.now()
    authority = {"roles": sorted(by.roles), "scope": str(by.scope), "store": by.store_id}
    won = ApprovalRequest.objects.pending().filter(pk=row.pk)
    if not won.update(state=state, decided_by=by, decided_at=now, comment=comment, authority=authority, updated_at=now):
        current = ApprovalRequest.objects.select_related("decided_by").get(pk=row.pk)
        raise Conflict(_("This was decided already."), current=current, code="decided")
    if version != row.subject_version:
        raise _Outdated("")
    row.refresh_from_db()
    notices_done(subjects=notice_subjects(row.pk)[:1])
    _tell(row, row.requested_by_id, kind.decided_notice, by=by, is_accepted=approve, comment=comment)
    events.emit(
        ApprovalDecided(
            request_id=row.pk,
            kind=row.kind,
            subject_type=row.subject_type,
            subject_id=row.subject_id,
            subject_version=row.subject_version,
            is_approved=approve,
            decided_by_id=by.pk,
            requested_by_id=row.requested_by_id,
            comment=comment,
            payload=row.payload,
        )
    )
    return row


@service
def approval_withdraw(*, request_id: int, by: User) -> ApprovalRequest:
    """The one who asked takes it back. Raises PermissionDenied, Conflict (it ended meanwhile)."""
    row = ApprovalRequest.objects.get(pk=request_id)
    kind = kind_of(row.kind)
    if kind.version:
        kind.version(row.subject_id)
    ensure_can_withdraw(by, row)
    if not _end(row, ApprovalState.WITHDRAWN, by=by):
        raise Conflict(_("This was decided already."), code="decided")
    return row


@service
def approval_void_for(
    *, subject_type: str, subject_id: int, reason: str = VoidCause.CHANGED, kinds: list[str] | None = None
) -> int:
    """What waited about the subject is void, because it changed (`reason`: a VoidCause). The caller holds its lock.

    Who asked is told, unless the request was replaced by a newer one or settled. Returns how many.
    """
    return _void(subject_type, subject_id, cause=VoidCause(reason), kinds=kinds, by=None)


@service
def approval_void(*, request_id: int, cause: str) -> bool:
    """One request is void. Returns False when it had ended already."""
    row = ApprovalRequest.objects.get(pk=request_id)
    kind = kind_of(row.kind)
    if kind.version:
        kind.version(row.subject_id)
    return _end(row, ApprovalState.VOID, cause=VoidCause(cause))


@service
def approval_expire_next() -> bool:
    """One request that nobody decided in time is void. Returns False when none is overdue."""
    due = ApprovalRequest.objects.pending().filter(due_at__lte=clock.sql_now()).order_by("due_at", "id")
    pk = due.values_list("pk", flat=True).first()
    return pk is not None and approval_void(request_id=pk, cause=VoidCause.EXPIRED)


def _void(subject_type: str, subject_id: int, *, cause: VoidCause, kinds: list[str] | None, by: User | None) -> int:
    rows = ApprovalRequest.objects.pending().of_subject(subject_type, subject_id)
    if kinds is not None:
        rows = rows.filter(kind__in=kinds)
    return sum(_end(row, ApprovalState.VOID, cause=cause, by=by) for row in rows.order_by("pk"))


def _end(row: ApprovalRequest, state: ApprovalState, *, cause: str = "", by: User | None = None) -> bool:
    """End a request without a decision; False when somebody was faster."""
    now = clock.now()
    pending = ApprovalRequest.objects.pending().filter(pk=row.pk)
    if not pending.update(state=state, decided_at=now, cause=cause, updated_at=now):
        return False
    row.refresh_from_db()
    notices_done(subjects=notice_subjects(row.pk)[:1])
    if cause in (VoidCause.CHANGED, VoidCause.EXPIRED, VoidCause.OBSOLETE):
        _tell(row, row.requested_by_id, NoticeKind.APPROVAL_VOID, by=by, cause=cause)
    events.emit(
        ApprovalDropped(
            request_id=row.pk,
            kind=row.kind,
            subject_type=row.subject_type,
            subject_id=row.subject_id,
            subject_version=row.subject_version,
            cause=cause,
            by_id=by.pk if by else None,
        )
    )
    return True


def notice_subjects(request_id: int) -> tuple[str, str]:
    """The subjects of the notices about a request: the question to the deciders and the answer to who asked."""
    question = f"approvals.ApprovalRequest:{request_id}"
    return question, f"{question}:answer"


def _tell(row: ApprovalRequest, recipient_id: int, notice: str, *, by: User | None, **data: Any) -> None:
    """A line in an inbox. The line to who asked stays until it is read; that to the deciders until it is decided."""
    kind = kind_of(row.kind)
    is_answer = recipient_id == row.requested_by_id
    words = kind.notice_words(row) if kind.notice_words else {}
    notice_create(
        recipient_id=recipient_id,
        kind=notice,
        url=f"/approvals/{row.pk}/",
        subject=notice_subjects(row.pk)[is_answer],
        by=by.name if by else "",
        **({"approval": row.kind} | words | data),
    )
