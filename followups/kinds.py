"""What this app tells others about itself: what may be asked for (R-881), and which of its tables are settings."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approvals.kinds import ApprovalKind, Card, register
from approvals.models import ApprovalRequest
from core import clock
from core.history import Setting
from core.history import register as register_setting
from core.templatetags.ui import day
from followups.models import FollowUpPolicy, FollowUpRule, FollowUpRuleSet
from followups.policies import APPROVER_ROLES
from followups.selectors import book_of, differences, rule_title, value_words
from followups.services.preview import preview
from followups.services.rule_sets import KIND
from opportunities.enums import Level
from staff.models import User


def _authority(user: User) -> Q | None:
    """The managers of the store from which it is asked."""
    return Q(store=user.store_id) if user.has_role(*APPROVER_ROLES) else None


def _version(subject_id: int) -> int | None:
    rows = FollowUpRuleSet.objects.select_for_update(no_key=True).filter(pk=subject_id)
    return rows.values_list("revision", flat=True).first()


def _cards(requests: Sequence[ApprovalRequest]) -> dict[int, Card]:
    found = FollowUpRuleSet.objects.in_bulk([request.subject_id for request in requests])
    is_one = len(requests) == 1  # what it would do is computed for one request, not for a list
    return {
        request.pk: _card(request, found[request.subject_id], has_preview=is_one)
        for request in requests
        if request.subject_id in found
    }


def _card(request: ApprovalRequest, rule_set: FollowUpRuleSet, *, has_preview: bool) -> Card:
    data: dict[str, Any] = {"rule_set": rule_set, "differences": differences(rule_set)}
    if has_preview:
        data["preview"] = preview(
            book=book_of(rule_set),
            level=Level.H,
            at=clock.now(),
            store=request.store,
            before=book_of(rule_set.base) if rule_set.base else None,
        )
    return Card(
        title=_("Callback rules v%(number)s") % {"number": rule_set.number},
        about=request.reason,
        effect=_("In force from %(day)s") % {"day": day(rule_set.valid_from)},
        bound_to=f"v{rule_set.number}",
        url=f"/followups/rules/?v={rule_set.number}",
        data=data,
    )


def register_all() -> None:
    register(
        ApprovalKind(
            code=KIND,
            label=gettext_lazy("Callback rules"),
            icon="adjustments",
            authority=_authority,
            cards=_cards,
            version=_version,
            template="followups/_approval_rules.html",
        )
    )
    register_setting(
        Setting("rules", FollowUpRuleSet, _version_title, skip=frozenset({"asked_by", "base"})),
        Setting("rules", FollowUpRule, rule_title, words=_words, has_births=False),
        Setting("rules", FollowUpPolicy, lambda row: _("Numbers around callbacks"), words=_words, has_births=False),
    )


def _version_title(row: Any) -> str:
    return _("Callback rules v%(number)s") % {"number": row.number}


def _words(row: Any, name: str) -> str | None:
    return None if name == "rule_set" else value_words(row, name)
