"""What callbacks do when something happens on the journey."""

from approvals.events import ApprovalDecided, ApprovalDropped
from core import events
from followups.enums import Trigger
from followups.services import (
    followups_cancel_all,
    followups_cancel_many,
    followups_follow_level,
    followups_plan,
    followups_plan_many,
    followups_reassign,
    message_failed_tell,
    message_plan_again,
    rule_set_publish,
    rule_set_return,
)
from followups.services.rule_sets import KIND
from notifications.events import MessageNotSent
from opportunities.events import (
    LevelChanged,
    OpportunitiesClosed,
    OpportunitiesOpened,
    OpportunityClosed,
    OpportunityOpened,
    OpportunityReturned,
    OwnerChanged,
)
from staff.models import User


@events.on(OpportunityOpened)
def plan_first_callbacks(event: OpportunityOpened) -> None:
    followups_plan(opportunity_id=event.opportunity_id, trigger=Trigger.OPENED, at=event.at)


@events.on(OpportunityReturned)
def plan_message_of_the_day(event: OpportunityReturned) -> None:
    message_plan_again(opportunity_id=event.opportunity_id, at=event.at)


@events.on(OwnerChanged)
def callbacks_follow_the_owner(event: OwnerChanged) -> None:
    followups_reassign(
        opportunity_id=event.opportunity_id, owner_id=event.owner_id, previous_owner_id=event.previous_owner_id
    )


@events.on(LevelChanged)
def cadence_follows_the_level(event: LevelChanged) -> None:
    followups_follow_level(opportunity_id=event.opportunity_id, previous_level=event.previous_level, level=event.level)


@events.on(OpportunityClosed)
def end_callbacks(event: OpportunityClosed) -> None:
    followups_cancel_all(opportunity_id=event.opportunity_id)


@events.on(MessageNotSent)
def tell_who_wrote_it(event: MessageNotSent) -> None:
    model, _colon, pk = event.subject.partition(":")
    if model == "followups.Contact":
        message_failed_tell(contact_id=int(pk))


@events.on(OpportunitiesOpened)
def plan_first_callbacks_of_many(event: OpportunitiesOpened) -> None:
    followups_plan_many(
        opportunity_ids=event.opportunity_ids, store_id=event.store_id, trigger=Trigger.OPENED, at=event.at
    )


@events.on(OpportunitiesClosed)
def end_callbacks_of_many(event: OpportunitiesClosed) -> None:
    followups_cancel_many(opportunity_ids=event.opportunity_ids)


@events.on(ApprovalDecided)
def rules_were_decided(event: ApprovalDecided) -> None:
    if event.kind != KIND:
        return
    if event.is_approved:
        rule_set_publish(rule_set_id=event.subject_id, by=User.objects.get(pk=event.decided_by_id))
    else:
        rule_set_return(rule_set_id=event.subject_id)


@events.on(ApprovalDropped)
def rules_are_a_draft_again(event: ApprovalDropped) -> None:
    if event.kind == KIND:
        rule_set_return(rule_set_id=event.subject_id)
