"""`var/run/stack.json`: which services of this checkout run, so that a second `./dev` finds them."""

import contextlib
import json
import os
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path

from devtools.base import RUN

STATE_FILE = RUN / "stack.json"


@dataclass(kw_only=True)
class Stack:
    """A running set of services: the `./dev` that owns it, the addresses, the port of the web server (0: none)."""

    pid: int
    born: str
    urls: dict[str, str] = field(default_factory=dict)
    port: int = 0


def birth_of(pid: int) -> str:
    """A text that differs between two processes that got the same number; "" when there is no such process."""
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{pid}/stat").read_text()
        return text.rpartition(")")[2].split()[19]  # field 22: start time in clock ticks since boot
    if Path("/proc/self/stat").exists():
        return ""
    done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def write_state(urls: dict[str, str], *, port: int = 0, path: Path = STATE_FILE) -> None:
    """This process owns the running services."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stack = Stack(pid=os.getpid(), born=birth_of(os.getpid()), urls=urls, port=port)
    building = path.with_suffix(f".{os.getpid()}")
    building.write_text(json.dumps(asdict(stack), indent=2) + "\n")
    building.replace(path)


def read_state(path: Path = STATE_FILE) -> Stack | None:
    """The services that run now; None when there are none or their owner is gone."""
    try:
        stack = Stack(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return stack if stack.born and birth_of(stack.pid) == stack.born else None


def clear_state(path: Path = STATE_FILE) -> None:
    """Forget the services of this process; another owner's are left alone."""
    stack = read_state(path)
    if stack is None or stack.pid == os.getpid():
        path.unlink(missing_ok=True)
