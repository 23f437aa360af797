from celery import shared_task

from approvals.services import approval_expire_next
from core.heartbeats import beat


@shared_task(name="approvals.expire", ignore_result=True)
def expire(limit: int = 500) -> int:
    """Beat: every minute. Returns how many requests lapsed (at most `limit`)."""
    lapsed = 0
    while lapsed < limit and approval_expire_next():
        lapsed += 1
    beat("approvals.expire", lapsed=lapsed)
    return lapsed
