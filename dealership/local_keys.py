"""Keys of the trial: made at its first start and kept in var/, so that its encrypted fields stay readable."""

import base64
import contextlib
import json
import os
from pathlib import Path


def local_keys(path: Path) -> dict[str, str]:
    """Return FIELD_KEYS and INDEX_KEY from the file, which is made if there is none. Safe for several processes."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        building = path.with_name(f".{path.name}.{os.getpid()}")
        with open(os.open(building, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({"FIELD_KEYS": f"trial1:{_random_key()}", "INDEX_KEY": _random_key()}, file)
        with contextlib.suppress(FileExistsError):  # another process was first: its keys count
            os.link(building, path)
        building.unlink()
    keys: dict[str, str] = json.loads(path.read_text())
    return keys


def _random_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()
