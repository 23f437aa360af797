"""`./dev requirements`: which rows of docs/requirements.md a marked test proves, and which only wait with a reason.

A test proves a row by `@pytest.mark.req("R-084")`; docs/traceability.md names where the others wait. Rows of carry code
C and A count (for a dealership, or adapted to one); T is text for people and N was recorded so that nobody adds it.
"""

import ast
import dataclasses
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from devtools.base import ROOT, StopError, console

CATALOGUE = ROOT / "docs" / "requirements.md"
TRACEABILITY = ROOT / "docs" / "traceability.md"
TESTS = ROOT / "tests"
COUNTED = {"C", "A"}
GROUP_HEAD = re.compile(r"## \d+\. ([A-Z]+) ")
ROW = re.compile(r"\| (R-\d{3}) \|.*\| ([CATN]) \|\s*$")
DECISION = re.compile(r"D-\d{2}")  # Appendix D of the catalogue
ROW_ID = re.compile(r"R-\d{3}")


@dataclasses.dataclass(frozen=True)
class Coverage:
    """One group: its counted rows, those that a test proves, and those that are only explained."""

    group: str
    rows: frozenset[str]
    tested: frozenset[str]
    explained: frozenset[str]

    @property
    def missing(self) -> frozenset[str]:
        return self.rows - self.tested - self.explained


def catalogue(text: str) -> dict[str, tuple[str, str]]:
    """R-number -> (group, carry code)."""
    rows: dict[str, tuple[str, str]] = {}
    group = ""
    for line in text.splitlines():
        if head := GROUP_HEAD.match(line):
            group = head[1]
        elif (row := ROW.match(line)) and group:
            rows[row[1]] = (group, row[2])
    return rows


def marks_of(source: str) -> set[str]:
    """The rows in every `mark.req(...)` of a test module, whatever its layout; decisions (D-01) are left out."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "req":
            values = {arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
            found |= {value for value in values if not DECISION.fullmatch(value)}
    return found


def marked_rows(paths: Iterable[Path]) -> set[str]:
    return {row for path in paths for row in marks_of(path.read_text(encoding="utf-8"))}


def coverage(rows: dict[str, tuple[str, str]], marked: set[str], explained: set[str]) -> list[Coverage]:
    """In the order of the catalogue."""
    wanted: dict[str, set[str]] = {}
    for row, (group, carry) in rows.items():
        if carry in COUNTED:
            wanted.setdefault(group, set()).add(row)
    return [
        Coverage(group, frozenset(ids), frozenset(ids & marked), frozenset(ids & explained - marked))
        for group, ids in wanted.items()
    ]


def report(groups: Sequence[str], minimum: float) -> int:
    """Print the table; 1 when the share of tested rows is below `minimum` (0 to 1) or a named group has a gap."""
    rows = catalogue(CATALOGUE.read_text(encoding="utf-8"))
    marked = marked_rows(sorted(TESTS.rglob("test_*.py")))
    if unknown := sorted(marked - rows.keys()):
        raise StopError(f"Tests are marked with rows that do not exist: {', '.join(unknown)}")
    all_groups = coverage(rows, marked, set(ROW_ID.findall(TRACEABILITY.read_text(encoding="utf-8"))))
    if strangers := sorted(set(groups) - {each.group for each in all_groups}):
        raise StopError(f"There is no group {', '.join(strangers)}.")
    chosen = [each for each in all_groups if not groups or each.group in groups]
    console.say(f"{'group':<6} {'rows':>5} {'tested':>7} {'explained':>10} {'missing':>8}")
    for each in chosen:
        counts = (len(each.rows), len(each.tested), len(each.explained), len(each.missing))
        console.say("{:<6} {:>5} {:>7} {:>10} {:>8}".format(each.group, *counts))
    total = sum(len(each.rows) for each in chosen)
    tested = sum(len(each.tested) for each in chosen)
    gaps = sorted(row for each in chosen for row in each.missing) if groups else []
    if gaps:
        console.say(f"neither tested nor explained: {' '.join(gaps)}")
    console.say(f"{tested} of {total} rows tested ({tested / total:.0%})")
    return 1 if gaps or tested < minimum * total else 0
