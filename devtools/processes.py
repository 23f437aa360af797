"""Long-running children of `./dev demo`: started, watched, started again when they die, stopped in order."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from devtools.base import LOG, ROOT, StopError

LOG_LIMIT_BYTES = 10_000_000
BACK_OFF_MAX_SECONDS = 30
STEADY_SECONDS = 60


class StopSignal:
    """Notes SIGINT, SIGTERM and SIGHUP. The handler does nothing else: waiting in a handler dead-locks."""

    def __init__(self) -> None:
        self.count = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, _number: int, _frame: object) -> None:
        self.count += 1


class Child:
    """One process of the product, in a session of its own so that Ctrl-C reaches only `./dev`."""

    def __init__(self, name: str, argv: Sequence[str | Path], env: Mapping[str, str]) -> None:
        self.name = name
        self.argv = argv
        self.env = env
        self.log = LOG / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._restart_at = 0.0
        self._failures = 0

    def start(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        self._started_at, self._restart_at = time.monotonic(), 0.0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.argv,
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent(),
            )

    @property
    def exit_status(self) -> int | None:
        """None while it runs."""
        return self.process.poll() if self.process else None

    def watch(self) -> str:
        """Start it again when it died, later and later when it dies often. Returns what to tell, or ""."""
        status = self.exit_status
        if status is None:
            return ""
        now = time.monotonic()
        if self._restart_at == 0.0:
            self._failures = 0 if now - self._started_at > STEADY_SECONDS else self._failures + 1
            wait = min(2 ** max(self._failures - 1, 0), BACK_OFF_MAX_SECONDS)
            self._restart_at = now + wait
            self._signal(signal.SIGKILL)  # what is left of its group, such as workers of a killed master
            log = self.log.relative_to(ROOT)
            return f"{self.name} ended ({describe(status)}); it is started again in {wait} s. See {log}"
        if now >= self._restart_at:
            self.start()
        return ""

    def ask_to_stop(self) -> None:
        if self.exit_status is None and self.process:
            self.process.terminate()

    def kill(self) -> None:
        """The whole group goes, also children of a child that is gone already."""
        self._signal(signal.SIGKILL)
        if self.process:
            self.process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self.process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def log_tail(self, lines: int = 25) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""


def describe(status: int) -> str:
    """An exit status in words: "status 1", "SIGKILL"."""
    if status >= 0:
        return f"status {status}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-status).name
    return f"signal {-status}"


def stop_all(children: Sequence[Child], stop: StopSignal, *, seconds: float) -> None:
    """Ask all to stop; whoever needs longer than `seconds`, or a second Ctrl-C, is killed."""
    asked = stop.count
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + seconds
    while any(child.process and child.exit_status is None for child in children):
        if time.monotonic() > deadline or stop.count > asked:
            break
        time.sleep(0.1)
    for child in children:
        child.kill()


def wait_until(
    is_done: Callable[[], bool], children: Sequence[Child], stop: StopSignal, *, seconds: float, failure: str
) -> bool:
    """Poll until done. False: a stop was asked for. StopError with the log: a child died or time is up."""
    deadline = time.monotonic() + seconds
    while not is_done():
        if stop.count:
            return False
        for child in children:
            if child.exit_status is not None:
                sentence = f"{child.name} ended ({describe(child.exit_status)}); see {child.log}"
                raise StopError(sentence, details=child.log_tail())
        if time.monotonic() > deadline:
            raise StopError(failure, details="\n".join(child.log_tail() for child in children))
        time.sleep(0.2)
    return True


def _die_with_parent() -> Callable[[], Any] | None:
    """Linux: a killed `./dev` takes its children with it."""
    if not sys.platform.startswith("linux"):
        return None
    prctl, pr_set_pdeathsig = ctypes.CDLL(None).prctl, 1
    return lambda: prctl(pr_set_pdeathsig, int(signal.SIGTERM))
