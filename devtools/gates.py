"""`./dev test`, `./dev lint`, `./dev chaos`: every check of the project, in the order of what fails fastest."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from devtools.assets import ensure_assets, ensure_cjk_font
from devtools.base import PYTHON, ROOT, StopError, child_env, console, exclusive
from devtools.browser import ensure_browser, ensure_test_programs
from devtools.demo import compile_messages
from devtools.manage import run_in_foreground
from devtools.packages import DEV_LOCK, ensure_packages
from devtools.stack import test_services

MANAGE = ("manage.py",)
GATES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ruff format --check", ("-m", "ruff", "format", "--check", "--output-format", "concise", ".")),
    ("ruff check", ("-m", "ruff", "check", "--output-format", "concise", ".")),
    ("djlint", ("-m", "djlint", "--lint", "--quiet", "templates")),
    ("mypy", ("-m", "mypy")),
    ("lint-imports", ("-c", "from importlinter.cli import lint_imports_command as run; run()")),
    ("manage.py check", (*MANAGE, "check", "--fail-level", "WARNING")),
    ("manage.py check --deploy", (*MANAGE, "check", "--deploy", "--fail-level", "WARNING")),
    ("makemigrations --check", (*MANAGE, "makemigrations", "--check", "--dry-run")),
    ("translations", ("-m", "devtools.messages", "check")),
)
# Complete enough to boot the production settings; nothing is contacted.
DEPLOY_ENV = {
    "DJANGO_SETTINGS_MODULE": "dealership.settings.production",
    "SECRET_KEY": "only-for-the-deployment-check-3f9a1c7e5b2d8046-3f9a1c7e5b2d8046",
    "FIELD_KEYS": "check1:b25seS1mb3ItdGhlLWRlcGxveS1jaGVjay1rZXktMDE=",
    "INDEX_KEY": "b25seS1mb3ItdGhlLWRlcGxveS1jaGVjay1rZXktMDI=",
    "DATABASE_URL": "postgres://shuncheng_app:3f9a1c7e5b2d8046@postgres:5432/shuncheng",
    "REDIS_URL": "redis://:3f9a1c7e5b2d8046@redis:6379/0",
    "ALLOWED_HOSTS": "crm.example.com",
    "CSRF_TRUSTED_ORIGINS": "https://crm.example.com",
}
OUTPUT_LINES = 400
PYTEST_FULL = ("-n", "2", "--dist", "loadscope", "--cov", "--cov-report=term:skip-covered")


def test(paths: Sequence[str], *, has_browser: bool) -> int:
    """All gates and then all tests, or only the tests of `paths`. Returns the status of the first failure."""
    targets = [_target(path) for path in paths]
    _set_up()
    ensure_test_programs()
    browser = {"SHUNCHENG_CHROMIUM": ensure_browser()} if has_browser else {}
    choice = [] if has_browser else ["-m", "not browser"]
    with test_services() as started:
        env = suite_env({**started.urls, **browser})
        if not targets:
            run_gates(env)
        return pytest([*(targets or PYTEST_FULL), *choice], env)


def lint() -> int:
    _set_up()
    run_gates(suite_env())
    return 0


def chaos(reminders: int, faults: int, approvals: int) -> int:
    """A longer run than the one in `./dev test`: kill worker, beat, broker and database, count the reminders; and let
    eight people decide so many approvals at the same moment."""
    _set_up()
    sizes = {"CHAOS_REMINDERS": reminders, "CHAOS_FAULTS": faults, "APPROVAL_RACES": approvals}
    with test_services() as started:
        env = suite_env({**started.urls, **{name: str(size) for name, size in sizes.items()}})
        return pytest(["tests/chaos", "tests/races/test_approving.py", "-s"], env)


def suite_env(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    return child_env({"DJANGO_SETTINGS_MODULE": "dealership.settings.test", **(extra or {})})


def run_gates(env: Mapping[str, str]) -> None:
    for name, argv in GATES:
        extra = DEPLOY_ENV if name.endswith("--deploy") else {}
        _run_gate(name, [PYTHON, *argv], {**env, **extra})


def _run_gate(name: str, argv: Sequence[str | Path], env: Mapping[str, str]) -> None:
    begin = time.monotonic()
    # Django asks questions when a migration is ambiguous: no standard input, no waiting.
    done = subprocess.run(
        argv, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode != 0:
        lines = done.stdout.decode(errors="replace").rstrip().splitlines()
        console.say("\n".join(lines[-OUTPUT_LINES:]))
        raise StopError(f"The check failed: {name}")
    console.say(f"  ok {name} ({time.monotonic() - begin:.1f} s)")


def pytest(args: Sequence[str], env: dict[str, str]) -> int:
    """Nothing is printed after it: the closing line of pytest is the last one."""
    os.chdir(ROOT)
    sys.stdout.flush()
    return run_in_foreground([PYTHON, "-m", "pytest", *args], env)


def _set_up() -> None:
    with exclusive("setup"):
        ensure_packages(DEV_LOCK)
        ensure_assets(for_tests=True)
        ensure_cjk_font()
        compile_messages()


def _target(path: str) -> str:
    """A path as the caller sees it, or an option for pytest, as pytest in the root directory needs it."""
    if path.startswith("-"):
        return path
    name, separator, test_id = path.partition("::")
    here = Path(name).resolve()
    if not here.exists():
        if (ROOT / name).exists():
            return path
        raise StopError(f"There is no {name}.")
    return f"{here}{separator}{test_id}"
