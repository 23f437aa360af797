"""Lock files, and when packages are installed again."""

import importlib.util
import re
from pathlib import Path

import pytest

from devtools import packages
from devtools.base import ASSETS, StopError, fingerprint

LOCKS = [packages.RUNTIME_LOCK, packages.DEV_LOCK, packages.NODE_LOCK, packages.UV_LOCK, ASSETS / "package-lock.json"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_lock_files_name_no_package_index(lock: Path) -> None:
    text = lock.read_text()

    assert re.findall(r"--(?:extra-)?index-url|--find-links|--trusted-host|\"resolved\"", text) == []
    # The addresses of a project's donation pages are the only ones that npm writes.
    without_funding = re.sub(r'"funding": (\{[^}]*\}|\[.*?\]|"[^"]*")', "", text, flags=re.DOTALL)
    assert re.findall(r"https?://\S+", without_funding) == []


@pytest.mark.parametrize("lock", LOCKS[:4], ids=lambda path: path.name)
def test_every_locked_package_has_an_exact_version_and_a_hash(lock: Path) -> None:
    blocks = re.split(r"(?m)^(?=[a-z0-9])", lock.read_text())[1:]

    assert [block.split()[0] for block in blocks if "==" not in block or "--hash=sha256:" not in block] == []


def test_the_lock_for_development_contains_the_other_one() -> None:
    runtime, development = (set(re.findall(r"(?m)^([a-z0-9][\w.-]*==\S+)", lock.read_text())) for lock in LOCKS[:2])

    assert runtime - development == set()


def test_is_current_accepts_the_development_packages_for_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "STAMP", tmp_path / "stamp")
    assert not packages.is_current(packages.RUNTIME_LOCK)

    packages.STAMP.write_text(fingerprint(packages.DEV_LOCK) + "\n")
    assert packages.is_current(packages.RUNTIME_LOCK)
    assert packages.is_current(packages.DEV_LOCK)

    packages.STAMP.write_text(fingerprint(packages.RUNTIME_LOCK) + "\n")
    assert packages.is_current(packages.RUNTIME_LOCK)
    assert not packages.is_current(packages.DEV_LOCK)


def test_a_python_without_pip_gets_one_clear_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else object())

    with pytest.raises(StopError, match=r"comes without venv and pip; install them .*apt install python3\.\d+-venv"):
        packages._create_venv()

    assert not packages.VENV.exists()
