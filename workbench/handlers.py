"""What other systems and the groups of the staff hear of (ids and plain words, nothing personal about a customer), and
what exports and days off do when somebody decided about them."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from approvals.enums import VoidCause
from approvals.events import ApprovalDecided, ApprovalDropped
from approvals.services import approval_request, approval_void_for
from core import events
from core.templatetags.ui import day_time
from followups.events import ContactRecorded, FollowUpEscalated
from leads.events import LeadRegistered
from notifications.enums import OutEvent
from notifications.selectors import CALLBACK_WORDS
from notifications.services import event_publish
from opportunities.events import OpportunityAdvanced, OpportunityClosed
from opportunities.models import Opportunity
from staff.events import LeaveRequested, LeaveSettled
from staff.models import Leave, User
from staff.services import leave_cancel, leave_decide
from workbench.enums import EXPORT, EXPORT_SUBJECT, LEAVE, LEAVE_SUBJECT
from workbench.services import export_decided, export_dropped


def _publish(event: str, opportunity_id: int, *, at: datetime, key: str, stores: Any = None, **data: Any) -> None:
    event_publish(
        event=event,
        stores=stores or Opportunity.objects.filter(pk=opportunity_id).values("store_id"),
        at=at,
        data={"opportunity_id": opportunity_id, **data},
        subject=f"opportunities.Opportunity:{opportunity_id}",
        key=key,
    )


@events.on(LeadRegistered)
def tell_lead(event: LeadRegistered) -> None:
    _publish(
        OutEvent.LEAD_REGISTERED,
        event.opportunity_id,
        at=event.at,
        key=str(event.lead_id),
        stores=[event.store_id],
        lead_id=event.lead_id,
        kind=event.kind,
        is_new=event.is_new,
    )


@events.on(OpportunityAdvanced)
def tell_stage(event: OpportunityAdvanced) -> None:
    _publish(
        OutEvent.OPPORTUNITY_ADVANCED,
        event.opportunity_id,
        at=event.at,
        key=f"{event.opportunity_id}:{event.to_stage}:{event.at.timestamp()}",
        from_stage=event.from_stage,
        to_stage=event.to_stage,
    )


@events.on(OpportunityClosed)
def tell_outcome(event: OpportunityClosed) -> None:
    _publish(
        OutEvent.OPPORTUNITY_CLOSED,
        event.opportunity_id,
        at=event.at,
        key=f"{event.opportunity_id}:{event.outcome}:{event.at.timestamp()}",
        outcome=event.outcome,
    )


@events.on(ContactRecorded)
def tell_contact(event: ContactRecorded) -> None:
    _publish(
        OutEvent.CONTACT_LOGGED,
        event.opportunity_id,
        at=event.at,
        key=str(event.contact_id),
        contact_id=event.contact_id,
        is_effective=event.is_effective,
    )


@events.on(FollowUpEscalated)
def tell_escalation(event: FollowUpEscalated) -> None:
    """A group robot speaks the language of the store, whoever's page or worker this runs in."""
    with translation.override(settings.LANGUAGE_CODE):
        words = {
            "owner": event.owner_name or _("nobody"),
            "callback": str(CALLBACK_WORDS.get(event.rule_code, _("Callback"))),
            "due": day_time(event.due_at),
        }
        text = _("**Missed callback**: %(callback)s of %(owner)s was due %(due)s. The leader has been told.") % words
    event_publish(
        event=OutEvent.CALLBACK_ESCALATED,
        stores=[event.store_id],
        at=event.at,
        data={"follow_up_id": event.follow_up_id, "opportunity_id": event.opportunity_id, "step": event.step},
        subject=f"followups.FollowUp:{event.follow_up_id}",
        key=f"{event.follow_up_id}:{event.step}:{event.due_at.timestamp()}",
        text=text,
    )


@events.on(ApprovalDecided)
def export_was_decided(event: ApprovalDecided) -> None:
    if event.kind == EXPORT and event.subject_type == EXPORT_SUBJECT:
        export_decided(export_id=event.subject_id, is_approved=event.is_approved, by_id=event.decided_by_id)


@events.on(ApprovalDropped)
def export_was_dropped(event: ApprovalDropped) -> None:
    if event.kind == EXPORT and event.subject_type == EXPORT_SUBJECT:
        export_dropped(export_id=event.subject_id, is_taken_back=not event.cause)


# ---- days off: asked, decided, settled on the page of people ------------------------------------------------


@events.on(LeaveRequested)
def leave_asked(event: LeaveRequested) -> None:
    by = User.objects.get(pk=event.by_id)
    approval_request(kind=LEAVE, store_id=event.store_id, subject_type=LEAVE_SUBJECT, subject_id=event.leave_id, by=by)


@events.on(LeaveSettled)
def leave_settled(event: LeaveSettled) -> None:
    approval_void_for(subject_type=LEAVE_SUBJECT, subject_id=event.leave_id, reason=VoidCause.SETTLED)


@events.on(ApprovalDecided)
def leave_answered(event: ApprovalDecided) -> None:
    if event.kind != LEAVE:
        return
    leave = Leave.objects.get(pk=event.subject_id)
    leave_decide(
        leave_id=leave.pk,
        is_approved=event.is_approved,
        comment=event.comment,
        stand_in_id=leave.stand_in_id,
        by=User.objects.get(pk=event.decided_by_id),
    )


@events.on(ApprovalDropped)
def leave_taken_back(event: ApprovalDropped) -> None:
    """Taken back in the inbox: the leave goes too."""
    if event.kind == LEAVE and not event.cause and event.by_id is not None:
        leave_cancel(leave_id=event.subject_id, by=User.objects.get(pk=event.by_id))
