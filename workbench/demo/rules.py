"""The versions of the callback rules in the demo: one that ended, one in force and read, a draft with two changes."""

from datetime import timedelta
from typing import Any

import pghistory

from approvals.selectors import request_pending
from approvals.services import approval_decide
from core import clock
from followups.models import FollowUpRuleSet
from followups.selectors import readers_of
from followups.services import rule_change, rule_set_change, rule_set_confirm, rule_set_draft, rule_set_submit
from followups.services.rule_sets import KIND, SUBJECT
from staff.models import User

DAY_MIN = 24 * 60
CALLS = ("first_callback", "second_callback", "cadence")


def write_rules(people: dict[str, User]) -> None:
    """By the services, a month ago and now."""
    administrator, manager = people["xujing"], people["shenlifeng"]
    month_ago = clock.now() - timedelta(days=30)
    with clock.travel(month_ago):
        draft = rule_set_draft(by=administrator)
        with pghistory.context(user=administrator.pk):
            for rule in draft.rules.filter(code__in=CALLS):
                ways = ["phone"] if rule.code == "first_callback" else ["phone", "wechat"]
                _change(rule, administrator, manager_after_min=DAY_MIN, channels=ways)
            _describe(draft, administrator, note="增加一天未回访通知销售经理；第二次起可用微信", days=7)
            rule_set_submit(rule_set_id=draft.pk, by=administrator)
        waiting = request_pending(kind=KIND, subject_type=SUBJECT, subject_id=draft.pk)
        if waiting is not None:
            with pghistory.context(user=manager.pk):
                approval_decide(request_id=waiting.pk, approve=True, comment="同意", by=manager)
        for reader in readers_of(draft).filter(store=administrator.store_id).order_by("pk")[:7]:
            rule_set_confirm(rule_set_id=draft.pk, by=reader)
    with pghistory.context(user=administrator.pk):
        draft = rule_set_draft(by=administrator)
        _change(draft.rules.get(code="first_callback"), administrator, escalate_after_min=120)
        _change(draft.rules.get(code="cadence", level="C"), administrator, due_after=12)


def _change(rule: Any, by: User, **values: Any) -> None:
    rule_change(rule_id=rule.pk, revision=rule.revision, values=values, by=by)


def _describe(draft: FollowUpRuleSet, by: User, *, note: str, days: int) -> None:
    values = {
        "valid_from": clock.today() + timedelta(days=days),
        "note": note,
        "document_number": "XS-HF-002",
        "interpreter": "销售经理",
    }
    rule_set_change(rule_set_id=draft.pk, values=values, by=by)
