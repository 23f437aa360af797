"""The page of one opportunity: head, journey, next action, ladder, owners. Each part is one query."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from approvals.models import ApprovalRequest
from approvals.policies import can_decide, can_withdraw
from approvals.selectors import requests_pending
from core import clock
from core.identity_numbers import NumberKind
from core.statements import rows_of
from customers.enums import DocumentKind, DocumentPurpose, PhoneKind
from customers.models import Consent, CustomerPhone
from customers.selectors import documents_of, identities_of
from followups.enums import ContactChannel, DueRule, FollowUpState, RuleCode
from followups.models import Contact, FollowUp, FollowUpRule
from followups.selectors import ladder_of, rules_in_force
from opportunities.enums import SUBJECT, EventKind, LostReason, VoidReason
from opportunities.models import JourneyEvent, Opportunity, Ownership
from opportunities.selectors import opportunities_visible_to
from opportunities.stages import Outcome, Stage
from staff.models import User
from workbench.selectors.today import overdue_callbacks_of

LADDER_LIMIT = 6
OVERDUE_LIMIT = 100


def opportunity_page(user: User) -> QuerySet[Opportunity]:
    """Opportunities the person may see, each with `phone`, `phone_id`, `contact_count` and the reached `stages`."""
    main = CustomerPhone.objects.filter(customer=OuterRef("customer_id"), is_primary=True)
    contacts = Contact.objects.filter(opportunity=OuterRef("pk"), correction=None).order_by()
    reached = JourneyEvent.objects.filter(
        opportunity=OuterRef("pk"), kind__in=[EventKind.REGISTERED, EventKind.STAGE_REACHED]
    ).order_by("occurred_at", "id")
    return (
        opportunities_visible_to(user)
        .select_related("registered_by", "close_requested_by", "level_requested_by", "closed_by")
        .annotate(
            phone=Subquery(main.values("number")[:1]),
            phone_id=Subquery(main.values("pk")[:1]),
            contact_count=Coalesce(
                Subquery(contacts.values(one=Value(1)).annotate(size=Count("pk")).values("size")), 0
            ),
            stages=ArraySubquery(reached.values(json=JSONObject(stage="stage", at="occurred_at"))),
        )
    )


def opportunity_found(user: User, pk: int) -> Opportunity | None:
    """The opportunity with all that its page shows, if the person may see it."""
    found = rows_of("opportunity page", user, lambda number: opportunity_page(user).filter(pk=number), pk)
    return found[0] if found else None


@dataclass(frozen=True)
class StageStep:
    """`state`: done, cur, next or "" (still far). `at`: when it was reached; None when it was skipped or lies ahead."""

    number: int
    label: str
    state: str
    at: datetime | None
    days: int | None = None


def stage_steps(opportunity: Opportunity) -> list[StageStep]:
    """The nine stages with the day each was reached."""
    reached: dict[str, datetime] = {}
    for row in opportunity.stages:  # type: ignore[attr-defined]
        reached.setdefault(row["stage"], datetime.fromisoformat(row["at"]))
    current = opportunity.stage_number
    return [_step(stage, current, reached.get(stage.value), opportunity) for stage in Stage]


def _step(stage: Stage, current: int, at: datetime | None, opportunity: Opportunity) -> StageStep:
    is_current = stage.number == current
    is_next = stage.number == current + 1 and opportunity.is_open
    state = "cur" if is_current else "done" if stage.number < current else "next" if is_next else ""
    days = (clock.today() - clock.local_date(opportunity.stage_at)).days if is_current else None
    return StageStep(stage.number, str(stage.label), state, at if stage.number <= current else None, days)


@dataclass(frozen=True)
class NextAction:
    """The earliest promise. `tone`: late, today or later."""

    follow_up: FollowUp
    tone: str

    @property
    def is_message(self) -> bool:
        return self.follow_up.channel == ContactChannel.SMS


@dataclass(frozen=True)
class Ladder:
    """The last steps, how many earlier ones are not shown, and what the rules add behind them."""

    steps: list[FollowUp]
    hidden: int
    outlook: str
    next_action: NextAction | None


def ladder(opportunity: Opportunity) -> Ladder:
    """Two queries: the callbacks and the rules of the day."""
    rows = rows_of("ladder", None, ladder_of, opportunity.pk)
    pending = [row for row in rows if row.state == FollowUpState.PENDING]
    rules = rows_of("cadences", None, _cadences, opportunity.store_id)
    hidden = max(len(rows) - LADDER_LIMIT, 0)
    return Ladder(
        steps=rows[hidden:],
        hidden=hidden,
        outlook=_outlook(rules, opportunity.level) if opportunity.is_open else "",
        next_action=_next_action(pending[0]) if pending else None,
    )


def _cadences(store_id: int) -> QuerySet[FollowUpRule]:
    return rules_in_force(store_id=store_id, on=clock.today()).filter(code=RuleCode.CADENCE)


def _next_action(row: FollowUp) -> NextAction:
    today = clock.local_date(row.due_at) <= clock.today()
    return NextAction(follow_up=row, tone="late" if row.is_overdue else "today" if today else "later")


def _outlook(rules: Sequence[FollowUpRule], level: str) -> str:
    """In words how the callbacks go on after the planned ones (R-071)."""
    cadences = {rule.level: rule for rule in rules if rule.code == RuleCode.CADENCE}
    rule = cadences.get(level) or cadences.get("")
    if rule is None or rule.due_rule != DueRule.DAYS:
        return _("As agreed, until won or lost")
    days = rule.due_after
    return ngettext("Every %(days)s day, until won or lost", "Every %(days)s days, until won or lost", days) % {
        "days": days
    }


def ownerships(opportunity: Opportunity) -> list[Ownership]:
    """Who owned it, the present owner first."""
    return rows_of("ownerships", None, _ownerships, opportunity.pk)


def _ownerships(opportunity_id: int) -> QuerySet[Ownership]:
    rows = Ownership.objects.filter(opportunity=opportunity_id).select_related("owner", "actor")
    return rows.order_by("-from_at", "-id")[:10]


def other_opportunities(user: User, opportunity: Opportunity) -> list[Opportunity]:
    """The customer's other purchase intents that the person may see, the latest first."""

    def build(customer_id: int, pk: int) -> QuerySet[Opportunity]:
        rows = Opportunity.objects.visible_to(user).select_related("series", "trim")
        return rows.filter(customer=customer_id).exclude(pk=pk).order_by("-pk")[:5]

    return rows_of("other opportunities", user, build, opportunity.customer_id, opportunity.pk)


