"""The real servers, workers and beats of one chaos run, and how to hurt them."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

from dealership.embedded import NAME, Embedded

ROOT = Path(__file__).resolve().parents[2]
CELERY = [sys.executable, "-m", "celery", "-A", "dealership"]
WORKER = [*CELERY, "worker", "-c", "2", "-l", "warning", "--without-gossip", "--without-mingle", "--without-heartbeat"]

REMINDED = "SELECT count(*) FROM notifications_notification WHERE kind IN ('follow_up_due', 'follow_up_overdue')"
RECOVERY_S = 60


@dataclass
class Actor:
    """One process group that the run keeps alive; `may_end`: unless it ends well by itself."""

    name: str
    argv: list[str]
    log: Path
    env: dict[str, str]
    may_end: bool = False
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.argv, cwd=ROOT, env=self.env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def is_finished(self) -> bool:
        return self.process is not None and self.process.poll() == 0

    def signal(self, number: signal.Signals) -> None:
        """To the whole group: a worker and its children."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def children(self) -> list[int]:
        """Processes that the main process has started."""
        if self.process is None:
            return []
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()] if path.exists() else []

    def end(self, *, seconds: float) -> None:
        """Ask the main process to end, and kill what is left."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=seconds)
        self.kill()

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait(timeout=10)


@dataclass
class Stage:
    """Everything that runs: two servers, one worker, two beats, and whoever writes the callbacks."""

    servers: Embedded
    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)
    is_on_own_disk: bool = False

    def add(self, name: str, argv: list[str], *, may_end: bool = False) -> Actor:
        actor = Actor(name, argv, self.folder / f"{name}.log", self.env, may_end)
        self.actors[name] = actor
        actor.start()
        return actor

    def tend(self) -> None:
        """Start again whatever died; servers first."""
        self.servers.restart_dead()
        for actor in self.actors.values():
            if not actor.is_running and not (actor.may_end and actor.is_finished):
                actor.start()

    def stop(self) -> None:
        for actor in self.actors.values():
            actor.signal(signal.SIGCONT)
            actor.kill()
        self.servers.stop()

    def query(self, statement: str) -> list[tuple[object, ...]]:
        connection = psycopg2.connect(host=str(self.servers.run), user=NAME, dbname=NAME)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall()
        finally:
            connection.close()

    def number(self, statement: str) -> int:
        return int(str(self.query(statement)[0][0]))

    def sign_of_life(self) -> int:
        """How many reminders there are; also while the database restarts: it is waited for."""
        found: list[int] = []
        if not wait_until(lambda: found.append(self.number(REMINDED)) is None, seconds=30):
            raise RuntimeError("the database does not come back")
        return found[0]

    def wait_for_life(self) -> float:
        """Until another reminder was written, or nobody writes callbacks any more. Returns the seconds."""
        begin, before = time.monotonic(), self.sign_of_life()

        def is_alive() -> bool:
            self.tend()  # a process may end some time after what hurt it
            return self.number(REMINDED) > before or self.actors["writer"].is_finished

        wait_until(is_alive, seconds=RECOVERY_S)
        return time.monotonic() - begin

    def run_python(self, code: str) -> None:
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=self.env, capture_output=True, check=False, timeout=60
        )

    def manage(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.env, capture_output=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode(errors="replace")[-2000:])


def wait_until(check: Callable[[], bool], *, seconds: float, every: float = 0.1) -> bool:
    """True as soon as the check is; False when the time is over. A server that is restarting counts as not yet."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if check():
                return True
        except psycopg2.OperationalError:
            pass
        time.sleep(every)
    return False
