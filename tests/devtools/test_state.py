"""The file by which a second `./dev` finds the running services."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from devtools.state import birth_of, clear_state, read_state, write_state

URLS = {"DATABASE_URL": "postgres://x@//run/x", "REDIS_URL": "redis+socket:///run/valkey.sock"}


def test_read_state_returns_what_a_living_process_wrote(tmp_path: Path) -> None:
    path = tmp_path / "run" / "stack.json"

    write_state(URLS, port=8000, path=path)

    stack = read_state(path)
    assert stack is not None
    assert (stack.pid, stack.port, stack.urls) == (os.getpid(), 8000, URLS)


def test_read_state_ignores_the_file_of_a_process_that_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "stack.json"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        path.write_text(json.dumps({"pid": process.pid, "born": birth_of(process.pid), "urls": URLS, "port": 1}))
        while_alive = read_state(path)

    assert while_alive is not None
    assert read_state(path) is None


def test_read_state_ignores_a_number_that_another_process_has_now(tmp_path: Path) -> None:
    path = tmp_path / "stack.json"
    path.write_text(json.dumps({"pid": os.getpid(), "born": "1", "urls": URLS, "port": 1}))

    assert read_state(path) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": 1}', '{"other": 1}'])
def test_read_state_ignores_a_broken_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "stack.json"
    path.write_text(content)

    assert read_state(path) is None


def test_clear_state_leaves_the_file_of_another_owner(tmp_path: Path) -> None:
    path = tmp_path / "stack.json"
    parent = {"pid": os.getppid(), "born": birth_of(os.getppid()), "urls": URLS, "port": 1}
    path.write_text(json.dumps(parent))

    clear_state(path)
    assert path.exists()

    write_state(URLS, path=path)
    clear_state(path)
    assert not path.exists()