@dataclass(frozen=True)
class Place:
    """Where the customer stands among the person's overdue callbacks; ids of the neighbours or None."""

    number: int
    total: int
    previous_id: int | None
    next_id: int | None


def place_of(user: User, opportunity: Opportunity) -> Place | None:
    """None when nothing of this customer is overdue."""

    def build() -> QuerySet[FollowUp, int]:
        rows = overdue_callbacks_of(user).order_by("deadline_at", "id")
        return rows.values_list("opportunity_id", flat=True)[:OVERDUE_LIMIT]

    ids = list(dict.fromkeys(rows_of("overdue", user, build)))
    if opportunity.pk not in ids:
        return None
    at = ids.index(opportunity.pk)
    return Place(
        number=at + 1,
        total=len(ids),
        previous_id=ids[at - 1] if at else None,
        next_id=ids[at + 1] if at + 1 < len(ids) else None,
    )


def profile(opportunity: Opportunity) -> dict[str, Any]:
    """Numbers, consents, documents of the customer; four queries."""
    identities = identities_of(opportunity.customer_id)
    there = {row.kind for row in identities}
    return {
        "identities": identities,
        "missing_kinds": [kind for kind in NumberKind if kind not in there],
        "documents": [
            (row, DocumentKind(row.kind), DocumentPurpose(row.purpose)) for row in documents_of(opportunity.customer_id)
        ],
        "phones": list(opportunity.customer.phones.order_by("-is_primary", "id")),
        "consents": list(Consent.objects.filter(customer=opportunity.customer_id).order_by("-given_at")[:20]),
    }


@dataclass(frozen=True)
class Proposal:
    """What waits for a leader about this customer, and what the reader may do with it."""

    request: ApprovalRequest
    can_decide: bool
    can_withdraw: bool


def proposals(user: User, opportunity: Opportunity) -> list[Proposal]:
    """A lower level or giving up; no query when nothing waits."""
    if not opportunity.is_open or not (opportunity.requested_level or opportunity.close_requested):
        return []
    rows = requests_pending(subject_type=SUBJECT, subject_id=opportunity.pk)
    return [Proposal(row, can_decide(user, row), can_withdraw(user, row)) for row in rows]


def close_reason(opportunity: Opportunity) -> str:
    """Why giving up was proposed or confirmed, in words; "" when it was not."""
    reasons = VoidReason if Outcome.VOID in (opportunity.close_requested, opportunity.outcome) else LostReason
    code = opportunity.close_reason
    return str(reasons(code).label) if code in reasons.values else ""


def phone_of(opportunity: Opportunity, phone_id: int | None, *, is_mobile: bool = False) -> CustomerPhone | None:
    """The customer's number of that id, without an id the main one; None when the customer has no such number."""
    rows = CustomerPhone.objects.filter(customer=opportunity.customer_id)
    if is_mobile:
        rows = rows.filter(kind=PhoneKind.MOBILE)
    if phone_id is not None:
        return rows.filter(pk=phone_id).first()
    return rows.order_by("-is_primary", "id").first()
