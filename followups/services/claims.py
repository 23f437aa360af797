"""What the sweep asks for every reminder, by hand: each statement counts when 100,000 are due at once."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from core import clock
from followups.models import FollowUp
from opportunities.models import Opportunity

# By the clock of the database, so a wrong clock on one machine fires nothing early (reliability.md 2.1); `at` is null
# except for somebody who travels. The commit does not wait for the disk: a crash of the database takes back whole
# transactions, reminder and state together, so the row is simply due again.
LOCK = "FOR NO KEY UPDATE SKIP LOCKED"
_CLAIM = """
SELECT id, COALESCE(%(at)s, statement_timestamp()), set_config('synchronous_commit', 'off', TRUE)
FROM followups_followup WHERE remind_at <= COALESCE(%(at)s, statement_timestamp()) ORDER BY remind_at, id LIMIT 1
"""


def callback_claim() -> tuple[int, datetime] | None:
    """Lock the callback whose reminder has been due for the longest, and the moment at which that was; None when there
    is none that nobody holds."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM + LOCK, {"at": clock.now() if clock.is_travelling() else None})
        row = cursor.fetchone()
    return (row[0], row[1]) if row else None


@dataclass(frozen=True)
class Claimed:
    """A callback whose reminder is due, with the names and numbers that the reminder needs.

    `opportunity` has only the columns that a line of the journey log needs. `away_*`: the owner was on leave then.
    """

    follow_up: FollowUp
    opportunity: Opportunity
    customer: str
    owner: str
    is_owner_active: bool
    before_min: int
    escalate_min: int
    manager_min: int | None
    away_now: bool
    away_at_deadline: bool
    away_when_due: bool

    @property
    def owner_id(self) -> int | None:
        return self.opportunity.owner_id

    @property
    def is_owner_there(self) -> bool:
        """The customer has an owner, who works here and is not on leave at this moment."""
        return self.is_owner_active and not self.away_now

    def was_away(self, moment: datetime) -> bool:
        return self.away_at_deadline if moment == self.follow_up.deadline_at else self.away_when_due


_FOLLOW_UP = [str(field.column) for field in FollowUp._meta.concrete_fields]
_OPPORTUNITY = ["id", "store_id", "customer_id", "owner_id", "registered_by_id", "stage", "channel_id", "series_id"]
_CLAIMED = f"""
SELECT {", ".join(f"callback.{name}" for name in _FOLLOW_UP)},
  {", ".join(f"opportunity.{name}" for name in _OPPORTUNITY)},
  customer.name, COALESCE(owner.name, ''), COALESCE(owner.is_active, FALSE),
  COALESCE(rule.remind_before_min, 60), COALESCE(rule.escalate_after_min, 60), rule.manager_after_min,
  COALESCE(away.now, FALSE), COALESCE(away.at_deadline, FALSE), COALESCE(away.when_due, FALSE)
FROM followups_followup callback
JOIN opportunities_opportunity opportunity ON opportunity.id = callback.opportunity_id
JOIN customers_customer customer ON customer.id = callback.customer_id
LEFT JOIN staff_user owner ON owner.id = opportunity.owner_id
LEFT JOIN followups_followuprule rule ON rule.id = callback.rule_id
CROSS JOIN LATERAL (
  SELECT bool_or(starts_at <= %(at)s AND ends_at > %(at)s) AS now,
    bool_or(starts_at <= callback.deadline_at AND ends_at > callback.deadline_at) AS at_deadline,
    bool_or(starts_at <= callback.due_at AND ends_at > callback.due_at) AS when_due
  FROM staff_leave WHERE user_id = owner.id
) away
WHERE callback.id = %(id)s
"""  # noqa: S608 -- names of our own columns


def callback_claimed(follow_up_id: int, *, at: datetime) -> Claimed:
    """What the sweep needs to remind of a callback that it has locked, with one query."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIMED, {"id": follow_up_id, "at": at})
        row = cursor.fetchone()
    first, second = len(_FOLLOW_UP), len(_FOLLOW_UP) + len(_OPPORTUNITY)
    return Claimed(
        FollowUp.from_db(connection.alias, _FOLLOW_UP, row[:first]),
        Opportunity.from_db(connection.alias, _OPPORTUNITY, row[first:second]),
        *row[second:],
    )


_LADDER = (
    "remind_step",
    "remind_at",
    "attempts",
    "last_error",
    "due_notified_at",
    "missed_at",
    "excused",
    "updated_at",
)
_MOVE = f"UPDATE followups_followup SET {', '.join(f'{name} = %s' for name in _LADDER)} WHERE id = %s"  # noqa: S608


def ladder_save(follow_up: FollowUp, *, now: datetime) -> None:
    """Write where the row stands on its ladder, and nothing else."""
    follow_up.updated_at = now
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, [*(getattr(follow_up, name) for name in _LADDER), follow_up.pk])
