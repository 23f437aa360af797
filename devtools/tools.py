"""`./dev fmt`, `./dev messages`, `./dev shots`."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

from devtools.assets import ensure_assets, ensure_cjk_font
from devtools.base import PYTHON, ROOT, StopError, child_env, console, exclusive, run_quietly
from devtools.browser import ensure_browser
from devtools.demo import is_green
from devtools.manage import run_in_foreground
from devtools.packages import DEV_LOCK, ensure_packages
from devtools.state import read_state


def fmt() -> int:
    ensure_packages(DEV_LOCK)
    run_quietly([PYTHON, "-m", "ruff", "format", "."], failure="The code could not be formatted.")
    return _run("ruff", "check", "--fix", ".")


def messages(*, is_check: bool) -> int:
    ensure_packages(DEV_LOCK)
    return _run("devtools.messages", "check" if is_check else "update")


def shots(names: Sequence[str]) -> int:
    """Pictures of the running demo (ADDRESS names another one); starts it for as long as needed."""
    with exclusive("setup"):
        ensure_packages(DEV_LOCK)
        ensure_assets(for_tests=True)
        ensure_cjk_font()
    browser = ensure_browser()
    with _demo_address() as address:
        return _run("devtools.shots", *names, extra={"ADDRESS": address, "SHUNCHENG_CHROMIUM": browser})


@contextlib.contextmanager
def _demo_address() -> Iterator[str]:
    address, running = os.environ.get("ADDRESS", ""), read_state()
    if not address and running and running.port:
        address = f"http://127.0.0.1:{running.port}"
    if address:
        yield address
        return
    port = str(_free_port())
    address = f"http://127.0.0.1:{port}"
    with console.step("Demo"):
        argv = [sys.executable, str(ROOT / "dev"), "demo"]
        process = subprocess.Popen(
            argv, env=child_env({"PORT": port}), stdout=subprocess.DEVNULL, start_new_session=True
        )
        while process.poll() is None and not is_green(f"{address}/healthz/"):
            time.sleep(0.5)
    try:
        if process.poll() is not None:
            raise StopError("The demo could not be started; see ./dev demo.")
        yield address
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(module: str, *args: str, extra: dict[str, str] | None = None) -> int:
    with contextlib.chdir(ROOT):
        return run_in_foreground([PYTHON, "-m", module, *args], child_env(extra))
