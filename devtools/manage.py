"""`./dev manage` and `./dev reset`."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator

from devtools.base import PYTHON, ROOT, RUN, VAR, VENDOR, StopError, console
from devtools.demo import app_env, migrate, set_up
from devtools.packages import ensure_packages
from devtools.stack import URL_NAMES, given_urls, remove_data, services
from devtools.state import clear_state, read_state, write_state


def manage(args: list[str]) -> int:
    """Run a management command against the running services, or start the servers for as long as it takes."""
    console.stream = sys.stderr  # standard output belongs to the command
    set_up()
    with addresses() as urls:
        return run_in_foreground([PYTHON, str(ROOT / "manage.py"), *args], app_env(urls))


@contextlib.contextmanager
def addresses() -> Iterator[dict[str, str]]:
    urls = given_urls()
    running = read_state()
    if running:
        urls = running.urls | urls
    if len(urls) == len(URL_NAMES):
        yield urls
        return
    with services() as started:
        write_state(started.urls)
        try:
            if "DATABASE_URL" not in given_urls():
                migrate(app_env(started.urls))
            yield started.urls
        finally:
            clear_state()


def run_in_foreground(argv: list[str], env: dict[str, str]) -> int:
    """Run with our terminal. Ctrl-C reaches the command from the terminal; SIGTERM is handed on. Returns its status."""
    stop_requests: list[int] = []
    process: subprocess.Popen[bytes] | None = None

    def hand_on(number: int, _frame: object) -> None:
        stop_requests.append(number)
        if process and number != signal.SIGINT:
            process.send_signal(number)

    before = {number: signal.signal(number, hand_on) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        process = subprocess.Popen(argv, env=env)
        status = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return status if status >= 0 else 128 - status


def reset(*, is_confirmed: bool) -> int:
    """The next `./dev demo` starts with an empty database and copies the front-end files again."""
    running = read_state()
    if running:
        raise StopError(f"./dev is running (process {running.pid}); stop it first.")
    if not is_confirmed:
        if not sys.stdin.isatty():
            raise StopError("./dev reset deletes the database of this checkout; confirm with --yes.")
        answer = input("Delete the database, uploaded files and logs of this checkout? [y/N] ")
        if answer.strip().lower() not in {"y", "yes"}:
            console.say("Nothing was deleted.")
            return 1
    ensure_packages()
    with console.step("Deleting the database and the state of this checkout"):
        remove_data()
        for folder in (VENDOR, RUN, *(VAR / name for name in ("log", "media", "static", "test"))):
            shutil.rmtree(folder, ignore_errors=True)
    if os.environ.get("DATABASE_URL"):
        console.say("The database of DATABASE_URL was left alone.")
    return 0
