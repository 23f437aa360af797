"""Wake-ups for the sweep. The rows decide; a task only asks for the next one."""

from celery import shared_task

from core.heartbeats import beat
from followups.services import followup_remind_next, followups_reconcile


@shared_task(name="followups.remind_due", ignore_result=True)
def remind_due(limit: int = 2000) -> int:
    """Beat: every 15 seconds. Returns how many reminder steps were handled (at most `limit`)."""
    sent = 0
    while sent < limit and followup_remind_next():
        sent += 1
    beat("followups.remind_due", sent=sent)  # last, so that a worker that is alive but deaf is seen
    return sent


@shared_task(name="followups.reconcile", ignore_result=True)
def reconcile() -> int | None:
    """Beat: every hour; works once per local day. Returns how many opportunities were repaired."""
    repaired = followups_reconcile()
    beat("followups.reconcile", repaired=repaired)
    return repaired
