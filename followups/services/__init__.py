"""Every write to callbacks and contacts."""

from followups.services.bulk import followups_cancel_many, followups_plan_many
from followups.services.contacts import ContactResult, contact_record, message_failed_tell, message_send
from followups.services.corrections import contact_take_back
from followups.services.next_up import Entry
from followups.services.planning import (
    followup_reschedule,
    followups_cancel_all,
    followups_follow_level,
    followups_plan,
    followups_reassign,
    message_plan_again,
)
from followups.services.reconcile import followups_reconcile
from followups.services.reminders import followup_remind_next

__all__ = [
    "ContactResult",
    "Entry",
    "contact_record",
    "contact_take_back",
    "followup_remind_next",
    "followup_reschedule",
    "followups_cancel_all",
    "followups_cancel_many",
    "followups_follow_level",
    "followups_plan",
    "followups_plan_many",
    "followups_reassign",
    "followups_reconcile",
    "message_failed_tell",
    "message_plan_again",
    "message_send",
]
