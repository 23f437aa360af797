"""Taking customers away as a file: asked, decided by somebody else when there are many, made later, gone after a day.

Source: R-877; reliability.md 4.5 (export control) and 33.
"""

import base64
import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from approvals.services import approval_request
from core import clock
from core.access_log import RequestMeta, log_access, log_export
from core.enums import AccessAction
from core.errors import Conflict, DomainError, LimitReached
from core.exports import ExportFile, export_file, stored_file
from core.rate_limits import ensure_within
from core.text import clean_text
from core.transactions import service
from notifications.enums import NoticeKind
from notifications.services import notice_create
from opportunities.models import Opportunity
from staff.models import User
from workbench.enums import EXPORT, EXPORT_SUBJECT, OPEN_STATES, ExportState, RefusedBecause
from workbench.models import CustomerExport
from workbench.policies import EXPORT_DECIDERS, ensure_can_export, rights_of
from workbench.selectors.exports import export_lines, export_rows, export_rule, heading, watermark

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3


@service
def export_request(
    *,
    view: str,
    filters: Mapping[str, Sequence[str]],
    file_format: str,
    with_phones: bool = False,
    reason: str = "",
    by: User,
) -> CustomerExport:
    """Ask for the rows that the person sees now. Many rows, or full numbers, need somebody else's approval.

    The same again while the first is not finished is the first: two clicks are one. Raises PermissionDenied,
    LimitReached (too many today, too many rows), DomainError (nothing to export, a reason is needed).
    """
    ensure_can_export(by)
    chosen = {name: sorted(values) for name, values in filters.items() if values}
    fingerprint = _fingerprint(view, chosen, file_format, with_phones)
    User.objects.select_for_update(no_key=True).get(pk=by.pk)  # two clicks wait here
    same = CustomerExport.objects.filter(requested_by=by, fingerprint=fingerprint, state__in=OPEN_STATES)
    if found := same.first():
        return found
    rule = export_rule()
    ids = list(export_rows(by, view=view, filters=chosen).values_list("pk", flat=True)[: rule.rows_at_most + 1])
    needs_approval = with_phones or len(ids) > rule.rows_without_approval
    _check(ids, at_most=rule.rows_at_most, reason=clean_text(reason), needs_approval=needs_approval)
    ensure_within("export", by.pk)
    export = CustomerExport(
        store_id=by.store_id or 0,
        requested_by=by,
        view=view,
        filters=chosen,
        file_format=file_format,
        with_phones=with_phones,
        reason=clean_text(reason)[:300],
        fingerprint=fingerprint,
        rights=rights_of(by),
        row_ids=sorted(ids),
        row_count=len(ids),
    )
    return _begin(export, needs_approval=needs_approval, hours=rule.decide_within_hours)


def _begin(export: CustomerExport, *, needs_approval: bool, hours: int) -> CustomerExport:
    """Ask somebody, or leave it to the worker."""
    export.state = ExportState.ASKED if needs_approval else ExportState.QUEUED
    export.next_try_at = None if needs_approval else clock.now()
    export.clean_fields(exclude=["store", "requested_by", "content", "approved_by"])
    export.save(force_insert=True)
    if needs_approval:
        _ask(export, by=export.requested_by, hours=hours)
    return export


def _check(ids: Sequence[int], *, at_most: int, reason: str, needs_approval: bool) -> None:
    if not ids:
        raise DomainError(_("There is no customer in this list."), code="empty")
    if len(ids) > at_most:
        text = _("At most %(rows)s customers at once; narrow the list.")
        raise LimitReached(text, code="rows", params={"rows": at_most})
    if needs_approval and not reason:
        raise DomainError(_("Say what you need it for; somebody else has to approve it."), field="reason")


