from time import monotonic

from celery import shared_task

from core.heartbeats import beat
from notifications.services import outbox_send_next

MAX_SECONDS = 30


@shared_task(name="notifications.outbox_send", ignore_result=True)
def outbox_send(limit: int = 1000) -> int:
    """Beat: every 15 seconds. Returns how many messages were handled (at most `limit`, for half a minute)."""
    stop = monotonic() + MAX_SECONDS
    sent = 0
    while sent < limit and monotonic() < stop and outbox_send_next():
        sent += 1
    beat("notifications.outbox_send", sent=sent)
    return sent
