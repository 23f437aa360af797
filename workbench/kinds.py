"""What somebody else decides about exports and days off."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils import formats
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from approvals.kinds import ApprovalKind, Card, leaders, register
from approvals.models import ApprovalRequest
from core import clock
from staff.enums import LeaveState
from staff.models import Leave, User
from staff.selectors import leave_approver
from staff.selectors.leave import leaves_to_decide
from staff.selectors.person import leave_card
from workbench.enums import EXPORT, LEAVE, LEAVE_SUBJECT, ExportState
from workbench.models import CustomerExport
from workbench.policies import EXPORT_DECIDERS
from workbench.selectors.exports import filter_words


def version(subject_id: int) -> int | None:
    """Lock the export: it is what it was while it waits."""
    rows = CustomerExport.objects.filter(pk=subject_id, state=ExportState.ASKED).select_for_update(no_key=True)
    return 1 if rows.only("pk").first() is not None else None


def cards(requests: Sequence[ApprovalRequest]) -> dict[int, Card]:
    rows = CustomerExport.objects.select_related("requested_by").defer("content", "row_ids")
    exports = rows.in_bulk([request.subject_id for request in requests])
    words = filter_words(list(exports.values()))
    found = {}
    for request in requests:
        export = exports[request.subject_id]
        number = request.payload["rows"]
        effect = ngettext("%(number)s customer", "%(number)s customers", number) % {"number": f"{number:,}"}
        found[request.pk] = Card(
            title=f"{_('Customer list')} · {words[export.pk]}",
            effect=effect,
            bound_to=export.number,
            data={"export": export, "words": words[export.pk]},
        )
    return found


# ---- days off; deciding them on the page of people settles the request too ---------------------------------


def leave_authority(user: User) -> Q:
    """Leaders, about the people they lead."""
    return Q(subject_type=LEAVE_SUBJECT, subject_id__in=leaves_to_decide(user).values("pk"))


def leave_version(subject_id: int) -> int | None:
    """Lock the people and the leave as staff.services.leave_decide does; None: it waits no longer."""
    leave = Leave.objects.get(pk=subject_id)
    people = User.objects.filter(pk__in=[leave.user_id, leave.stand_in_id or leave.user_id])
    list(people.order_by("pk").select_for_update(no_key=True, of=("self",)))
    rows = Leave.objects.filter(pk=subject_id, state=LeaveState.REQUESTED).select_for_update(no_key=True, of=("self",))
    return 0 if rows.first() is not None else None


def leave_recipients(request: ApprovalRequest) -> list[int]:
    """The one superior, not everybody who might."""
    person = User.objects.select_related("team__supervisor", "reports_to").get(leaves=request.subject_id)
    leader = leave_approver(person)
    return [leader.pk] if leader else []


def leave_cards(requests: Sequence[ApprovalRequest]) -> dict[int, Card]:
    rows = Leave.objects.select_related("user__store", "user__team", "stand_in")
    found = rows.in_bulk([request.subject_id for request in requests])
    is_one = len(requests) == 1  # what it causes is asked for one request, not for a list
    return {
        request.pk: _leave_card(found[request.subject_id], request, has_effects=is_one)
        for request in requests
        if request.subject_id in found
    }


def _leave_card(leave: Leave, request: ApprovalRequest, *, has_effects: bool) -> Card:
    first, last = clock.local_date(leave.starts_at), clock.local_date(leave.ends_at)
    days = formats.date_format(first, "MONTH_DAY_FORMAT")
    if last != first:
        days = f"{days} – {formats.date_format(last, 'MONTH_DAY_FORMAT')}"
    data: dict[str, Any] = {"leave": leave}
    if has_effects:
        data["card"] = leave_card(leave, person=leave.user, viewer=request.requested_by)
    return Card(
        title=leave.user.name,
        about=f"{leave.get_kind_display()} · {days}",
        effect=days,
        bound_to=leave.user.name,
        url=f"/staff/people/?who={leave.user_id}",
        data=data,
    )


def register_kinds() -> None:
    register(
        ApprovalKind(
            code=EXPORT,
            label=_("Export of customers"),
            icon="download",
            authority=EXPORT_DECIDERS,
            cards=cards,
            version=version,
            template="workbench/_approval_export.html",
        ),
        ApprovalKind(
            code=LEAVE,
            label=_("Leave"),
            icon="calendar-event",
            authority=leave_authority,
            deciders=leaders,
            cards=leave_cards,
            version=leave_version,
            recipients=leave_recipients,
            template="staff/_approval_leave.html",
        ),
    )
