"""The rules in force, and what a rule or a page reads about callbacks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError
from core.pinyin import surname_of
from customers.models import Customer, CustomerPhone
from followups.defaults import HONORIFICS
from followups.enums import RuleCode
from followups.models import Contact, FollowUp, FollowUpRule
from notifications.enums import MessageChannel
from notifications.models import MessageTemplate
from notifications.selectors import templates_in_force
from opportunities.models import Opportunity
from staff.models import User

_POLICY_FIELDS = (
    "reschedule_max_times",
    "reschedule_max_days",
    "next_max_days",
    "retry_after_hours",
    "burst_entries",
    "burst_window_min",
    "undo_window_min",
)


@dataclass(frozen=True)
class Policy:
    """The numbers of FollowUpPolicy in force."""

    reschedule_max_times: int
    reschedule_max_days: int
    next_max_days: int
    retry_after_hours: int
    burst_entries: int
    burst_window_min: int
    undo_window_min: int


@dataclass(frozen=True)
class RuleBook:
    """Everything one decision about callbacks needs, read with one query."""

    rules: Mapping[tuple[str, str], FollowUpRule]
    policy: Policy
    earlier_contact_id: int | None = None
    identical_at: tuple[datetime, ...] = ()

    def rule(self, code: str, level: str = "") -> FollowUpRule | None:
        """The rule for the level, else the one for every level."""
        return self.rules.get((code, level)) or self.rules.get((code, ""))

    def triggered_by(self, trigger: str, level: str) -> list[FollowUpRule]:
        codes = dict.fromkeys(rule.code for rule in self.rules.values() if rule.trigger == trigger)
        found = (self.rule(code, level) for code in codes)
        return [rule for rule in found if rule is not None and rule.trigger == trigger]


def rules_in_force(*, store_id: int, on: date) -> QuerySet[FollowUpRule]:
    """Active rules of the day, the store's own ones last so that they win over the common ones."""
    return (
        FollowUpRule.objects.filter(Q(store=store_id) | Q(store=None), is_active=True, valid_from__lte=on)
        .filter(Q(valid_to=None) | Q(valid_to__gt=on))
        .order_by(F("store").asc(nulls_first=True), "id")
    )


# By hand: it runs in nearly every service, and the ORM would need longer to write it than PostgreSQL to answer it.
_BOOK = """
SELECT rule.*, policy.reschedule_max_times, policy.reschedule_max_days, policy.next_max_days,
  policy.retry_after_hours, policy.burst_entries, policy.burst_window_min, policy.undo_window_min,
  (SELECT id FROM followups_contact WHERE idempotency_key = %(key)s) AS earlier,
  ARRAY(
    SELECT contact.created_at FROM followups_contact contact
    WHERE contact.by_id = %(by_id)s AND contact.created_at >= %(now)s - make_interval(mins => policy.burst_window_min)
      AND contact.sentence = %(sentence)s AND contact.outcome = %(outcome)s
      AND NOT EXISTS (SELECT FROM followups_contactcorrection correction WHERE correction.contact_id = contact.id)
    ORDER BY contact.created_at DESC LIMIT 20
  ) AS identical
FROM followups_followuprule rule
CROSS JOIN (
  SELECT * FROM followups_followuppolicy
  WHERE (store_id = %(store_id)s OR store_id IS NULL)
    AND valid_from <= %(on)s AND (valid_to IS NULL OR valid_to > %(on)s)
  ORDER BY store_id NULLS LAST LIMIT 1
) policy
WHERE (rule.store_id = %(store_id)s OR rule.store_id IS NULL) AND rule.is_active
  AND rule.valid_from <= %(on)s AND (rule.valid_to IS NULL OR rule.valid_to > %(on)s)
ORDER BY rule.store_id NULLS FIRST, rule.id
"""


def rule_book(
    *, store_id: int, on: date, key: str = "", by_id: int | None = None, sentence: str = "", outcome: str = ""
) -> RuleBook:
    """Rules and policy of the day. With `key`, `by_id`: also whether this entry was stored before, and when this
    person wrote the same words lately (for the burst flag). Raises DomainError when nothing is configured."""
    values = {
        "store_id": store_id,
        "on": on,
        "key": key or None,
        "by_id": by_id,
        "sentence": sentence,
        "outcome": outcome,
        "now": clock.now(),
    }
    found: list[Any] = list(FollowUpRule.objects.raw(_BOOK, values))
    if not found:
        raise DomainError(_("No callback rules are in force."), code="no_rules")
    first = found[0]
    return RuleBook(
        rules={(rule.code, rule.level): rule for rule in found},
        policy=Policy(**{name: getattr(first, name) for name in _POLICY_FIELDS}),
        earlier_contact_id=first.earlier,
        identical_at=tuple(first.identical),
    )


def burst_size(book: RuleBook, *, at: datetime) -> int:
    """How many identical entries there are within the window, this one included."""
    since = at - timedelta(minutes=book.policy.burst_window_min)
    return sum(moment >= since for moment in book.identical_at) + 1


def is_burst(book: RuleBook, *, at: datetime) -> bool:
    """This entry would be the n-th identical one within the window."""
    return burst_size(book, at=at) >= book.policy.burst_entries