def _fingerprint(view: str, filters: Mapping[str, Any], file_format: str, with_phones: bool) -> str:
    text = json.dumps([view, filters, file_format, with_phones], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _ask(export: CustomerExport, *, by: User, hours: int) -> None:
    approval_request(
        kind=EXPORT,
        store_id=export.store_id,
        subject_type=EXPORT_SUBJECT,
        subject_id=export.pk,
        subject_version=1,
        payload={"rows": export.row_count, "with_phones": export.with_phones, "format": export.file_format},
        reason=export.reason,
        due_at=clock.now() + timedelta(hours=hours),
        by=by,
    )


@service
def export_decided(*, export_id: int, is_approved: bool, by_id: int) -> None:
    """Approved: the file is made. Sent back: there will be none."""
    export = CustomerExport.objects.select_for_update(no_key=True).get(pk=export_id)
    if not is_approved:
        _refuse(export, RefusedBecause.SENT_BACK)
        return
    export.state, export.approved_by_id, export.next_try_at = ExportState.QUEUED, by_id, clock.now()
    export.save(update_fields=["state", "approved_by", "next_try_at", "updated_at"])


@service
def export_dropped(*, export_id: int, is_taken_back: bool) -> None:
    """The request ended without a decision."""
    export = CustomerExport.objects.select_for_update(no_key=True).get(pk=export_id)
    if export.state == ExportState.ASKED:
        _refuse(export, RefusedBecause.TAKEN_BACK if is_taken_back else RefusedBecause.LAPSED)


def _refuse(export: CustomerExport, because: str) -> None:
    export.state, export.refused_because, export.next_try_at = ExportState.REFUSED, because, None
    export.content, export.row_ids = None, []
    export.save(update_fields=["state", "refused_because", "next_try_at", "content", "row_ids", "updated_at"])


# ---- making the file ------------------------------------------------------------------------------------------


def export_build_next() -> bool:
    """Make one file. Returns False when none is due. A process that dies leaves it due; one that fails tries again."""
    due = CustomerExport.objects.filter(state=ExportState.QUEUED, next_try_at__lte=clock.sql_now())
    pk = due.order_by("next_try_at", "id").values_list("pk", flat=True).first()
    if pk is None:
        return False
    try:
        _build(export_id=pk)
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is noted and tried again, and the next file is made
        logger.exception("export %s was not made", pk)
        _note_failure(export_id=pk, error=error)
    return True


@service
def _build(*, export_id: int) -> None:
    rows = CustomerExport.objects.select_related("requested_by").filter(pk=export_id, state=ExportState.QUEUED)
    export = rows.select_for_update(no_key=True, skip_locked=True, of=("self",)).first()
    if export is None:
        return  # somebody else makes it
    user = export.requested_by
    if export.rights != rights_of(user):
        _refuse(export, RefusedBecause.RIGHTS)
        _tell(export, NoticeKind.EXPORT_FINISHED, user.pk, is_ready=False)
        return
    visible = list(Opportunity.objects.visible_to(user).filter(pk__in=export.row_ids).order_by("pk"))
    if not visible:
        _refuse(export, RefusedBecause.EMPTY)
        _tell(export, NoticeKind.EXPORT_FINISHED, user.pk, is_ready=False)
        return
    with translation.override(user.language):
        lines: list[Sequence[object]] = [
            watermark(export, rows=len(visible)),
            heading(),
            *export_lines(export, visible),
        ]
        content = export_file(name=export.number, file_format=export.file_format, rows=lines).content
    export.content = base64.b64encode(content).decode("ascii")
    export.state, export.ready_at, export.next_try_at = ExportState.READY, clock.now(), None
    export.expires_at = export.ready_at + timedelta(hours=export_rule().link_hours)
    export.row_count = len(visible)
    export.save()
    # "Who saw this customer" answers with every file that the customer is in.
    customers = [row.customer_id for row in visible]
    log_export(actor=user, customer_ids=customers, subject=(EXPORT_SUBJECT, export.pk), reason=export.reason)
    _tell(export, NoticeKind.EXPORT_FINISHED, user.pk, is_ready=True)
    managers = User.objects.filter(store=export.store_id, is_active=True, roles__overlap=sorted(EXPORT_DECIDERS))
    for manager in managers.exclude(pk=user.pk).order_by("pk"):
        _tell(export, NoticeKind.EXPORT_MADE, manager.pk, is_ready=True)


@service
def _note_failure(*, export_id: int, error: Exception) -> None:
    export = CustomerExport.objects.select_for_update(no_key=True).get(pk=export_id)
    export.attempts += 1
    export.last_error = f"{type(error).__name__}: {error}"[:300]
    export.next_try_at = clock.now() + timedelta(minutes=export.attempts)
    if export.attempts >= MAX_ATTEMPTS:
        export.state, export.next_try_at = ExportState.FAILED, None
        _tell(export, NoticeKind.EXPORT_FINISHED, export.requested_by_id, is_ready=False)
    export.save(update_fields=["attempts", "last_error", "next_try_at", "state", "updated_at"])


def _tell(export: CustomerExport, kind: str, recipient_id: int, *, is_ready: bool) -> None:
    is_own = recipient_id == export.requested_by_id
    notice_create(
        recipient_id=recipient_id,
        kind=kind,
        url=f"/exports/{export.pk}/" if is_own else "",
        subject=f"{EXPORT_SUBJECT}:{export.pk}",
        by=export.requested_by.name,
        rows=export.row_count,
        number=export.number,
        is_accepted=is_ready,
    )


# ---- fetching it ----------------------------------------------------------------------------------------------


@service
def export_download(*, export_id: int, by: User, request_meta: RequestMeta | None = None) -> ExportFile:
    """The file, once more counted and logged. Raises PermissionDenied (somebody else's), Conflict (not ready, gone)."""
    export = CustomerExport.objects.select_for_update(no_key=True).get(pk=export_id)
    if export.requested_by_id != by.pk:
        raise PermissionDenied(_("Only the one who asked gets the file."))
    if not export.is_ready or export.expires_at is None or export.expires_at <= clock.now():
        raise Conflict(_("This file does not exist any more. Ask for a new one."), code="gone")
    if export.rights != rights_of(by):
        raise Conflict(_("Your rights have changed since; ask again."), code="rights")
    export.download_count += 1
    export.save(update_fields=["download_count", "updated_at"])
    log_access(
        actor=by,
        action=AccessAction.EXPORT,
        customer_id=None,
        field="file",
        reason=export.number,
        subject_type=EXPORT_SUBJECT,
        subject_id=export.pk,
        request_meta=request_meta,
    )
    return stored_file(
        name=export.number, file_format=export.file_format, content=base64.b64decode(export.content or "")
    )


@service
def export_expire_next() -> bool:
    """Delete one file whose time is over. Returns False when there is none."""
    over = CustomerExport.objects.filter(state=ExportState.READY, expires_at__lte=clock.sql_now())
    export = over.select_for_update(no_key=True, skip_locked=True).order_by("expires_at", "id").first()
    if export is None:
        return False
    export.state, export.content, export.row_ids = ExportState.EXPIRED, None, []
    export.save(update_fields=["state", "content", "row_ids", "updated_at"])
    return True
