"""`./dev demo`: the whole product on this machine with the demo store in it."""

import os
import socket
import time
import urllib.request

from devtools.assets import ensure_assets
from devtools.base import LOG, PYTHON, RUN, StopError, child_env, console, exclusive, run_quietly
from devtools.packages import ensure_packages
from devtools.processes import Child, StopSignal, stop_all, wait_until
from devtools.stack import Services, services
from devtools.state import clear_state, read_state, write_state

DEFAULT_PORT = 8000
ACCOUNTS_FILE = RUN / "demo-accounts.txt"
WEB_SECONDS = 90
HEARTBEAT_SECONDS = 90
# The worker may finish a task of up to 20 s (CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT).
STOP_SECONDS = 25


def demo() -> int:
    begin = time.monotonic()
    port = wanted_port()
    _refuse_second_start(port)
    set_up()
    with services() as started:
        env = app_env(started.urls)
        _prepare_database(env)
        stop = StopSignal()  # until here Ctrl-C simply interrupts
        write_state(started.urls, port=port)
        try:
            return _serve(started, env, port, stop, begin)
        finally:
            clear_state()


def set_up() -> None:
    """Packages, front-end files and compiled translations are in place; one `./dev` at a time does it."""
    with exclusive("setup"):
        ensure_packages()
        ensure_assets()
        compile_messages()


def compile_messages() -> None:
    run_quietly([PYTHON, "-m", "devtools.translations"], failure="The translations could not be compiled.")


def app_env(urls: dict[str, str]) -> dict[str, str]:
    """The environment of the product's own processes in a trial."""
    settings = os.environ.get("DJANGO_SETTINGS_MODULE") or "dealership.settings.trial"
    # Eight threads with a heap each hold a fifth more memory; the Dockerfile says the same.
    return child_env({"MALLOC_ARENA_MAX": "2", **urls, "DJANGO_SETTINGS_MODULE": settings})


def wanted_port() -> int:
    text = os.environ.get("PORT") or str(DEFAULT_PORT)
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise StopError(f"PORT must be a number between 1 and 65535, not {text!r}.")
    return int(text)


def _refuse_second_start(port: int) -> None:
    running = read_state()
    if running and running.port:
        raise StopError(
            f"The demo of this checkout runs already at http://127.0.0.1:{running.port}/ (Ctrl-C stops it)."
        )
    if running:
        raise StopError(
            f"Another ./dev (process {running.pid}) uses the database of this checkout; wait until it ends."
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            other = port + 1 if port < 65535 else DEFAULT_PORT
            raise StopError(
                f"Port {port} cannot be used ({error.strerror}); choose another: PORT={other} ./dev demo"
            ) from error


def migrate(env: dict[str, str]) -> bool:
    """The database has the tables of this version. Returns True when it holds nobody yet."""
    prepare = [PYTHON, "-m", "devtools.prepare"]
    return run_quietly(prepare, env=env, failure="The database could not be migrated.").split()[-1] == "empty"


def _prepare_database(env: dict[str, str]) -> None:
    with console.step("Database migrations"):
        is_empty = migrate(env)
    if is_empty:
        with console.step("Demo store (once; about a minute)"):
            load = [PYTHON, "manage.py", "load_demo"]
            printed = run_quietly(load, env=env, failure="The demo store could not be loaded.")
        ACCOUNTS_FILE.write_text(printed.strip() + "\n", encoding="utf-8")


def _children(env: dict[str, str], port: int) -> list[Child]:
    schedule = RUN / "celerybeat-schedule"
    for leftover in RUN.glob(f"{schedule.name}*"):  # intervals only: nothing in it is worth keeping
        leftover.unlink()
    gunicorn = [PYTHON, "-m", "gunicorn", "dealership.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    gunicorn += ["--worker-class", "gthread", "--workers", "2", "--threads", "8", "--preload", "--no-control-socket"]
    gunicorn += ["--max-requests", "2000", "--max-requests-jitter", "200", "--graceful-timeout", "5"]
    celery = [PYTHON, "-m", "celery", "-A", "dealership"]
    worker = [*celery, "worker", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    beat = [*celery, "beat", "--loglevel", "INFO", "--schedule", str(schedule), "--pidfile="]
    return [Child("web", gunicorn, env), Child("worker", worker, env), Child("beat", beat, env)]


def _serve(started: Services, env: dict[str, str], port: int, stop: StopSignal, begin: float) -> int:
    base = f"http://127.0.0.1:{port}"
    children = _children(env, port)
    try:
        with console.step(f"Web, worker and beat (logs in {LOG.relative_to(LOG.parent.parent)}/)"):
            for child in children:
                child.start()
            failure = f"{base}/healthz/ is not green after {WEB_SECONDS} s."
            is_up = wait_until(
                lambda: is_green(f"{base}/healthz/"), children, stop, seconds=WEB_SECONDS, failure=failure
            )
            failure = (
                f"The sweeps do not beat after {WEB_SECONDS} s: {base}/healthz/deep and var/log/worker.log say why."
            )
            is_up = is_up and wait_until(
                lambda: is_green(f"{base}/healthz/deep"), children, stop, seconds=WEB_SECONDS, failure=failure
            )
        if is_up:
            _welcome(base, time.monotonic() - begin)
            _watch(children, started, stop, f"{base}/healthz/deep")
        return 0
    finally:
        console.say("\nStopping …")
        stop_all(children, stop, seconds=STOP_SECONDS)


def _welcome(base: str, seconds: float) -> None:
    console.say(f"\nReady after {seconds:.1f} s:  {base}/\n")
    if ACCOUNTS_FILE.exists():
        console.say(ACCOUNTS_FILE.read_text(encoding="utf-8"))
    console.say("Ctrl-C stops it; the data are kept. ./dev reset starts over.")


def _watch(children: list[Child], started: Services, stop: StopSignal, deep_url: str) -> None:
    """Until a stop is asked for: report and restart what dies, and tell once when the sweeps beat."""
    begin = next_probe = time.monotonic()
    is_beating = False
    while not stop.count:
        for child in children:
            if news := child.watch():
                console.say(news)
        for news in started.servers.news() if started.servers else []:
            console.say(news)
        if started.servers and started.servers.process.poll() is not None:
            raise StopError("The database and the broker are gone; start ./dev demo again.")
        now = time.monotonic()
        if not is_beating and next_probe <= now < begin + HEARTBEAT_SECONDS:
            next_probe = now + 1
            is_beating = is_green(deep_url)
            if is_beating:
                console.say(
                    f"Background work is green: worker and beat are heard ({now - begin:.0f} s after the start)."
                )
        time.sleep(0.2)


def is_green(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 -- our own http address
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False
