from celery import shared_task

from core.heartbeats import beat
from notifications.services import outbox_send_next


@shared_task(name="notifications.outbox_send", ignore_result=True)
def outbox_send(limit: int = 200) -> int:
    """Beat: every 15 seconds. Returns how many messages were handled (at most `limit`)."""
    sent = 0
    while sent < limit and outbox_send_next():
        sent += 1
    beat("notifications.outbox_send", sent=sent)
    return sent
