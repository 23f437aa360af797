"""What the customer wants, and how soon."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from core import events
from core.errors import Conflict, DomainError
from core.text import clean_text
from core.transactions import service
from notifications.enums import NoticeKind
from notifications.services import notices_done
from opportunities.enums import LEVEL_ORDER, EventKind, Level
from opportunities.events import LevelChanged, LevelRequested
from opportunities.models import JourneyEvent, Opportunity
from opportunities.policies import can_decide, can_work
from opportunities.services.journey import journey_record, opportunity_lock
from opportunities.services.notices import tell, tell_leader
from staff.models import User

EDITABLE_FACTS = frozenset(
    {
        "series_id",
        "trim_id",
        "model_text",
        "colour",
        "budget_min_rmb",
        "budget_max_rmb",
        "usage",
        "payment_method",
        "purchase_window",
        "expected_on",
        "trade_in",
        "competitor",
        "concerns",
        "decision_makers",
    }
)


@service
def facts_update(*, opportunity_id: int, version: int, by: User, **changes: Any) -> Opportunity:
    """Change what is known of the customer's wishes; keys out of EDITABLE_FACTS. Old and new values are logged.

    Raises Conflict when somebody changed it since `version` was read, ValidationError (budget range), PermissionDenied.
    """
    unknown = set(changes) - EDITABLE_FACTS
    if unknown:
        raise ValueError(f"not editable: {unknown}")
    opportunity = opportunity_lock(opportunity_id, by=by)
    ensure_can_work(by, opportunity)
    if opportunity.version != version:
        raise Conflict(_("Somebody else changed this meanwhile."), current=opportunity)
    changed: dict[str, list[str]] = {}
    for field, value in changes.items():
        value = clean_text(value) if isinstance(value, str) else value
        before = getattr(opportunity, field)
        if before != value:
            changed[field] = [_plain(before), _plain(value)]
            setattr(opportunity, field, value)
    if not changed:
        return opportunity
    opportunity.version += 1
    opportunity.full_clean(exclude=["customer", "store", "owner", "registered_by"])
    opportunity.save(update_fields=[*changed, "version", "updated_at"])
    journey_record(opportunity, EventKind.FACTS_CHANGED, by=by, changed=changed).save(force_insert=True)
    return opportunity


@service
def note_add(*, opportunity_id: int, text: str, by: User) -> JourneyEvent:
    """Write a note into the timeline. It is no contact: it completes nothing and keeps no ownership."""
    text = clean_text(text)
    if not text:
        raise DomainError(_("Write something first."), field="text")
    opportunity = opportunity_lock(opportunity_id, by=by)
    ensure_can_work(by, opportunity)
    event = journey_record(opportunity, EventKind.NOTE, by=by, text=text)
    event.save(force_insert=True)
    return event


@service
def level_set(*, opportunity_id: int, level: str, by: User) -> str:
    """Set the intention level. A hotter level counts at once; a lower one is proposed to the supervisor (D-27).

    A leader's word counts at once in both directions. Returns "set", "requested" or "same".
    """
    opportunity = opportunity_lock(opportunity_id, by=by)
    ensure_can_work(by, opportunity)
    if opportunity.level == level:
        return "same"
    if is_downgrade(opportunity.level, level) and not can_decide(by, opportunity):
        level_request(opportunity=opportunity, level=level, by=by)
        return "requested"
    apply_level(opportunity, level, by=by)
    return "set"


def is_downgrade(current: str, level: str) -> bool:
    return LEVEL_ORDER.index(level) > LEVEL_ORDER.index(current)


@service
def level_request(*, opportunity: Opportunity, level: str, by: User) -> None:
    """Propose a lower level; the old cadence stays until the supervisor agrees. The caller holds the row lock."""
    opportunity.requested_level, opportunity.level_requested_by = level, by
    opportunity.save(update_fields=["requested_level", "level_requested_by", "updated_at"])
    journey_record(opportunity, EventKind.LEVEL_REQUESTED, by=by, level=level).save(force_insert=True)
    tell_leader(opportunity, NoticeKind.LEVEL_REQUESTED, by=by, level=level, current=opportunity.level)
    events.emit(LevelRequested(opportunity_id=opportunity.pk, level=level, by_id=by.pk))


@service
def apply_level(opportunity: Opportunity, level: str, *, by: User | None) -> None:
    """Put a level into force. The caller holds the row lock."""
    previous = opportunity.level
    opportunity.level, opportunity.requested_level, opportunity.level_requested_by = Level(level), "", None
    opportunity.version += 1
    opportunity.save(update_fields=["level", "requested_level", "level_requested_by", "version", "updated_at"])
    journey_record(opportunity, EventKind.LEVEL_CHANGED, by=by, previous=previous, level=level).save(force_insert=True)
    events.emit(
        LevelChanged(
            opportunity_id=opportunity.pk, previous_level=previous, level=level, by_id=by.pk if by else None
        )
    )


@service
def level_decide(*, opportunity_id: int, is_accepted: bool, by: User) -> Opportunity:
    """The supervisor agrees to a lower level or leaves it as it is.

    Raises PermissionDenied (not a leader, or the one who asked), DomainError (nothing to decide any more).
    """
    opportunity = opportunity_lock(opportunity_id, by=by)
    if not can_decide(by, opportunity):
        raise PermissionDenied(_("Another leader has to decide this."))
    if not opportunity.requested_level:
        raise DomainError(_("This was decided already."), code="decided")
    notices_done(subjects=[f"opportunities.Opportunity:{opportunity.pk}:{NoticeKind.LEVEL_REQUESTED}"])
    tell(
        opportunity,
        opportunity.level_requested_by_id,
        NoticeKind.LEVEL_DECIDED,
        by=by,
        is_accepted=is_accepted,
        level=opportunity.requested_level,
    )
    if is_accepted:
        apply_level(opportunity, opportunity.requested_level, by=by)
        return opportunity
    opportunity.requested_level, opportunity.level_requested_by = "", None
    opportunity.save(update_fields=["requested_level", "level_requested_by", "updated_at"])
    return opportunity


def ensure_can_work(by: User, opportunity: Opportunity) -> None:
    """Raises DomainError for a closed opportunity."""
    if not can_work(by, opportunity):
        raise DomainError(_("This opportunity is closed."), code="closed")


def _plain(value: Any) -> str:
    return "" if value is None else ", ".join(value) if isinstance(value, list) else str(value)
