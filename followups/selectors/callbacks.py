"""The rules in force, and what a rule or a page reads about callbacks."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError
from core.pinyin import surname_of
from customers.models import Customer, CustomerPhone
from followups.defaults import FITTING_TEXTS, HONORIFICS
from followups.enums import RuleCode
from followups.models import Contact, FollowUp, FollowUpRule, FollowUpRuleSet
from notifications.enums import MessageChannel
from notifications.models import MessageTemplate
from notifications.selectors import templates_in_force
from opportunities.models import Opportunity
from staff.duties import Duty
from staff.models import Store, User

_POLICY_FIELDS = (
    "reschedule_max_times",
    "reschedule_max_days",
    "next_max_days",
    "retry_after_hours",
    "retry_clears_times",
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
    retry_clears_times: int
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
    days: Mapping[date, bool] = field(default_factory=dict)  # the own business calendar: is it a workday
    store: Store | None = None  # with the hours in which customers are called, and nothing else

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
        FollowUpRule.objects.filter(rule_set__in=rule_sets_in_force(store_id=store_id, on=on), is_active=True)
        .select_related("rule_set")
        .order_by(F("rule_set__store").asc(nulls_first=True), "id")
    )


def rule_sets_in_force(*, store_id: int | None, on: date) -> QuerySet[FollowUpRuleSet]:
    """The version of the day: the common one, and the one of the store if it has its own."""
    return FollowUpRuleSet.objects.filter(
        Q(store=store_id) | Q(store=None), Q(valid_to=None) | Q(valid_to__gt=on), state="published", valid_from__lte=on
    )


# By hand: it runs in nearly every service, and the ORM would need longer to write it than PostgreSQL to answer it.
_BOOK = """
WITH in_force AS (
  SELECT id, number, store_id FROM followups_followupruleset
  WHERE (store_id = %(store_id)s OR store_id IS NULL) AND state = 'published'
    AND valid_from <= %(on)s AND (valid_to IS NULL OR valid_to > %(on)s)
)
SELECT rule.*, in_force.number AS set_number, policy.reschedule_max_times, policy.reschedule_max_days,
  policy.next_max_days, policy.retry_after_hours, policy.retry_clears_times, policy.burst_entries,
  policy.burst_window_min, policy.undo_window_min, store.contact_from, store.contact_until,
  (SELECT json_object_agg("on", is_workday) FROM core_businessday WHERE "on" >= %(on)s) AS days,
  (SELECT id FROM followups_contact WHERE idempotency_key = %(key)s) AS earlier,
  ARRAY(
    SELECT contact.created_at FROM followups_contact contact
    WHERE contact.by_id = %(by_id)s AND contact.created_at >= %(now)s - make_interval(mins => policy.burst_window_min)
      AND contact.sentence = %(sentence)s AND contact.outcome = %(outcome)s
      AND NOT EXISTS (SELECT FROM followups_contactcorrection correction WHERE correction.contact_id = contact.id)
    ORDER BY contact.created_at DESC LIMIT 20
  ) AS identical
FROM in_force
JOIN followups_followuprule rule ON rule.rule_set_id = in_force.id AND rule.is_active
CROSS JOIN (
  SELECT policy.* FROM followups_followuppolicy policy JOIN in_force ON in_force.id = policy.rule_set_id
  ORDER BY in_force.store_id NULLS LAST LIMIT 1
) policy
LEFT JOIN staff_store store ON store.id = %(store_id)s
ORDER BY in_force.store_id NULLS FIRST, rule.id
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
        days={date.fromisoformat(day): is_workday for day, is_workday in (first.days or {}).items()},
        store=_hours(store_id, first),
    )


def _hours(store_id: int, row: Any) -> Store | None:
    """The store as far as a due time asks for it."""
    if row.contact_from is None:
        return None
    return Store(pk=store_id, contact_from=row.contact_from, contact_until=row.contact_until)


def burst_size(book: RuleBook, *, at: datetime) -> int:
    """How many identical entries there are within the window, this one included."""
    since = at - timedelta(minutes=book.policy.burst_window_min)
    return sum(moment >= since for moment in book.identical_at) + 1


def is_burst(book: RuleBook, *, at: datetime) -> bool:
    """This entry would be the n-th identical one within the window."""
    return burst_size(book, at=at) >= book.policy.burst_entries


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
    values: Mapping[str, str]


def message_choices(*, opportunity: Opportunity, by: User) -> list[MessageChoice]:
    """The templates in force, ready to send, the one that fits the customer's channel first.

    A placeholder that is not known stays out instead of failing.
    """
    store = opportunity.store
    values = {
        "customer": salutation(opportunity.customer),
        "store": store.name,
        "address": store.address,
        "consultant": by.name,
        "model": opportunity.wanted,
    }
    templates = templates_in_force(channel=MessageChannel.SMS, on=clock.today())
    fitting = FITTING_TEXTS.get(opportunity.channel.kind if opportunity.channel else "", "")
    rows = sorted(templates, key=lambda row: row.code != fitting)
    return [MessageChoice(template=row, text=_filled(row.body, values), values=values) for row in rows]


def _filled(body: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], ""), body)


_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def mobile_of(customer_id: int) -> str:
    """The number that a message would go to, "" without one."""
    row = CustomerPhone.objects.filter(customer=customer_id, kind="MOBILE").order_by("-is_primary", "id").first()
    return row.number if row else ""


# ---- what a person carries (staff.duties) ------------------------------------------------------------------


def callbacks_of(user_ids: Collection[int]) -> dict[int, int]:
    """How many pending callbacks each of these people has to make."""
    rows = FollowUp.objects.pending().filter(assignee__in=user_ids).order_by()
    return dict(rows.values_list("assignee").annotate(number=Count("pk")))


def callbacks_due_between(user_id: int, starts_at: datetime, ends_at: datetime) -> int:
    """How many callbacks of the person fall due in these days."""
    return FollowUp.objects.pending().filter(assignee=user_id, due_at__gte=starts_at, due_at__lt=ends_at).count()


CALLBACKS = Duty(
    code="callbacks",
    label=_("Pending callbacks"),
    icon="phone-call",
    count=callbacks_of,
    due_between=callbacks_due_between,
)
