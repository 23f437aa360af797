"""Every write to callbacks and contacts."""

from followups.services.bulk import followups_cancel_many, followups_plan_many
from followups.services.contacts import ContactResult, contact_record, message_failed_tell, message_send
from followups.services.corrections import contact_take_back
from followups.services.forgetting import contacts_forget
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
from followups.services.rule_sets import (
    policy_change,
    rule_change,
    rule_restore,
    rule_set_change,
    rule_set_confirm,
    rule_set_discard,
    rule_set_draft,
    rule_set_publish,
    rule_set_recall,
    rule_set_return,
    rule_set_submit,
)

__all__ = [
    "ContactResult",
    "Entry",
    "contact_record",
    "contact_take_back",
    "contacts_forget",
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
    "policy_change",
    "rule_change",
    "rule_restore",
    "rule_set_change",
    "rule_set_confirm",
    "rule_set_discard",
    "rule_set_draft",
    "rule_set_publish",
    "rule_set_recall",
    "rule_set_return",
    "rule_set_submit",
]
