"""How often somebody may do something: counters in the database, so that every process counts the same.

A window starts with the first hit and ends after its length; one statement counts and decides, so that hits at the same
moment cannot pass together. Source: reliability.md 4.6; the numbers are in settings.RATE_LIMITS.
"""

import logging
from datetime import timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import LimitReached
from core.models import RateCounter

logger = logging.getLogger(__name__)

KEY_LENGTH = 120

_HIT = """
INSERT INTO core_ratecounter AS counter (scope, key, hits, expires_at) VALUES (%(scope)s, %(key)s, 1, %(expires_at)s)
ON CONFLICT (scope, key) DO UPDATE SET
  hits = CASE WHEN counter.expires_at <= %(now)s THEN 1 ELSE counter.hits + 1 END,
  expires_at = CASE WHEN counter.expires_at <= %(now)s THEN EXCLUDED.expires_at ELSE counter.expires_at END
RETURNING hits, expires_at
"""


class Limit(NamedTuple):
    """`fails_closed`: without the database nobody passes; otherwise everybody does (reliability.md 4.2)."""

    hits: int
    window_s: int
    fails_closed: bool = False


class Hit(NamedTuple):
    """`left` is how many more are allowed in this window, `wait_s` when it ends."""

    is_allowed: bool
    left: int
    wait_s: int


def limit_of(scope: str) -> Limit:
    hits, window_s = settings.RATE_LIMITS[scope]
    return Limit(hits, window_s, fails_closed=scope in settings.RATE_LIMITS_CLOSED)


def count(scope: str, key: object, limit: Limit | None = None) -> Hit:
    """Count one hit of this key; the limit of settings.RATE_LIMITS unless another is given.

    Inside a transaction that is rolled back later the hit was never there: count before, or refuse by returning.
    """
    limit = limit or limit_of(scope)
    now = clock.now()
    values: dict[str, Any] = {
        "scope": scope,
        "key": str(key)[:KEY_LENGTH],
        "now": now,
        "expires_at": now + timedelta(seconds=limit.window_s),
    }
    try:
        with connection.cursor() as cursor:
            cursor.execute(_HIT, values)
            hits, expires_at = cursor.fetchone()
    except DatabaseError:
        if connection.in_atomic_block:
            raise  # the transaction is lost anyway
        logger.exception("rate limit %s cannot be counted", scope)
        return Hit(is_allowed=not limit.fails_closed, left=0, wait_s=limit.window_s)
    return Hit(hits <= limit.hits, max(limit.hits - hits, 0), max(int((expires_at - now).total_seconds()), 1))


def rate_limit_hit(*, scope: str, key: object, limit: int, window_s: int, fails_closed: bool = False) -> bool:
    """Count one hit. True while no more than `limit` happened in the window."""
    return count(scope, key, Limit(limit, window_s, fails_closed)).is_allowed


def ensure_within(scope: str, key: object) -> None:
    """Count one hit. Raises LimitReached when the limit of this scope is used up."""
    hit = count(scope, key)
    if not hit.is_allowed:
        raise LimitReached(TOO_OFTEN, code="rate", params={"minutes": -(-hit.wait_s // 60)})


def give_back(scope: str, key: object) -> None:
    """The last hit was a right one: it does not count against the person."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_ratecounter SET hits = greatest(hits - 1, 0) WHERE scope = %s AND key = %s",
            [scope, str(key)[:KEY_LENGTH]],
        )


def forget(scope: str, key: object) -> int:
    """Start anew, e.g. when an administrator unlocks somebody. Returns how many counters there were."""
    return RateCounter.objects.filter(scope=scope, key=str(key)[:KEY_LENGTH]).delete()[0]


def sweep() -> int:
    """Delete counters whose window is over. Returns how many."""
    return RateCounter.objects.filter(expires_at__lte=clock.now()).delete()[0]


TOO_OFTEN = _("This was done too often. Try again in %(minutes)s minutes.")
