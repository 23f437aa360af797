"""The design that we do not use: one message per reminder, acknowledged before it is done (Celery's default).

`python -m tests.chaos.early_ack COUNT` sends them; a worker of this app notes in the broker what it has done.
"""

import os
import sys
import time

from celery import Celery
from redis import Redis

WORK_S = 0.02

app = Celery("early_ack", broker=os.environ.get("REDIS_URL"), set_as_current=False)
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True)


@app.task(name="early_ack.remind")
def remind(number: int) -> None:
    time.sleep(WORK_S)
    with Redis(unix_socket_path=os.environ["CONTROL_SOCKET"]) as broker:
        broker.sadd("reminded", number)


if __name__ == "__main__":
    for sent in range(int(sys.argv[1])):
        remind.apply_async(args=[sent])
