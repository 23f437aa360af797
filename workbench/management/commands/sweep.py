"""Reminders and the outbox without a broker: the answer to "Redis is gone for a day", and enough for a small store."""

import logging
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from celery import current_app
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections, connection

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """One entry of the beat schedule, called in this process."""

    name: str
    run: Callable[[], Any]
    every_s: float


class Command(BaseCommand):
    help = "Do what Celery beat and the worker do, without a broker: once, or in a loop until SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--once", action="store_true", help="every sweep once (the default)")
        how.add_argument("--loop", action="store_true", help="go on at the intervals of the beat schedule")
        parser.add_argument("--interval", type=float, metavar="SECONDS", help="one interval for all, with --loop")

    def handle(self, *args: Any, **options: Any) -> None:
        jobs = scheduled_jobs(interval_s=options["interval"])
        if options["loop"]:
            self._loop(jobs)
        elif failed := [job.name for job in jobs if not self._run(job)]:
            raise CommandError(f"Failed, see the log: {', '.join(failed)}")

    def _loop(self, jobs: list[Job]) -> None:
        """Run until SIGTERM or SIGINT; a sweep that has begun is finished first."""
        stop = threading.Event()
        kept = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            next_at = dict.fromkeys(range(len(jobs)), 0.0)
            while not stop.wait(max(0.0, min(next_at.values()) - monotonic())):
                for number, job in enumerate(jobs):
                    if next_at[number] <= monotonic() and not stop.is_set():
                        self._run(job)
                        next_at[number] = monotonic() + job.every_s
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)
        self.stdout.write("stopped")

    def _run(self, job: Job) -> bool:
        """False when it failed: nothing is lost, the rows are still due. A database that restarted is found again."""
        close_old_connections()
        try:
            result = job.run()
        except Exception:  # noqa: BLE001 -- one sweep must not end the others; the log has it
            logger.exception("sweep %s failed", job.name)
            connection.close()
            return False
        self.stdout.write(f"{job.name}: {result}")
        return True


def scheduled_jobs(*, interval_s: float | None = None) -> list[Job]:
    """What beat would send, from the same schedule; a task that does not exist (yet) is left out."""
    current_app.loader.import_default_modules()
    return [
        Job(name, current_app.tasks[entry["task"]], interval_s or float(entry["schedule"]))
        for name, entry in current_app.conf.beat_schedule.items()
        if entry["task"] in current_app.tasks
    ]
