"""The catalogue of faults (docs/reliability.md): each hurts the stage once and leaves it to be tended."""

import contextlib
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
from redis import Redis
from redis.exceptions import RedisError

from dealership.embedded import NAME
from tests.chaos.harness import CELERY, WORKER, Stage, wait_until

FROZEN_S = 2.0
FULL_S = 2.0
WRONG_S = 5.0
DUPLICATES = 100
LOCKED_ROWS = 3
FAKETIME = shutil.which("faketime")
BALLAST = "ballast"


class Faults:
    """Hurts a stage. `locked`: callbacks that somebody held for `lock_s` seconds; they come late, not never."""

    def __init__(self, stage: Stage, *, lock_s: float) -> None:
        self.stage, self.lock_s = stage, lock_s
        self.locked: set[int] = set()
        self._lockers: list[threading.Thread] = []

    def catalogue(self) -> dict[str, Callable[[], None]]:
        """In the order in which they come. What a machine cannot do is not in it."""
        faults = {
            "worker killed": self.kill("worker"),
            "broker killed": self.broker_killed,
            "beat killed": self.kill("beat-1"),
            "database restarted": self.database_restarted,
            "worker frozen": self.worker_frozen,
            "pool child killed": self.child_killed,
            "broker flushed": self.broker_flushed,
            "sessions ended": self.sessions_ended,
            "writer killed": self.kill("writer"),
            "worker stopped": self.worker_stopped,
            "broker full": self.broker_full,
            "message doubled": self.message_doubled,
            "rows locked": self.rows_locked,
            "broker frozen": self.broker_frozen,
        }
        if FAKETIME:
            faults["clock two hours fast"] = self.clock("+2h")
            faults["clock two hours slow"] = self.clock("-2h")
        if self.stage.is_on_own_disk:
            faults["disk full"] = self.disk_full
        return faults

    def finish(self) -> None:
        for locker in self._lockers:
            locker.join()

    # ---- processes ------------------------------------------------------------------------------------------------

    def kill(self, name: str) -> Callable[[], None]:
        return lambda: self.stage.actors[name].kill()

    def child_killed(self) -> None:
        """One process of the pool; the main process of the worker replaces it."""
        children = self.stage.actors["worker"].children()
        for pid in children[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def worker_frozen(self) -> None:
        self.stage.actors["worker"].signal(signal.SIGSTOP)
        time.sleep(FROZEN_S)
        self.stage.actors["worker"].signal(signal.SIGCONT)

    def worker_stopped(self) -> None:
        """As at a deployment: asked to end, killed when it does not."""
        worker = self.stage.actors["worker"]
        worker.end(seconds=10)
        worker.start()

    def clock(self, shift: str) -> Callable[[], None]:
        """The worker starts again on a machine whose clock is wrong; the next fault that ends it puts it right."""

        def start() -> None:
            worker = self.stage.actors["worker"]
            worker.kill()
            right = worker.argv
            worker.argv = [str(FAKETIME), "-f", shift, *WORKER]
            worker.start()
            time.sleep(WRONG_S)
            worker.kill()
            worker.argv = right

        return start

    # ---- broker ---------------------------------------------------------------------------------------------------

    def broker_killed(self) -> None:
        self._end_server("valkey", signal.SIGKILL)

    def broker_flushed(self) -> None:
        with self._broker() as broker:
            broker.flushall()

    def broker_full(self) -> None:
        """Nothing can be written: neither a wake-up nor an acknowledgement."""
        with self._broker() as broker:
            before = broker.config_get("maxmemory")["maxmemory"]
            broker.config_set("maxmemory", "1")
            time.sleep(FULL_S)
            broker.config_set("maxmemory", before)

    def broker_frozen(self) -> None:
        pid = self.stage.servers.pids()["valkey"]
        os.kill(pid, signal.SIGSTOP)
        time.sleep(FROZEN_S)
        os.kill(pid, signal.SIGCONT)

    def message_doubled(self) -> None:
        code = "from dealership.celery import app; [app.send_task('followups.remind_due') for _ in range(%d)]"
        self.stage.run_python(code % DUPLICATES)

    @contextlib.contextmanager
    def _broker(self) -> Iterator[Redis]:
        path = str(self.stage.servers.run / "valkey.sock")
        with contextlib.suppress(RedisError), Redis(unix_socket_path=path) as broker:
            yield broker

    # ---- database -------------------------------------------------------------------------------------------------

    def database_restarted(self) -> None:
        """Immediate shutdown: no checkpoint, no goodbye."""
        self._end_server("postgres", signal.SIGQUIT)

    def sessions_ended(self) -> None:
        with contextlib.suppress(psycopg2.Error):
            self.stage.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

    def rows_locked(self) -> None:
        """Somebody holds the next callbacks for a minute; the others go on."""
        taken = threading.Event()
        locker = threading.Thread(target=self._hold, args=(taken,), daemon=True)
        locker.start()
        self._lockers.append(locker)
        taken.wait(timeout=10)

    def _hold(self, taken: threading.Event) -> None:
        try:
            connection = psycopg2.connect(host=str(self.stage.servers.run), user=NAME, dbname=NAME)
            with contextlib.closing(connection), connection.cursor() as cursor:
                cursor.execute(
                    "SELECT id FROM followups_followup WHERE remind_at IS NOT NULL ORDER BY remind_at DESC, id DESC"
                    " LIMIT %s FOR UPDATE SKIP LOCKED",
                    [LOCKED_ROWS],
                )
                self.locked |= {row[0] for row in cursor.fetchall()}
                taken.set()
                time.sleep(self.lock_s)
        except psycopg2.Error:
            pass  # the database was restarted meanwhile: the lock is gone with the session
        finally:
            taken.set()

    def disk_full(self) -> None:
        """Nothing more fits on the disk of the database for a while."""
        ballast = Path(self.stage.servers.home) / BALLAST
        try:
            with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(b"\0" * 1_000_000)
            time.sleep(FULL_S)
        finally:
            ballast.unlink(missing_ok=True)

    def _end_server(self, name: str, how: signal.Signals) -> None:
        os.kill(self.stage.servers.pids()[name], how)
        wait_until(lambda: not self.stage.servers.servers[name].is_alive, seconds=10, every=0.01)


def start_all(stage: Stage, *, count: int, seconds: float) -> None:
    stage.add("worker", WORKER)
    for number in (1, 2):  # two beats, all the time: by mistake, as it happens
        schedule = str(stage.folder / f"schedule-{number}")
        stage.add(f"beat-{number}", [*CELERY, "beat", "-l", "warning", "-s", schedule, "--pidfile="])
    stage.add("writer", [sys.executable, "-m", "tests.chaos.writer", str(count), str(seconds)], may_end=True)
