"""Opening an opportunity, moving it along, and the log."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from core import clock, events
from core.errors import Conflict, DomainError
from core.transactions import service
from notifications.enums import NoticeKind
from opportunities.enums import WINDOW_LEVEL, EventKind, Level, OwnerRule
from opportunities.events import OpportunityAdvanced, OpportunityOpened, OpportunityReturned
from opportunities.models import JourneyEvent, Opportunity, Ownership
from opportunities.services.locks import opportunity_lock, opportunity_made_now
from opportunities.services.notices import tell_owner
from opportunities.services.proposals import proposals_void
from opportunities.stages import STAGE_MACHINE, Outcome, Stage
from staff.models import User


def journey_record(
    opportunity: Opportunity,
    kind: str,
    /,
    *,
    by: User | None,
    at: datetime | None = None,
    subject: str = "",
    **data: Any,
) -> JourneyEvent:
    """Make one log row, unsaved, so that a service can write several with one statement. `data`: plain values."""
    return JourneyEvent(
        opportunity=opportunity,
        customer_id=opportunity.customer_id,
        store_id=opportunity.store_id,
        kind=kind,
        stage=opportunity.stage,
        actor=by,
        owner_id=opportunity.owner_id,
        channel_id=opportunity.channel_id,
        series_id=opportunity.series_id,
        occurred_at=at or clock.now(),
        subject=subject,
        data=data,
    )


def ensure_may_own(owner: User, store_id: int) -> None:
    """Raises DomainError for somebody who may not own customers of the store (R-036, R-093)."""
    if not owner.may_own:
        raise DomainError(_("%(name)s may not own customers."), field="owner", params={"name": owner.name})
    if owner.store_id != store_id:
        raise DomainError(_("%(name)s works in another store."), field="owner", params={"name": owner.name})


def opportunity_build(
    *, customer_id: int, store_id: int, owner: User | None, by: User | None, stage: str, now: datetime, **facts: Any
) -> Opportunity:
    """Make an opportunity, unsaved; the level follows from the purchase window when it is not given."""
    facts.setdefault("level", WINDOW_LEVEL.get(facts.get("purchase_window", ""), Level.C))
    return Opportunity(
        customer_id=customer_id,
        store_id=store_id,
        owner=owner,
        registered_by=by,
        stage=stage,
        stage_at=now,
        opened_at=now,
        **facts,
    )


# The database holds them to their tables; to ask before would be a statement each.
_RELATIONS = {"customer", "store", "owner", "registered_by", "channel", "series", "trim"}


@service
def opportunity_open(
    *,
    customer_id: int,
    store_id: int,
    owner: User | None,
    owner_rule: str = OwnerRule.REGISTERED,
    trigger: str,
    occurred_at: datetime,
    by: User | None,
    stage: str = Stage.LEAD,
    source: str = "",
    **facts: Any,
) -> Opportunity:
    """Begin the journey of one purchase intent; the callbacks are planned in the same transaction (R-070, R-071).

    `facts` are fields of Opportunity (channel_id, series_id, purchase_window …). The level follows from the purchase
    window when it is not given. Raises DomainError (the owner may not own), IntegrityError when the customer has an
    open opportunity already.
    """
    if owner is not None:
        ensure_may_own(owner, store_id)
    now = clock.now()
    opportunity = opportunity_build(
        customer_id=customer_id, store_id=store_id, owner=owner, by=by, stage=stage, now=now, **facts
    )
    opportunity.clean_fields(exclude=_RELATIONS)
    opportunity.save(force_insert=True)
    if owner is not None:
        Ownership.objects.create(opportunity=opportunity, owner=owner, rule=owner_rule, actor=by, from_at=now)
    journey_record(
        opportunity, EventKind.REGISTERED, by=by, at=occurred_at, subject=source, trigger=trigger, rule=owner_rule
    ).save(force_insert=True)
    with opportunity_made_now(opportunity):
        events.emit(
            OpportunityOpened(opportunity_id=opportunity.pk, trigger=trigger, at=now, by_id=by.pk if by else None)
        )
    return opportunity


@service
def opportunity_returned(
    *, opportunity_id: int, occurred_at: datetime, by: User | None, source: str = "", **data: Any
) -> Opportunity:
    """The customer called, wrote or came again: it is logged and the owner hears of it; the owner stays.

    Raises Conflict when the opportunity is closed: a customer who returns then begins a new one.
    """
    opportunity = opportunity_lock(opportunity_id, by=None)
    if not opportunity.is_open:
        raise Conflict(_("This opportunity was closed in this very moment; please try again."), code="closed")
    journey_record(opportunity, EventKind.REPEATED, by=by, at=occurred_at, subject=source, **data).save(
        force_insert=True
    )
    proposals_void(opportunity)  # who wanted to give up did not know it yet
    tell_owner(opportunity, NoticeKind.CUSTOMER_RETURNED, by=by)
    events.emit(OpportunityReturned(opportunity_id=opportunity.pk, at=clock.now(), by_id=by.pk if by else None))
    return opportunity


@service
def opportunity_advance(*, opportunity_id: int, to: str, by: User | None, source: str) -> Opportunity:
    """Report a milestone: the stage is at or past `to` afterwards. Reaching it again changes nothing.

    Raises TransitionNotAllowed (a step that may not be skipped, or the opportunity is closed).
    """
    opportunity = opportunity_lock(opportunity_id, by=None)
    target, current = Stage(to), Stage(opportunity.stage)
    if target.number <= current.number:
        return opportunity
    if opportunity.outcome in (Outcome.LOST, Outcome.VOID):
        raise DomainError(_("This opportunity is closed."), code="closed")
    STAGE_MACHINE.check(current, target)
    opportunity.stage, opportunity.stage_at = target, clock.now()
    opportunity.save(update_fields=["stage", "stage_at", "updated_at"])
    proposals_void(opportunity)
    journey_record(opportunity, EventKind.STAGE_REACHED, by=by, subject=source, from_stage=current.value).save(
        force_insert=True
    )
    events.emit(
        OpportunityAdvanced(
            opportunity_id=opportunity.pk,
            from_stage=current.value,
            to_stage=target.value,
            at=opportunity.stage_at,
            by_id=by.pk if by else None,
        )
    )
    return opportunity
