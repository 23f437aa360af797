"""Compile the translations without gettext's programs. Runs inside `.venv`: `python -m devtools.translations`."""

from pathlib import Path

import polib

from devtools.base import ROOT, write_if_changed


def compile_catalogues(folder: Path = ROOT / "locale") -> list[Path]:
    """Every .mo file holds what its .po file says; returns those that were written."""
    targets = {source: source.with_suffix(".mo") for source in sorted(folder.glob("*/LC_MESSAGES/*.po"))}
    return [
        target for source, target in targets.items() if write_if_changed(target, polib.pofile(str(source)).to_binary())
    ]


if __name__ == "__main__":
    compile_catalogues()
