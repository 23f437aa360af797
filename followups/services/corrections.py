"""Taking back a contact that was recorded by mistake."""

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError
from core.transactions import service
from followups.enums import CancelReason, FollowUpState, Step
from followups.models import Contact, ContactCorrection, FollowUp
from followups.selectors import rule_book
from followups.services.due import due_agreed
from followups.services.planning import move, point_to_next, rearm
from opportunities.enums import EventKind
from opportunities.models import Opportunity
from opportunities.services import journey_record, opportunity_lock
from opportunities.services.facts import apply_level
from staff.models import User


@service
def contact_take_back(*, contact_id: int, by: User) -> Contact:
    """Take back the latest contact within the undo window: callbacks, next action and level are as before.

    Raises PermissionDenied (somebody else's), DomainError (too late, taken back already, something came after it).
    """
    found = Contact.objects.filter(pk=contact_id, by=by).first()
    if found is None:
        raise PermissionDenied(_("You can take back your own entries only."))
    opportunity = opportunity_lock(found.opportunity_id, by=by)
    contact = Contact.objects.select_for_update(of=("self",)).get(pk=contact_id)
    now = clock.now()
    book = rule_book(store_id=opportunity.store_id, on=clock.local_date(now))
    if ContactCorrection.objects.filter(contact=contact).exists():
        raise DomainError(_("This was taken back already."), code="corrected")
    later = Contact.objects.filter(opportunity=opportunity, pk__gt=contact.pk, correction=None).exists()
    if later or now > contact.created_at + timedelta(minutes=book.policy.undo_window_min):
        raise DomainError(_("It is too late to take this back; record what is right instead."), code="too_late")
    if contact.evidence.get("via") == "system":
        raise DomainError(_("A message that was sent cannot be taken back."), code="sent")
    ContactCorrection.objects.create(contact=contact, by=by)
    _restore(opportunity, contact, now=now)
    journey_record(
        opportunity, EventKind.CORRECTED, by=by, subject=f"followups.Contact:{contact.pk}"
    ).save(force_insert=True)
    return contact


def _restore(opportunity: Opportunity, contact: Contact, *, now: datetime) -> None:
    FollowUp.objects.pending().filter(planned_from=contact).update(
        state=FollowUpState.CANCELLED,
        cancel_reason=CancelReason.CORRECTED,
        remind_at=None,
        remind_step=Step.NONE,
        updated_at=now,
    )
    for row in FollowUp.objects.filter(contact=contact).select_related("rule"):
        row.state, row.done_at, row.done_by, row.contact, row.is_late = FollowUpState.PENDING, None, None, None, None
        row.generation += 1
        rearm(row, now=now)
        row.save()
    for old in contact.evidence.get("moved", []):
        row = FollowUp.objects.select_related("rule").get(pk=old["id"])
        due = due_agreed(
            datetime.fromisoformat(old["due_at"]), deadline=datetime.fromisoformat(old["deadline_at"])
        )
        move(row, due, now=now)
        row.deadline_at = datetime.fromisoformat(old["deadline_at"])
        if not old["missed"]:
            row.missed_at = None
        row.save()
    before = contact.evidence["before"]
    opportunity.last_contact_at = (
        datetime.fromisoformat(before["last_contact_at"]) if before["last_contact_at"] else None
    )
    opportunity.last_note = before["last_note"]
    if opportunity.requested_level and opportunity.level_requested_by_id == contact.by_id:
        opportunity.requested_level, opportunity.level_requested_by = "", None
    if opportunity.level != before["level"]:
        apply_level(opportunity, before["level"], by=contact.by)
    point_to_next(opportunity, FollowUp.objects.pending().filter(opportunity=opportunity))
    opportunity.save()
