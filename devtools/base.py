"""Places, progress lines and child processes that all parts of `./dev` share."""

import contextlib
import fcntl
import hashlib
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = str(VENV / "bin" / "python")
ASSETS = ROOT / "assets"
VAR = ROOT / "var"
RUN = VAR / "run"
LOG = VAR / "log"
VENDOR = VAR / "vendor"

OUTPUT_TAIL_LINES = 40


class StopError(Exception):
    """`./dev` cannot go on; the text is one clear sentence for the person at the terminal, `details` come before it."""

    def __init__(self, sentence: str, *, details: str = "") -> None:
        super().__init__(sentence)
        self.details = details


class Console:
    """Progress lines. They go to standard error where standard output belongs to a command."""

    def __init__(self) -> None:
        self.stream: TextIO = sys.stdout

    def say(self, text: str = "", *, end: str = "\n") -> None:
        with contextlib.suppress(OSError):  # the terminal may be gone; what was started must still be stopped
            self.stream.write(text + end)
            self.stream.flush()

    @contextlib.contextmanager
    def step(self, label: str) -> Iterator[None]:
        """One line with the seconds when the block is done; nothing after a failure (the failure speaks)."""
        begin = time.monotonic()
        self.say(f"  {label} … ", end="")
        try:
            yield
        except BaseException:
            self.say("failed")
            raise
        self.say(f"{time.monotonic() - begin:.1f} s")


console = Console()


def certificate_env() -> dict[str, str]:
    """Lets uv and npm trust what this machine trusts, as pip does: company networks have authorities of their own."""
    bundle = ssl.get_default_verify_paths().cafile
    if not bundle or not Path(bundle).exists():
        return {}
    wanted = {"UV_SYSTEM_CERTS": "1", "NODE_EXTRA_CA_CERTS": bundle}
    return {name: value for name, value in wanted.items() if name not in os.environ}


def child_env(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of our children: UTF-8 and unbuffered also where no locale is set."""
    env = {key: value for key, value in os.environ.items() if key not in {"PYTHONHOME", "VIRTUAL_ENV"}}
    env.update(PYTHONUTF8="1", PYTHONUNBUFFERED="1", **(extra or {}))
    return env


def run_quietly(
    argv: Sequence[str | Path],
    *,
    failure: str,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
) -> str:
    """Run to the end and return standard output; StopError with the end of the output when it fails."""
    try:
        done = subprocess.run(
            argv, env=env or child_env(), cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise StopError(f"{failure} ({error})") from error
    if done.returncode != 0:
        tail = (done.stdout + done.stderr).strip().splitlines()[-OUTPUT_TAIL_LINES:]
        raise StopError(failure, details="\n".join(tail))
    return done.stdout


def fingerprint(*paths: Path) -> str:
    """A digest of the files' contents; a missing file counts as empty."""
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes() if path.exists() else b""
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


def write_if_changed(path: Path, content: bytes) -> bool:
    """`path` holds `content`; readers never see half of it. Returns True when it was written."""
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    building = path.with_name(f".{path.name}.{os.getpid()}")
    building.write_bytes(content)
    building.replace(path)
    return True


@contextlib.contextmanager
def exclusive(name: str) -> Iterator[None]:
    """One `./dev` of this checkout at a time in this block; others wait."""
    RUN.mkdir(parents=True, exist_ok=True)
    with (RUN / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with console.step("Waiting for another ./dev in this checkout"):
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield
