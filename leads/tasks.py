"""Wake-ups for lists that are too long for a request."""

from celery import shared_task

from core.heartbeats import beat
from leads.services import import_run_next


# 10,000 rows take half a minute, on a busy machine longer; the general limit of a minute would end them half-way.
@shared_task(name="leads.import_run", ignore_result=True, soft_time_limit=540, time_limit=600)
def import_run(limit: int = 10) -> int:
    """Beat: every 5 seconds. Returns how many lists were written (at most `limit`)."""
    written = 0
    while written < limit and import_run_next():
        written += 1
    beat("leads.import_run", written=written)
    return written
