from time import monotonic

from celery import shared_task

from core.heartbeats import beat
from notifications.enums import MessageChannel
from notifications.services import outbox_send_next

MAX_SECONDS = 30


@shared_task(name="notifications.outbox_send", ignore_result=True)
def outbox_send(limit: int = 1000) -> int:
    """Beat: every 15 seconds. Returns how many messages were handled (at most `limit`, for half a minute).

    The channels take turns: a slow receiver of one does not keep the others waiting.
    """
    stop = monotonic() + MAX_SECONDS
    sent, busy = 0, list(MessageChannel.values)
    while busy:
        for channel in tuple(busy):
            if sent >= limit or monotonic() >= stop:
                busy = []
                break
            if outbox_send_next(channel):
                sent += 1
            else:
                busy.remove(channel)
    beat("notifications.outbox_send", sent=sent)
    return sent
