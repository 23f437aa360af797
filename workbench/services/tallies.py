"""Counting the days that are over, so that the figures of a month are added up and not counted at every look.

A day is counted once, some time after midnight, and again when something about it changes: triggers note such a change
in the same transaction (ReopenedDay), and until it is counted again nobody uses the figures of that day.
"""

from datetime import date, datetime, time, timedelta

from django.db import connection

from core import clock
from core.transactions import service
from workbench.models import ClosedDay, DayTally, ReopenedDay

LOCK = 5_310_377_002  # one counts at a time
GRACE = timedelta(minutes=30)  # longer than any transaction: what was written before midnight is committed
KEPT = timedelta(days=62)
_DAWN = time(0)

_COUNT = """
INSERT INTO workbench_daytally (store_id, person_id, "on", in_time, late, customers, visits, contacts)
SELECT store_id, person_id, %(on)s, sum(in_time), sum(late), sum(customers), sum(visits), sum(contacts) FROM (
  SELECT store_id, assignee_id AS person_id, count(*) FILTER (WHERE NOT is_late) AS in_time,
    count(*) FILTER (WHERE is_late) AS late, 0 AS customers, 0 AS visits, 0 AS contacts
  FROM followups_followup
  WHERE store_id = ANY(%(stores)s) AND state = 'done' AND done_at >= %(start)s AND done_at < %(end)s GROUP BY 1, 2
  UNION ALL
  SELECT store_id, owner_id, 0, 0, count(*), 0, 0 FROM opportunities_opportunity
  WHERE store_id = ANY(%(stores)s) AND outcome <> 'void' AND opened_at >= %(start)s AND opened_at < %(end)s
  GROUP BY 1, 2
  UNION ALL
  SELECT store_id, owner_id, 0, 0, 0, count(*), 0 FROM opportunities_journeyevent
  WHERE store_id = ANY(%(stores)s) AND kind = 'stage_reached' AND stage = 'received'
    AND occurred_at >= %(start)s AND occurred_at < %(end)s GROUP BY 1, 2
  UNION ALL
  SELECT contact.store_id, contact.by_id, 0, 0, 0, 0, count(*) FROM followups_contact contact
  WHERE contact.store_id = ANY(%(stores)s) AND contact.created_at >= %(start)s
    AND contact.occurred_at >= %(start)s AND contact.occurred_at < %(end)s
    AND NOT EXISTS (SELECT FROM followups_contactcorrection correction WHERE correction.contact_id = contact.id)
  GROUP BY 1, 2
) counted GROUP BY 1, 2
"""


@service
def tally_close_next() -> bool:
    """Count one day: one that changed, else the first that is over and not counted. False when there is none.

    Writers are not held up. The notes of changes are taken away before the count begins: what they tell of is
    committed and is counted; a change that is committed later has a note of its own and is counted next time.
    """
    today = clock.today()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return False  # somebody else counts
    if not ClosedDay.objects.exists():
        # From here on changes are noted. Counting begins with the next run, when whoever did not know has ended.
        ClosedDay.objects.create(on=first_needed(today) - timedelta(days=1))
        return False
    changed = ReopenedDay.objects.order_by("on", "id").first()
    if changed is not None:
        _take_notes(changed.on, store=changed.store_id)
        if ClosedDay.objects.filter(on=changed.on).exists():
            _count(changed.on, [changed.store_id])
        return True
    day = _first_open(today)
    if day is None:
        _forget(today - KEPT)
        return False
    _take_notes(day)
    _count(day, None)
    ClosedDay.objects.create(on=day)
    return True


def _take_notes(on: date, **of: int) -> None:
    """Those that are committed now: a later statement counts at least what they tell of."""
    seen = list(ReopenedDay.objects.filter(on=on, **of).values_list("pk", flat=True))
    ReopenedDay.objects.filter(pk__in=seen).delete()


def first_needed(today: date) -> date:
    """The first day that the page of today shows: of the month, or of the week."""
    return min(today.replace(day=1), today - timedelta(days=today.weekday()))


def _first_open(today: date) -> date | None:
    day = first_needed(today)
    counted = set(ClosedDay.objects.filter(on__gte=day).values_list("on", flat=True))
    while day in counted:
        day += timedelta(days=1)
    return day if _start(day + timedelta(days=1)) + GRACE <= clock.now() else None


def _start(day: date) -> datetime:
    return clock.at_time(day, _DAWN)


def _count(day: date, stores: list[int] | None) -> None:
    rows = DayTally.objects.filter(on=day)
    (rows if stores is None else rows.filter(store__in=stores)).delete()
    with connection.cursor() as cursor:
        if stores is None:
            cursor.execute("SELECT array_agg(id) FROM staff_store")
            stores = cursor.fetchone()[0]
        values = {"on": day, "stores": stores, "start": _start(day), "end": _start(day + timedelta(days=1))}
        cursor.execute(_COUNT, values)


def _forget(before: date) -> None:
    ClosedDay.objects.filter(on__lt=before).delete()  # first: without it the figures are not used
    DayTally.objects.filter(on__lt=before).delete()
