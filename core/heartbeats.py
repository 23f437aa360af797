"""Signs of life in the database, written after real work (reliability.md 2.1, 6)."""

from datetime import timedelta
from typing import Any

from core import clock
from core.models import Heartbeat

# A sweep that has not beaten for this long is reported as dead.
STALE_AFTER = timedelta(minutes=3)


def beat(name: str, **detail: Any) -> None:
    """Write now as the last sign of life of this sweep."""
    Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": clock.now(), "detail": detail})


def ages() -> dict[str, float]:
    """Seconds since the last beat of each known sweep."""
    now = clock.now()
    return {row.name: (now - row.beat_at).total_seconds() for row in Heartbeat.objects.all()}
