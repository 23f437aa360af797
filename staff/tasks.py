"""Wake-ups for the housekeeping of sign-ins."""

from celery import shared_task

from core.heartbeats import beat
from staff.services.devices import visits_sweep


@shared_task(name="staff.sign_ins_sweep", ignore_result=True)
def sign_ins_sweep() -> int:
    """Beat: every hour. Returns how many visits of tablets were over; ended sessions go by their period (privacy)."""
    deleted = visits_sweep()
    beat("staff.sign_ins_sweep", deleted=deleted)
    return deleted
