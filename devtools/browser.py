"""The browser of the tests and screenshots."""

import os
import shutil
from pathlib import Path

from devtools.base import PYTHON, StopError, child_env, console, run_quietly

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLACES = (Path("/usr/bin/chromium"), Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"))
HELP = "Install Chromium and put it on PATH, or leave the browser tests out: ./dev test --no-browser"


def find_browser() -> str:
    """The path of a Chromium on this machine, or ""."""
    given = os.environ.get("SHUNCHENG_CHROMIUM", "")
    if given:
        if not os.access(given, os.X_OK):
            raise StopError(f"SHUNCHENG_CHROMIUM names {given}, which is no program.")
        return given
    found = [path for path in map(shutil.which, NAMES) if path]
    found += [str(path) for path in PLACES if os.access(path, os.X_OK)]
    return found[0] if found else ""


def ensure_browser() -> str:
    """The path of a Chromium, installed if need be: from Debian's packages as root, else by Playwright's installer."""
    found = find_browser()
    if found:
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        with console.step("Browser (apt-get install chromium)"):
            env = child_env({"DEBIAN_FRONTEND": "noninteractive"})
            run_quietly(["apt-get", "update", "-q"], env=env, failure=f"apt-get update failed. {HELP}")
            argv = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"]
            run_quietly(argv, env=env, failure=f"Chromium could not be installed. {HELP}")
        return find_browser()
    show = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"
    path = run_quietly([PYTHON, "-c", show], failure=f"Playwright does not work. {HELP}").strip()
    if not Path(path).exists():
        with console.step("Browser (playwright install chromium)"):
            argv = [PYTHON, "-m", "playwright", "install", "chromium"]
            run_quietly(argv, failure=f"There is no Chromium, and it could not be downloaded. {HELP}")
    return path


def ensure_test_programs() -> None:
    """nginx and faketime for the tests of bad days; without them those tests are skipped, and say so."""
    missing = [name for name in ("nginx", "faketime") if not shutil.which(name)]
    if not missing or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    with console.step(f"Programs for tests ({', '.join(missing)})"):
        env = child_env({"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"})  # installed, but not started
        try:
            run_quietly(["apt-get", "update", "-q"], env=env, failure="apt-get update failed.")
            argv = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing]
            run_quietly(argv, env=env, failure="They could not be installed.")
        except StopError as error:
            console.say(f"left out: {error} ", end="")
