"""Wake-ups for the housekeeping of sign-ins."""

from celery import shared_task

from core.heartbeats import beat
from staff.services.devices import visits_sweep
from staff.services.sessions import sessions_sweep


@shared_task(name="staff.sign_ins_sweep", ignore_result=True)
def sign_ins_sweep() -> int:
    """Beat: every hour. Returns how many sessions and visits of tablets were over."""
    deleted = sessions_sweep() + visits_sweep()
    beat("staff.sign_ins_sweep", deleted=deleted)
    return deleted
