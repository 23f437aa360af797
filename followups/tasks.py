"""Wake-ups for the sweep. The rows decide; a task only asks for the next one."""

from time import monotonic

from celery import shared_task

from core.heartbeats import beat
from followups.services import followup_remind_next, followups_reconcile

# Well below the time limit of a task: what is left is still due when the next wake-up comes.
MAX_SECONDS = 30


@shared_task(name="followups.remind_due", ignore_result=True)
def remind_due(limit: int = 5000) -> int:
    """Beat: every 15 seconds. Returns how many reminder steps were handled (at most `limit`, for half a minute)."""
    stop = monotonic() + MAX_SECONDS
    sent = 0
    while sent < limit and monotonic() < stop and followup_remind_next():
        sent += 1
    beat("followups.remind_due", sent=sent)  # last, so that a worker that is alive but deaf is seen
    return sent


@shared_task(name="followups.reconcile", ignore_result=True)
def reconcile() -> int | None:
    """Beat: every hour; works once per local day. Returns how many opportunities were repaired."""
    repaired = followups_reconcile()
    beat("followups.reconcile", repaired=repaired)
    return repaired
