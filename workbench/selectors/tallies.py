"""The figures of the days that are over (workbench.services.tallies), and from which day on it is counted live."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.conf import settings
from django.db import connection

from core import clock
from staff.enums import Scope
from staff.models import User


@dataclass
class Tally:
    """Sums over the counted days of the month before `since`; `contacts` by day, those from `since` on included."""

    since: date
    in_time: int = 0
    late: int = 0
    customers: int = 0
    visits: int = 0
    contacts: dict[date, int] = field(default_factory=dict)


_TALLY = """
WITH open AS MATERIALIZED (
  SELECT coalesce(min(day), %(today)s) AS since
  FROM (SELECT %(first)s + number AS day FROM generate_series(0, %(today)s::date - %(first)s::date - 1) number) days
  WHERE NOT EXISTS (SELECT FROM workbench_closedday closed WHERE closed."on" = day)
    OR EXISTS (SELECT FROM workbench_reopenedday again WHERE again."on" = day {again})
)
SELECT since, NULL::date, 0, 0, 0, 0, 0 FROM open
UNION ALL
SELECT NULL, tally."on", sum(in_time), sum(late), sum(customers),
  coalesce(sum(visits) FILTER (WHERE tally.store_id = %(store)s), 0), sum(contacts)
FROM workbench_daytally tally
WHERE {tally} AND tally."on" >= %(first)s AND tally."on" < (SELECT since FROM open) GROUP BY 2
UNION ALL
SELECT NULL, (contact.occurred_at AT TIME ZONE %(zone)s)::date, 0, 0, 0, 0, count(*)
FROM followups_contact contact LEFT JOIN followups_contactcorrection correction ON correction.contact_id = contact.id
WHERE {contact} AND contact.created_at >= (SELECT since::timestamp AT TIME ZONE %(zone)s FROM open)
  AND contact.occurred_at >= (SELECT since::timestamp AT TIME ZONE %(zone)s FROM open)
  AND correction.id IS NULL GROUP BY 2
"""

# As User.team_member_ids.
_TEAM = """= ANY(ARRAY(
  SELECT member.id FROM staff_user member LEFT JOIN staff_team team ON team.id = member.team_id
  WHERE team.supervisor_id = %(person)s OR member.team_id = %(team)s OR member.id = %(person)s
))"""


def tally(user: User, *, is_team: bool, first: date, month: date) -> Tally:
    """Of the person, or everybody the person leads: contacts from `first`, the others from `month` on. One query."""
    values: dict[str, Any] = {
        "today": clock.today(),
        "first": first,
        "store": user.store_id,
        "person": user.pk,
        "team": user.team_id,
        "zone": settings.TIME_ZONE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TALLY.format(**_people(user, is_team)), values)
        found = cursor.fetchall()
    result = Tally(since=next(row[0] for row in found if row[0] is not None))
    for _since, on, in_time, late, customers, visits, contacts in found:
        if on is None:
            continue
        result.contacts[on] = result.contacts.get(on, 0) + int(contacts)
        if on >= month:
            result.in_time += int(in_time)
            result.late += int(late)
            result.customers += int(customers)
            result.visits += int(visits)
    return result


def _people(user: User, is_team: bool) -> dict[str, str]:
    """Conditions on the tables of the statement. What changed in another store concerns who is counted by person."""
    if is_team and user.scope in (Scope.STORE, Scope.GROUP):
        return {
            "tally": "tally.store_id = %(store)s",
            "contact": "contact.store_id = %(store)s",
            "again": "AND again.store_id = %(store)s",
        }
    people = _TEAM if is_team and user.scope == Scope.TEAM else "= %(person)s"
    return {"tally": f"tally.person_id {people}", "contact": f"contact.by_id {people}", "again": ""}
