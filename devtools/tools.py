"""`./dev fmt`, `./dev messages`, `./dev shots`."""

import contextlib
import os
from collections.abc import Sequence

from devtools.assets import ensure_assets, ensure_cjk_font
from devtools.base import PYTHON, ROOT, StopError, child_env, exclusive, run_quietly
from devtools.browser import ensure_browser
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
    """Pictures of a running demo (ADDRESS names another one)."""
    with exclusive("setup"):
        ensure_packages(DEV_LOCK)
        ensure_assets(for_tests=True)
        ensure_cjk_font()
    address = os.environ.get("ADDRESS", "")
    running = read_state()
    if not address and running and running.port:
        address = f"http://127.0.0.1:{running.port}"
    if not address:
        raise StopError("./dev shots takes pictures of the running demo: start ./dev demo in another terminal first.")
    return _run("devtools.shots", *names, extra={"ADDRESS": address, "SHUNCHENG_CHROMIUM": ensure_browser()})


def _run(module: str, *args: str, extra: dict[str, str] | None = None) -> int:
    with contextlib.chdir(ROOT):
        return run_in_foreground([PYTHON, "-m", module, *args], child_env(extra))
