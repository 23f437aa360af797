"""Wake-ups: the rows decide."""

from time import monotonic

from celery import shared_task

from core.heartbeats import beat
from core.private_files import files_sweep
from privacy.services import retention_run_daily, retention_work_next

MAX_SECONDS = 30


@shared_task(name="privacy.retention", ignore_result=True)
def retention() -> int:
    """Beat: every hour; each rule works once per local day. Then the approved lists, for half a minute."""
    removed = sum(retention_run_daily().values())
    stop = monotonic() + MAX_SECONDS
    while monotonic() < stop and retention_work_next():
        removed += 1
    files_sweep()  # what was shredded leaves the disk, too
    beat("privacy.retention", removed=removed)
    return removed
