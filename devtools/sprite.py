"""One SVG file with the icons that the project uses, each a symbol under its own name."""

import re
from collections.abc import Iterable
from pathlib import Path

from devtools.base import ASSETS, ROOT, StopError

ICONS = ASSETS / "node_modules" / "@tabler" / "icons" / "icons" / "outline"
ICON_LIST = ASSETS / "icons.txt"
NAME = r"[a-z0-9]+(?:-[a-z0-9]+)*"
TAG = re.compile(rf"""{{%\s*icon\s+["']({NAME})["']""")
# An icon handed on: `with icon="phone"` in a template, `icon="phone"` or `"icon": "phone"` in Python.
VALUE = re.compile(rf"""\bicon["']?\s*[=:]\s*["']({NAME})["']""")
SKIPPED_FOLDERS = {".git", ".venv", "assets", "devtools", "docs", "tests", "var"}


def icon_names(root: Path = ROOT, icon_list: Path = ICON_LIST) -> tuple[set[str], set[str]]:
    """(names that must exist, names that look like icons) of templates, Python and the list of computed names."""
    required: set[str] = set()
    likely: set[str] = set()
    for path in _sources(root):
        text = path.read_text(encoding="utf-8")
        required.update(TAG.findall(text))
        likely.update(VALUE.findall(text))
    if icon_list.exists():
        lines = (line.split("#")[0].strip() for line in icon_list.read_text(encoding="utf-8").splitlines())
        required.update(line for line in lines if line)
    return required, likely - required


def _sources(root: Path) -> Iterable[Path]:
    for folder in sorted(path for path in root.iterdir() if path.is_dir() and path.name not in SKIPPED_FOLDERS):
        yield from sorted(path for path in folder.rglob("*") if path.suffix in {".html", ".txt", ".py"})


def build_sprite(required: set[str], likely: set[str], icons: Path = ICONS) -> str:
    """The sprite; StopError names the icons that do not exist. The stroke's width is left to the style sheet."""
    missing = sorted(name for name in required if not (icons / f"{name}.svg").exists())
    if missing:
        raise StopError(
            f"There is no Tabler icon named {', '.join(missing)}; correct the template or assets/icons.txt."
        )
    present = sorted(required | {name for name in likely if (icons / f"{name}.svg").exists()})
    symbols = "\n".join(_symbol(name, (icons / f"{name}.svg").read_text(encoding="utf-8")) for name in present)
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'


def _symbol(name: str, source: str) -> str:
    body = re.search(r"<svg[^>]*>(.*)</svg>", source, re.DOTALL)
    if body is None:
        raise StopError(f"The icon {name} is not an SVG file.")
    # The invisible 24 x 24 square that every Tabler icon starts with is not needed in a symbol.
    shapes = re.sub(r'<path\s+stroke="none"\s+d="M0 0h24v24H0z"\s+fill="none"\s*/>', "", body[1])
    shapes = re.sub(r">\s+<", "><", shapes).strip()
    stroke = 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'
    return f'<symbol id="{name}" viewBox="0 0 24 24" {stroke}>{shapes}</symbol>'
