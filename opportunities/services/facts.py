"""What the customer wants, and how soon."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from approvals.enums import VoidCause
from core import events
from core.errors import Conflict, DomainError
from core.text import clean_text
from core.transactions import service
from opportunities.enums import LEVEL, LEVEL_ORDER, EventKind, Level
from opportunities.events import LevelChanged, LevelRequested
from opportunities.models import JourneyEvent, Opportunity
from opportunities.policies import can_decide_level, can_work
from opportunities.services.journey import journey_record
from opportunities.services.locks import opportunity_lock
from opportunities.services.proposals import proposal_ask, proposal_clear, proposals_void
from staff.models import User

NOTE_MAX_LENGTH = 2000
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

    Raises Conflict when somebody changed it since `version` was read, ValidationError (budget range, trim of another
    series), PermissionDenied.
    """
    unknown = set(changes) - EDITABLE_FACTS
    if unknown:
        raise ValueError(f"not editable: {unknown}")
    opportunity = opportunity_lock(opportunity_id, by=by)
    ensure_can_work(by, opportunity)
    if opportunity.version != version:
        raise Conflict(_("Somebody else changed this meanwhile."), current=opportunity)
    before = {field: getattr(opportunity, field) for field in EDITABLE_FACTS}
    for field, value in changes.items():
        setattr(opportunity, field, clean_text(value) if isinstance(value, str) else value)
    _fit_trim(opportunity, is_chosen=changes.get("trim_id") is not None)
    changed = {
        field: [_plain(old), _plain(getattr(opportunity, field))]
        for field, old in before.items()
        if old != getattr(opportunity, field)
    }
    if not changed:
        return opportunity
    opportunity.version += 1
    opportunity.full_clean(exclude=["customer", "store", "owner", "registered_by"])
    opportunity.save(update_fields=[*changed, "version", "updated_at"])
    journey_record(opportunity, EventKind.FACTS_CHANGED, by=by, changed=changed).save(force_insert=True)
    proposals_void(opportunity)
    return opportunity


@service
def note_add(*, opportunity_id: int, text: str, by: User) -> JourneyEvent:
    """Write a note into the timeline. It is no contact: it completes nothing and keeps no ownership."""
    text = clean_text(text)
    if not text:
        raise DomainError(_("Write something first."), field="text")
    if len(text) > NOTE_MAX_LENGTH:
        raise DomainError(_("At most %(length)s characters."), field="text", params={"length": NOTE_MAX_LENGTH})
    opportunity = opportunity_lock(opportunity_id, by=by)
    ensure_can_work(by, opportunity)
    event = journey_record(opportunity, EventKind.NOTE, by=by, text=text)
    event.save(force_insert=True)
    return event


@service
def level_set(*, opportunity_id: int, level: str, by: User) -> str:
    """Set the intention level. A hotter level counts at once; a lower one is proposed to the supervisor (D-27).

    A leader's word counts at once in both directions, except for the leader's own customers. Returns "set",
    "requested" or "same". Raises PermissionDenied, DomainError (closed, unknown level).
    """
    opportunity = opportunity_lock(opportunity_id, by=by)
    ensure_can_work(by, opportunity)
    return level_change(opportunity, level, by=by)


@service
def level_change(opportunity: Opportunity, level: str, *, by: User) -> str:
    """As level_set, for a caller who holds the row lock and has checked the person."""
    if level not in Level.values:
        raise DomainError(_("Choose a level."), field="level")
    if opportunity.level == level:
        return "same"
    if is_downgrade(opportunity.level, level) and not can_decide_level(by, opportunity):
        level_request(opportunity=opportunity, level=level, by=by)
        return "requested"
    apply_level(opportunity, level, by=by)
    return "set"


def is_downgrade(current: str, level: str) -> bool:
    return LEVEL_ORDER.index(level) > LEVEL_ORDER.index(current)


@service
def level_request(*, opportunity: Opportunity, level: str, by: User) -> None:
    """Propose a lower level; the old cadence stays until the supervisor agrees. The caller holds the row lock.

    The same proposal again changes nothing.
    """
    if opportunity.requested_level == level:
        return
    opportunity.requested_level, opportunity.level_requested_by = level, by
    opportunity.save(update_fields=["requested_level", "level_requested_by", "updated_at"])
    journey_record(opportunity, EventKind.LEVEL_REQUESTED, by=by, level=level).save(force_insert=True)
    proposal_ask(opportunity, LEVEL, {"level": level, "current": opportunity.level}, by=by)
    events.emit(LevelRequested(opportunity_id=opportunity.pk, level=level, by_id=by.pk))


@service
def apply_level(opportunity: Opportunity, level: str, *, by: User | None) -> None:
    """Put a level into force; a proposal that waits is settled by it. The caller holds the row lock."""
    proposals_void(opportunity, cause=VoidCause.SETTLED, kinds=(LEVEL,))
    opportunity.version += 1
    proposals_void(opportunity)
    _put_level(opportunity, level, by=by)


@service
def level_decided(*, opportunity_id: int, is_approved: bool, comment: str, by_id: int) -> None:
    """The leader agreed to the lower level, or leaves it as it is.

    An agreed level is no new version: what else waits is still about what everybody saw.
    """
    opportunity = opportunity_lock(opportunity_id, by=None)
    by = User.objects.get(pk=by_id)
    level = opportunity.requested_level
    proposal_clear(opportunity, LEVEL)
    if is_approved:
        _put_level(opportunity, level, by=by)
    else:
        words: dict[str, Any] = {"level": level, "current": opportunity.level, "comment": comment}
        journey_record(opportunity, EventKind.LEVEL_REFUSED, by=by, **words).save(force_insert=True)


def _put_level(opportunity: Opportunity, level: str, *, by: User | None) -> None:
    previous = opportunity.level
    opportunity.level = Level(level)
    opportunity.save(update_fields=["level", "version", "updated_at"])
    journey_record(opportunity, EventKind.LEVEL_CHANGED, by=by, previous=previous, level=level).save(force_insert=True)
    events.emit(
        LevelChanged(opportunity_id=opportunity.pk, previous_level=previous, level=level, by_id=by.pk if by else None)
    )


def ensure_can_work(by: User, opportunity: Opportunity) -> None:
    """Raises DomainError for a closed opportunity, PermissionDenied for somebody who may only look."""
    if not opportunity.is_open:
        raise DomainError(_("This opportunity is closed."), code="closed")
    if not can_work(by, opportunity):
        raise PermissionDenied(_("This customer is not yours to change."))


def _fit_trim(opportunity: Opportunity, *, is_chosen: bool) -> None:
    """A trim of another series is refused when it was chosen now; an old one leaves with its series."""
    trim = opportunity.trim
    if trim is None or trim.series_id == opportunity.series_id:
        return
    if is_chosen and opportunity.series_id is None:
        opportunity.series = trim.series
        return
    if is_chosen:
        raise DomainError(_("This trim belongs to another series."), field="trim")
    opportunity.trim = None


def _plain(value: Any) -> str:
    return "" if value is None else " · ".join(value) if isinstance(value, list) else str(value)
