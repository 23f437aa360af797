"""docs/asvs.csv: every item has a status, and every proof exists."""

import csv
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
STATUS = {"met", "partly", "not applicable"}


def items() -> list[dict[str, str]]:
    with (ROOT / "docs" / "asvs.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def sections() -> set[str]:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    return {heading.lower().replace(" ", "-") for heading in re.findall(r"^## (.+)$", text, re.MULTILINE)}


def test_every_item_of_both_levels_has_a_status_and_a_reason():
    rows = items()

    assert len({row["id"] for row in rows}) == len(rows) == 252
    assert sum(row["level"] == "1" for row in rows) == 70
    assert [row["id"] for row in rows if row["status"] not in STATUS or not row["proof"]] == []


def test_every_proof_exists():
    known = sections()
    wrong = []

    for row in items():
        path, _, part = row["proof"].partition("#")
        if row["status"] == "not applicable":
            continue
        if not (ROOT / path).exists() or (part and part not in known):
            wrong.append(f"{row['id']}: {row['proof']}")

    assert wrong == []
