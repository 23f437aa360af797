from followups.views.contacts import contact_log, contact_undo, followup_reschedule, message_send
from followups.views.rules import (
    policy_change,
    rule_change,
    rule_list,
    rule_restore,
    version_change,
    version_compare,
    version_discard,
    version_draft,
    version_read,
    version_recall,
    version_submit,
)

__all__ = [
    "contact_log",
    "contact_undo",
    "followup_reschedule",
    "message_send",
    "policy_change",
    "rule_change",
    "rule_list",
    "rule_restore",
    "version_change",
    "version_compare",
    "version_discard",
    "version_draft",
    "version_read",
    "version_recall",
    "version_submit",
]
