"""Opening and voiding many opportunities at once, by the same rules as one (leads.services.import_run)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F

from approvals.enums import VoidCause
from core import clock, events
from core.transactions import service
from opportunities.enums import EventKind, OwnerRule
from opportunities.events import OpportunitiesClosed, OpportunitiesOpened
from opportunities.models import JourneyEvent, Opportunity, Ownership
from opportunities.services.journey import ensure_may_own, journey_record, opportunity_build
from opportunities.services.proposals import proposals_void
from opportunities.stages import Outcome, Stage
from staff.models import User

BATCH = 1_000
# Not a reason that a person may choose (VoidReason): the list it came from was taken back.
IMPORT_UNDONE = "import_undone"
_RELATIONS = ["customer", "store", "owner", "registered_by", "channel", "series", "trim", "level_requested_by"]
_RELATIONS += ["close_requested_by", "closed_by"]


@dataclass(frozen=True)
class NewOpportunity:
    """`facts`: as for opportunity_open."""

    customer_id: int
    owner: User | None
    occurred_at: datetime
    facts: dict[str, Any]


@service
def opportunities_open_many(
    *,
    store_id: int,
    wanted: Sequence[NewOpportunity],
    owner_rule: str = OwnerRule.IMPORTED,
    trigger: str,
    by: User,
    source: str = "",
) -> list[Opportunity]:
    """What opportunity_open does, for many customers with a handful of statements. In the order of `wanted`.

    Raises DomainError (an owner may not own), IntegrityError (a customer has an open opportunity already).
    """
    for owner in {each.owner.pk: each.owner for each in wanted if each.owner is not None}.values():
        ensure_may_own(owner, store_id)
    made = [_build(each, store_id=store_id, by=by) for each in wanted]
    Opportunity.objects.bulk_create(made, batch_size=BATCH)
    owned = [opportunity for opportunity in made if opportunity.owner is not None]
    Ownership.objects.bulk_create([_ownership(each, rule=owner_rule, by=by) for each in owned], batch_size=BATCH)
    log = [
        journey_record(
            opportunity,
            EventKind.REGISTERED,
            by=by,
            at=each.occurred_at,
            subject=source,
            trigger=trigger,
            rule=owner_rule,
        )
        for opportunity, each in zip(made, wanted, strict=True)
    ]
    JourneyEvent.objects.bulk_create(log, batch_size=BATCH)
    ids = tuple(opportunity.pk for opportunity in made)
    events.emit(
        OpportunitiesOpened(opportunity_ids=ids, store_id=store_id, trigger=trigger, at=clock.now(), by_id=by.pk)
    )
    return made


def _build(wanted: NewOpportunity, *, store_id: int, by: User) -> Opportunity:
    opportunity = opportunity_build(
        customer_id=wanted.customer_id,
        store_id=store_id,
        owner=wanted.owner,
        by=by,
        stage=Stage.LEAD,
        now=clock.now(),
        **wanted.facts,
    )
    opportunity.clean_fields(exclude=_RELATIONS)
    return opportunity


def _ownership(opportunity: Opportunity, *, rule: str, by: User) -> Ownership:
    return Ownership(
        opportunity=opportunity, owner=opportunity.owner, rule=rule, actor=by, from_at=opportunity.opened_at
    )


@service
def opportunities_void_many(*, opportunity_ids: Sequence[int], reason: str = IMPORT_UNDONE, by: User) -> int:
    """Close what should never have been opened; the callbacks end. Closed ones stay as they are. Returns how many.

    No second person confirms: the caller has made sure that nobody has worked on them (an import taken back).
    """
    rows = Opportunity.objects.open().filter(pk__in=opportunity_ids).order_by("pk")
    opportunities = list(rows.select_for_update(no_key=True, of=("self",)))
    for opportunity in opportunities:
        proposals_void(opportunity, cause=VoidCause.SETTLED)
    now = clock.now()
    Opportunity.objects.filter(pk__in=[opportunity.pk for opportunity in opportunities]).update(
        outcome=Outcome.VOID,
        closed_at=now,
        closed_by=by,
        close_requested="",
        close_requested_by=None,
        close_reason=reason,
        close_note="",
        version=F("version") + 1,
        updated_at=now,
    )
    JourneyEvent.objects.bulk_create(
        [
            journey_record(opportunity, EventKind.CLOSED, by=by, outcome=Outcome.VOID.value, reason=reason)
            for opportunity in opportunities
        ],
        batch_size=BATCH,
    )
    ids = tuple(opportunity.pk for opportunity in opportunities)
    events.emit(OpportunitiesClosed(opportunity_ids=ids, outcome=Outcome.VOID.value, at=now, by_id=by.pk))
    return len(ids)
