"""Front-end files: fetched by npm as locked, and only the few in use copied to `var/vendor`."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from devtools.base import (
    ASSETS,
    VAR,
    VENDOR,
    StopError,
    certificate_env,
    child_env,
    console,
    fingerprint,
    run_quietly,
    write_if_changed,
)
from devtools.packages import ensure_node_package
from devtools.sprite import build_sprite, icon_names

MODULES = ASSETS / "node_modules"
STAMP = MODULES / ".shuncheng-lock.txt"
NODE_MAJOR_MIN = 20

VENDOR_FILES = (
    "@tabler/core/dist/css/tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js",
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
)
TEST_FILES = ("axe-core/axe.min.js",)
SOURCE_MAP = re.compile(rb"(?:/\*[#@]\s*sourceMappingURL=[^*]*\*/|//[#@]\s*sourceMappingURL=\S*)\s*")
CJK_FONTS = ("400Regular/NotoSansSC_400Regular.ttf", "700Bold/NotoSansSC_700Bold.ttf")


def ensure_assets(*, for_tests: bool = False) -> None:
    """`var/vendor` holds every third-party file that pages load (and axe for the tests) and the icon sprite."""
    _ensure_modules(for_tests=for_tests)
    copy_assets(for_tests=for_tests)


def copy_assets(*, for_tests: bool = False) -> None:
    """From `assets/node_modules`, as npm left it there, to `var/vendor`."""
    for source in (*VENDOR_FILES, *(TEST_FILES if for_tests else ())):
        copy_vendor_file(MODULES / source, VENDOR)
    sprite = build_sprite(*icon_names())
    write_if_changed(VENDOR / "icons.svg", sprite.encode())
    font = MODULES / "@expo-google-fonts" / "noto-sans-sc" / CJK_FONTS[0]
    write_if_changed(VAR / "fonts" / font.name, font.read_bytes())  # the letters of watermarks


def copy_vendor_file(source: Path, folder: Path) -> None:
    """Copy without the reference to a source map, which is not copied (the manifest storage stumbles over it)."""
    content = source.read_bytes()
    if source.suffix in {".css", ".js"}:
        content = SOURCE_MAP.sub(b"", content)
    write_if_changed(folder / source.name, content)


def ensure_cjk_font() -> None:
    """A Chinese font for screenshots and browser tests: the npm package's is linked for this user if there is none."""
    if shutil.which("fc-list"):
        found = subprocess.run(["fc-list", ":lang=zh-cn", "file"], capture_output=True, text=True, check=False)
        if found.stdout.strip():
            return
    folder = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "fonts"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in CJK_FONTS:
            link = folder / Path(name).name
            link.unlink(missing_ok=True)
            link.symlink_to(MODULES / "@expo-google-fonts" / "noto-sans-sc" / name)
    except OSError as error:
        console.say(f"  No Chinese font for the browser: {error}")


def _ensure_modules(*, for_tests: bool) -> None:
    current = fingerprint(ASSETS / "package.json", ASSETS / "package-lock.json", ASSETS / ".npmrc")
    stamp = STAMP.read_text().strip() if STAMP.exists() else ""
    if stamp == f"{current} all" or (stamp == f"{current} runtime" and not for_tests):
        return
    npm, env = npm_command()
    kind, omit = ("all", []) if for_tests else ("runtime", ["--omit=dev"])
    with console.step("Front-end packages (npm ci)"):
        argv = [*npm, "ci", *omit, "--no-progress", "--loglevel=error"]
        run_quietly(argv, env=env, cwd=ASSETS, failure="The front-end packages could not be installed.")
        STAMP.write_text(f"{current} {kind}\n")


def npm_command() -> tuple[list[str | Path], dict[str, str]]:
    """How to call npm, and its environment: the machine's own when new enough, else the one of the Python package."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _node_major(node) >= NODE_MAJOR_MIN:
        return [npm], child_env(certificate_env())
    package = ensure_node_package()
    programs = package / "bin"
    script = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not script.exists():
        raise StopError("Node.js 20 or newer with npm is needed, and there is no package of it for this machine.")
    search_path = f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"
    return [programs / "node", script], child_env({"PATH": search_path, **certificate_env()})


def _node_major(node: str) -> int:
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.", done.stdout)
    return int(found[1]) if found else 0


if __name__ == "__main__":  # in the image npm has run before
    copy_assets()
