"""PostgreSQL and Valkey for a command: the servers named by the environment, the running ones, or embedded ones."""

import contextlib
import json
import os
import queue
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from devtools.base import PYTHON, ROOT, VAR, StopError, child_env, console

STATE = VAR / "embedded"
TEST_STATE = VAR / "test"
START_SECONDS = 120
STOP_SECONDS = 45
KINDS = {"DATABASE_URL": "PostgreSQL", "REDIS_URL": "Valkey"}
URL_NAMES = tuple(KINDS)


def given_urls() -> dict[str, str]:
    """The addresses that the environment names; an empty value counts as none."""
    return {name: os.environ[name] for name in URL_NAMES if os.environ.get(name)}


class EmbeddedServers:
    """The process that runs the embedded servers; it also ends when this process is killed (its input closes)."""

    def __init__(self, state: Path, *flags: str) -> None:
        argv = [PYTHON, "-m", "devtools.servers", "serve", str(state), *flags]
        self.process = subprocess.Popen(
            argv,
            cwd=ROOT,
            env=child_env(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._reports: queue.Queue[dict[str, object]] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        if self.process.stdout:
            for line in self.process.stdout:
                with contextlib.suppress(ValueError):
                    self._reports.put(json.loads(line))
        self._reports.put({"error": "The embedded servers stopped."})

    def wait_ready(self) -> dict[str, str]:
        """The addresses, once the servers answer."""
        try:
            first = self._reports.get(timeout=START_SECONDS)
        except queue.Empty as error:
            raise StopError(f"The embedded servers were not ready after {START_SECONDS} s.") from error
        if "error" in first:
            raise StopError(str(first["error"]))
        return {name: str(first[name]) for name in URL_NAMES if name in first}

    def news(self) -> list[str]:
        """Sentences about what happened since the last call."""
        news = []
        while not self._reports.empty():
            report = self._reports.get()
            news.append(
                str(report["error"]) if "error" in report else f"{report.get('restarted')} had died and runs again."
            )
        return news

    def stop(self) -> None:
        if self.process.stdin:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Services:
    """The addresses for a command, and the embedded servers behind them if there are any."""

    def __init__(self, urls: dict[str, str], servers: EmbeddedServers | None) -> None:
        self.urls = urls
        self.servers = servers


@contextlib.contextmanager
def services(state: Path = STATE, *flags: str) -> Iterator[Services]:
    """Servers for the block: those of the environment first, embedded ones for the rest."""
    urls = given_urls()
    missing = [name for name in URL_NAMES if name not in urls]
    for name, url in urls.items():
        console.say(f"  {name} of the environment is used: {_without_password(url)}")
    if not missing:
        yield Services(urls, None)
        return
    kinds = [KINDS[name] for name in missing]
    only = ["--only", kinds[0].lower()] if len(kinds) == 1 else []
    with console.step("Embedded " + " and ".join(kinds)):
        servers = EmbeddedServers(state, *only, *flags)
        try:
            urls |= servers.wait_ready()
        except BaseException:
            servers.stop()
            raise
    try:
        yield Services(urls, servers)
    finally:
        servers.stop()


@contextlib.contextmanager
def test_services() -> Iterator[Services]:
    """Fresh servers for one test run; their data are deleted at the end, also those of killed runs."""
    for leftover in TEST_STATE.glob("*"):
        if leftover.name.isdigit() and not _is_alive(int(leftover.name)):
            remove_data(leftover)
    state = TEST_STATE / str(os.getpid())
    state.mkdir(parents=True, exist_ok=True)  # also as root, where the data live elsewhere: the trace of a killed run
    try:
        with services(state, "--fast", "--ephemeral", "--max-connections", "200") as started:
            yield started
    finally:
        with contextlib.suppress(OSError):
            state.rmdir()


def remove_data(state: Path = STATE) -> None:
    """Delete the data of stopped embedded servers."""
    subprocess.run([PYTHON, "-m", "devtools.servers", "remove", state], cwd=ROOT, env=child_env(), check=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    user, at, place = rest.rpartition("@")
    return f"{scheme}://{user.partition(':')[0]}{at}{place}"
