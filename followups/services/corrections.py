"""Taking back a contact that was recorded by mistake."""

from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError
from core.transactions import service
from followups.enums import CancelReason, FollowUpState, Step
from followups.models import Contact, ContactCorrection, FollowUp
from followups.selectors import Policy, rule_book
from followups.services.due import due_agreed
from followups.services.planning import move, point_to_next, rearm, subject_of
from notifications.services import notices_done
from opportunities.enums import CLOSE, LEVEL, EventKind
from opportunities.models import Opportunity
from opportunities.services import journey_record, opportunity_lock, proposal_withdraw
from opportunities.services.facts import apply_level
from staff.models import User


@service
def contact_take_back(*, contact_id: int, by: User) -> Contact:
    """Take back the latest contact within the undo window: callbacks, next action, level and proposals are as before.

    What was missed stays missed. Raises PermissionDenied (somebody else's), DomainError (too late, taken back already,
    closed meanwhile, something came after it).
    """
    found = Contact.objects.filter(pk=contact_id, by=by).first()
    if found is None:
        raise PermissionDenied(_("You can take back your own entries only."))
    opportunity = opportunity_lock(found.opportunity_id, by=by)
    contact = Contact.objects.select_for_update(no_key=True, of=("self",)).get(pk=contact_id)
    now = clock.now()
    book = rule_book(store_id=opportunity.store_id, on=clock.local_date(now))
    _ensure_can_take_back(contact, opportunity, now=now, policy=book.policy)
    moved = _lock_moved(contact)
    ContactCorrection.objects.create(contact=contact, by=by)
    _drop_planned(contact, now=now)
    _restore_proposals(opportunity, contact)
    _restore_callbacks(contact, moved, now=now)
    _restore_head(opportunity, contact)
    journey_record(opportunity, EventKind.CORRECTED, by=by, subject=f"followups.Contact:{contact.pk}").save(
        force_insert=True
    )
    return contact


def _ensure_can_take_back(contact: Contact, opportunity: Opportunity, *, now: datetime, policy: Policy) -> None:
    if ContactCorrection.objects.filter(contact=contact).exists():
        raise DomainError(_("This was taken back already."), code="corrected")
    if not opportunity.is_open:
        raise DomainError(_("This opportunity is closed."), code="closed")
    later = Contact.objects.filter(opportunity=opportunity, pk__gt=contact.pk, correction=None).exists()
    if later or now > contact.created_at + timedelta(minutes=policy.undo_window_min):
        raise _too_late()
    if contact.evidence.get("via") == "system":
        raise DomainError(_("A message that was sent cannot be taken back."), code="sent")


def _too_late() -> DomainError:
    return DomainError(_("It is too late to take this back; record what is right instead."), code="too_late")


def _lock_moved(contact: Contact) -> list[FollowUp]:
    """The callbacks that the contact moved. Raises DomainError when one of them was moved or handed over since."""
    moved = contact.evidence.get("moved", {})
    rows = list(
        FollowUp.objects.filter(pk__in=[int(pk) for pk in moved])
        .select_for_update(no_key=True, of=("self",))
        .select_related("rule")
        .order_by("pk")
    )
    for row in rows:
        if row.state != FollowUpState.PENDING or row.generation != moved[str(row.pk)]["generation"]:
            raise _too_late()
    return rows


def _drop_planned(contact: Contact, *, now: datetime) -> None:
    rows = FollowUp.objects.pending().filter(planned_from=contact)
    notices_done(subjects=[subject_of(row) for row in rows])
    rows.update(
        state=FollowUpState.CANCELLED,
        cancel_reason=CancelReason.CORRECTED,
        remind_at=None,
        remind_step=Step.NONE,
        updated_at=now,
    )


def _restore_proposals(opportunity: Opportunity, contact: Contact) -> None:
    """The level and what the leader was asked, as far as this contact changed it and nobody decided since."""
    level = contact.evidence.get("level", {})
    if level.get("answer") == "requested" and opportunity.level_requested_by_id == contact.by_id:
        proposal_withdraw(opportunity_id=opportunity.pk, kind=LEVEL, by=contact.by)
        opportunity.refresh_from_db()
    if level.get("answer") == "set" and opportunity.level == level["to"]:
        apply_level(opportunity, contact.evidence["before"]["level"], by=contact.by)
    if contact.evidence.get("proposed_close") and opportunity.close_requested_by_id == contact.by_id:
        proposal_withdraw(opportunity_id=opportunity.pk, kind=CLOSE, by=contact.by)
        opportunity.refresh_from_db()


def _restore_callbacks(contact: Contact, moved: list[FollowUp], *, now: datetime) -> None:
    """What was done or dropped by the contact is open again; what was moved is due when it was due before."""
    ended = FollowUp.objects.filter(contact=contact) | FollowUp.objects.filter(
        pk__in=contact.evidence.get("dropped", [])
    )
    for row in ended.select_related("rule"):
        row.state, row.cancel_reason = FollowUpState.PENDING, ""
        row.done_at, row.done_by, row.contact, row.is_late = None, None, None, None
        row.assignee_id = contact.opportunity.owner_id  # the customer may have changed hands since
        row.generation += 1
        rearm(row, now=now)
        row.save()
    for row in moved:
        row.refresh_from_db()  # the level may have moved it again
        old = contact.evidence["moved"][str(row.pk)]
        move(row, due_agreed(datetime.fromisoformat(old["due_at"])), now=now)
        row.deadline_at = datetime.fromisoformat(old["deadline_at"])
        rearm(row, now=now)
        row.save()


def _restore_head(opportunity: Opportunity, contact: Contact) -> None:
    before = contact.evidence["before"]
    last_contact_at = before["last_contact_at"]
    opportunity.last_contact_at = datetime.fromisoformat(last_contact_at) if last_contact_at else None
    opportunity.last_note = before["last_note"]
    point_to_next(opportunity, FollowUp.objects.pending().filter(opportunity=opportunity))
    opportunity.save(
        update_fields=["last_contact_at", "last_note", "next_action_at", "next_action_label", "updated_at"]
    )
