"""What a leader decides about an opportunity: a lower level, and giving up (R-072, D-27)."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from approvals.kinds import ApprovalKind, Card, leaders, register
from approvals.models import ApprovalRequest
from core import clock
from notifications.enums import NoticeKind
from opportunities.enums import CLOSE, LEVEL, SUBJECT, LostReason, VoidReason
from opportunities.models import Opportunity
from opportunities.selectors import leader_to_ask
from opportunities.stages import Outcome
from staff.models import User


def authority(user: User) -> Q:
    """A leader who sees the customer and does not own it; the mechanism adds: and did not ask."""
    theirs = Opportunity.objects.visible_to(user).exclude(owner=user)
    return Q(subject_type=SUBJECT, subject_id__in=theirs.values("pk"))


def version(subject_id: int) -> int | None:
    """Lock the opportunity; a change of its facts, its owner or its level by somebody is a new version."""
    rows = Opportunity.objects.open().filter(pk=subject_id).select_for_update(no_key=True)
    return next(iter(rows.values_list("version", flat=True)), None)


def recipients(request: ApprovalRequest) -> list[int]:
    """The leader on duty, not everybody: one person is responsible for the answer."""
    opportunity = Opportunity.objects.get(pk=request.subject_id)
    leader = leader_to_ask(opportunity, by=request.requested_by, at=clock.now())
    return [leader.pk] if leader else []


def cards(requests: Sequence[ApprovalRequest]) -> dict[int, Card]:
    """With one query for all of them."""
    rows = Opportunity.objects.select_related("customer", "owner", "series", "trim")
    found = rows.in_bulk([request.subject_id for request in requests])
    return {request.pk: _card(request, found[request.subject_id]) for request in requests}


def _card(request: ApprovalRequest, opportunity: Opportunity) -> Card:
    name = opportunity.customer.name
    return Card(
        title=name,
        about=opportunity.wanted,
        effect=_effect(request),
        bound_to=f"{name} v{request.subject_version}",
        url=f"/opportunities/{opportunity.pk}/",
        data={"opportunity": opportunity, "reason": _reason(request)},
    )


def _effect(request: ApprovalRequest) -> str:
    if request.kind == LEVEL:
        return f"{request.payload['current']} → {request.payload['level']}"
    return str(Outcome(request.payload["outcome"]).label)


def _reason(request: ApprovalRequest) -> str:
    """Why the customer is given up, in words."""
    code = request.payload.get("reason", "")
    reasons = VoidReason if request.payload.get("outcome") == Outcome.VOID else LostReason
    return str(reasons(code).label) if code in reasons.values else ""


def notice_words(request: ApprovalRequest) -> dict[str, Any]:
    opportunity = Opportunity.objects.select_related("customer").get(pk=request.subject_id)
    return {"customer": opportunity.customer.name, **request.payload}


def register_kinds() -> None:
    shared: dict[str, Any] = {
        "authority": authority,
        "deciders": leaders,
        "cards": cards,
        "version": version,
        "recipients": recipients,
        "notice_words": notice_words,
    }
    register(
        ApprovalKind(
            code=LEVEL,
            label=_("Lower level"),
            icon="gauge",
            template="opportunities/_approval_level.html",
            asked_notice=NoticeKind.LEVEL_REQUESTED,
            decided_notice=NoticeKind.LEVEL_DECIDED,
            **shared,
        ),
        ApprovalKind(
            code=CLOSE,
            label=_("Giving up a customer"),
            icon="flag-off",
            template="opportunities/_approval_close.html",
            asked_notice=NoticeKind.CLOSE_REQUESTED,
            decided_notice=NoticeKind.CLOSE_DECIDED,
            **shared,
        ),
    )
