"""What callbacks do when something happens on the journey."""

from core import events
from followups.enums import Trigger
from followups.services import followups_cancel_all, followups_plan, followups_reassign, message_plan_again
from opportunities.events import OpportunityClosed, OpportunityOpened, OpportunityReturned, OwnerChanged


@events.on(OpportunityOpened)
def plan_first_callbacks(event: OpportunityOpened) -> None:
    followups_plan(opportunity_id=event.opportunity_id, trigger=Trigger.OPENED, at=event.at)


@events.on(OpportunityReturned)
def plan_message_of_the_day(event: OpportunityReturned) -> None:
    message_plan_again(opportunity_id=event.opportunity_id, at=event.at)


@events.on(OwnerChanged)
def callbacks_follow_the_owner(event: OwnerChanged) -> None:
    followups_reassign(opportunity_id=event.opportunity_id, owner_id=event.owner_id)


@events.on(OpportunityClosed)
def end_callbacks(event: OpportunityClosed) -> None:
    followups_cancel_all(opportunity_id=event.opportunity_id)