@dataclass(frozen=True)
class Claimed:
    """A callback whose reminder is due, with the names and numbers that the reminder needs.

    `is_owner_there`: the customer has an owner, who works here and is not on leave at this moment.
    """

    follow_up: FollowUp
    customer: str
    owner_id: int | None
    owner: str
    is_owner_there: bool
    before_min: int
    escalate_min: int


# By hand, as above: the sweep asks this for every reminder.
_CLAIMED = """
SELECT callback.*, customer.name AS customer_name, opportunity.owner_id, COALESCE(owner.name, '') AS owner_name,
  COALESCE(rule.remind_before_min, 60) AS before_min, COALESCE(rule.escalate_after_min, 60) AS escalate_min,
  COALESCE(owner.is_active, FALSE) AND NOT EXISTS (
    SELECT FROM staff_leave WHERE user_id = owner.id AND starts_at <= %(at)s AND ends_at > %(at)s
  ) AS is_owner_there
FROM followups_followup callback
JOIN opportunities_opportunity opportunity ON opportunity.id = callback.opportunity_id
JOIN customers_customer customer ON customer.id = callback.customer_id
LEFT JOIN staff_user owner ON owner.id = opportunity.owner_id
LEFT JOIN followups_followuprule rule ON rule.id = callback.rule_id
WHERE callback.id = %(id)s
"""


def callback_claimed(follow_up_id: int, *, at: datetime) -> Claimed:
    """What the sweep needs to remind of a callback that it has locked, with one query."""
    row: Any = FollowUp.objects.raw(_CLAIMED, {"id": follow_up_id, "at": at})[0]
    return Claimed(
        follow_up=row,
        customer=row.customer_name,
        owner_id=row.owner_id,
        owner=row.owner_name,
        is_owner_there=row.is_owner_there,
        before_min=row.before_min,
        escalate_min=row.escalate_min,
    )


def followups_visible_to(user: User) -> QuerySet[FollowUp]:
    """With everything a sheet shows, in one query."""
    return FollowUp.objects.visible_to(user).select_related(
        "rule", "store", "opportunity__customer", "opportunity__series", "opportunity__trim", "opportunity__store"
    )


def pending_of(opportunity_id: int) -> QuerySet[FollowUp]:
    """What is promised and not done yet, the next one first."""
    return FollowUp.objects.pending().filter(opportunity=opportunity_id).select_related("rule").order_by("due_at", "id")


def message_promise(*, opportunity_id: int, follow_up_id: int | None) -> int | None:
    """The callback if it promises a message, else None: a message fulfils no call."""
    if follow_up_id is None:
        return None
    rows = FollowUp.objects.filter(opportunity=opportunity_id, pk=follow_up_id, rule_code=RuleCode.SAME_DAY_SMS)
    return rows.values_list("pk", flat=True).first()


def own_contacts(user: User) -> QuerySet[Contact]:
    """What the person recorded with customers that are still in sight."""
    return Contact.objects.filter(by=user, opportunity__in=Opportunity.objects.visible_to(user))


def ladder_of(opportunity_id: int) -> QuerySet[FollowUp]:
    """All callbacks of an opportunity that were not replaced, in the order in which they are due."""
    return (
        FollowUp.objects.filter(opportunity=opportunity_id)
        .exclude(state="cancelled")
        .select_related("contact", "rule", "done_by")
        .order_by("due_at", "id")
    )


# A text message carries 70 characters; a longer one is cut into parts of 67, the rest numbers the parts (GSM 03.40).
SMS_SINGLE = 70
SMS_PART = 67


def sms_parts(text: str) -> int:
    """How many text messages a text costs. Characters outside the basic plane, such as emoji, count twice."""
    units = len(text.encode("utf-16-le")) // 2
    return 1 if units <= SMS_SINGLE else -(-units // SMS_PART)


def salutation(customer: Customer) -> str:
    """王先生, 欧阳女士; the whole name when surname or gender are not known, for a company its contact person."""
    name = customer.contact_person or customer.name
    surname, honorific = surname_of(name), HONORIFICS.get(customer.gender, "")
    return f"{surname}{honorific}" if surname and honorific else name


@dataclass(frozen=True)
class MessageChoice:
    """A template with its placeholders filled in for one customer."""

    template: MessageTemplate
    text: str


def message_choices(*, opportunity: Opportunity, by: User) -> list[MessageChoice]:
    """The templates in force, ready to send. A placeholder that is not known stays out instead of failing."""
    store = opportunity.store
    values = {
        "customer": salutation(opportunity.customer),
        "store": store.name,
        "address": store.address,
        "consultant": by.name,
        "model": opportunity.wanted,
    }
    templates = templates_in_force(channel=MessageChannel.SMS, on=clock.today())
    return [MessageChoice(template=row, text=_filled(row.body, values)) for row in templates]


def _filled(body: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], ""), body)


_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def mobile_of(customer_id: int) -> str:
    """The number that a message would go to, "" without one."""
    row = CustomerPhone.objects.filter(customer=customer_id, kind="MOBILE").order_by("-is_primary", "id").first()
    return row.number if row else ""
