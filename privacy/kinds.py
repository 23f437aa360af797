"""What managers decide about personal data."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from approvals.kinds import ApprovalKind, Card, register
from approvals.models import ApprovalRequest
from privacy.enums import REQUEST_KIND, RETENTION_KIND, RequestKind
from privacy.models import PrivacyRequest, RetentionRun
from privacy.policies import decides_in_store


def request_cards(requests: Sequence[ApprovalRequest]) -> dict[int, Card]:
    """With one query for all of them."""
    rows = PrivacyRequest.objects.select_related("customer").in_bulk([request.subject_id for request in requests])
    return {request.pk: _request_card(rows[request.subject_id]) for request in requests if request.subject_id in rows}


def _request_card(row: PrivacyRequest) -> Card:
    return Card(
        title=row.customer.name,
        about=row.get_kind_display(),
        effect=row.get_kind_display(),
        url=reverse("privacy:customer-privacy", kwargs={"pk": row.customer_id}),
        data={"request": row, "is_erase": row.kind == RequestKind.ERASE},
    )


def run_cards(requests: Sequence[ApprovalRequest]) -> dict[int, Card]:
    rows = RetentionRun.objects.select_related("rule", "store").in_bulk([request.subject_id for request in requests])
    return {request.pk: _run_card(rows[request.subject_id]) for request in requests if request.subject_id in rows}


def _run_card(run: RetentionRun) -> Card:
    count: dict[str, Any] = {"count": run.found_count}
    return Card(
        title=run.get_data_class_display(),
        about=_("%(count)s customers to be made anonymous") % count,
        effect=_("Make %(count)s anonymous") % count,
        url=reverse("privacy:run-detail", kwargs={"pk": run.pk}),
        data={"run": run},
    )


def register_kinds() -> None:
    register(
        ApprovalKind(
            code=REQUEST_KIND,
            label=_("Request about personal data"),
            icon="user-shield",
            authority=decides_in_store,
            cards=request_cards,
            template="privacy/_approval_request.html",
        ),
        ApprovalKind(
            code=RETENTION_KIND,
            label=_("Kept for long enough"),
            icon="clock-x",
            authority=decides_in_store,
            cards=run_cards,
            template="privacy/_approval_run.html",
        ),
    )
