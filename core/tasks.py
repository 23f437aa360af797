"""Wake-ups for the housekeeping of the ground floor."""

from celery import shared_task

from core import rate_limits
from core.heartbeats import beat


@shared_task(name="core.rate_limits_sweep", ignore_result=True)
def rate_limits_sweep() -> int:
    """Beat: every 10 minutes. Returns how many counters were over."""
    deleted = rate_limits.sweep()
    beat("core.rate_limits_sweep", deleted=deleted)
    return deleted
