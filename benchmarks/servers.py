"""gunicorn as in `./dev demo`, and what its processes and those of the database have used. CPU and memory: Linux."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.database import ROOT, cursor_of

WORKERS, THREADS = 2, 8
START_SECONDS = 60


class Server:
    """One gunicorn with settings of its own on a free port of the loopback interface."""

    def __init__(self, settings: str, url: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        argv = [sys.executable, "-m", "gunicorn", "dealership.wsgi:application", "--bind", f"127.0.0.1:{self.port}"]
        argv += ["--worker-class", "gthread", "--workers", str(WORKERS), "--threads", str(THREADS), "--preload"]
        argv += ["--no-control-socket", "--log-level", "warning", "--keep-alive", "75"]  # a target waits for its turn
        env = {**os.environ, "MALLOC_ARENA_MAX": "2", "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": settings}
        self.process = subprocess.Popen(argv, cwd=ROOT, env=env)

    def __enter__(self) -> Self:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return self
            time.sleep(0.1)
        self.process.terminate()
        raise SystemExit("gunicorn did not start.")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.terminate()
        self.process.wait()

    def workers(self) -> list[int]:
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()] if path.exists() else []

    def cpu(self) -> dict[int, float]:
        """Seconds that each process has used so far."""
        return {pid: _cpu_s(pid) for pid in self.workers()}

    def memory_mb(self) -> int:
        """What the largest worker holds."""
        return max((memory_kb(pid) for pid in self.workers()), default=0) // 1024


class Database:
    """The processes of the database that serve the benchmark."""

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor

    def version(self) -> str:
        self.cursor.execute("SHOW server_version")
        return str(self.cursor.fetchone()[0]).split()[0]

    def cpu(self) -> dict[int, float]:
        """Seconds that each process has used so far."""
        self.cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return {pid: _cpu_s(pid) for (pid,) in self.cursor.fetchall()}


@contextlib.contextmanager
def database(url: str) -> Iterator[Database]:
    with cursor_of(url) as cursor:
        yield Database(cursor)


def used(before: dict[int, float], after: dict[int, float]) -> float:
    """Seconds between two readings; what a process used that ended in between is not known."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


def _cpu_s(pid: int) -> float:
    """User and system time; 0 where there is no /proc or the process has ended."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def memory_kb(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0
