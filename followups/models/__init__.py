"""Callbacks: the rules that promise them, the promises themselves, and what was said (architecture.md 5, 6)."""

from followups.models.callbacks import Contact, ContactCorrection, FollowUp
from followups.models.rules import FollowUpPolicy, FollowUpRule, FollowUpRuleSet, RuleReading

__all__ = [
    "Contact",
    "ContactCorrection",
    "FollowUp",
    "FollowUpPolicy",
    "FollowUpRule",
    "FollowUpRuleSet",
    "RuleReading",
]
