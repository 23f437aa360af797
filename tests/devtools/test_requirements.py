"""The coverage of the requirement catalogue: what counts, and that no mark names a row that does not exist."""

from pathlib import Path

from devtools.requirements import CATALOGUE, TESTS, catalogue, coverage, marked_rows, marks_of

TEXT = """
## 1. ORG - Roles (3)
| R-001 | a.txt:5 | x | Structure. | GM | ROLE | C |
| R-002 | a.txt:6 | x | Adapted. | GM | NUM | A |
| R-003 | a.txt:7 | x | Attitude. | GM | ROLE | T |
## 2. LEAD - Leads (1)
| R-045 | a.txt:8 | x | Role. | GM | ROLE | C |
"""


def test_rows_are_read_with_group_and_carry_code() -> None:
    assert catalogue(TEXT) == {
        "R-001": ("ORG", "C"),
        "R-002": ("ORG", "A"),
        "R-003": ("ORG", "T"),
        "R-045": ("LEAD", "C"),
    }


def test_a_row_is_tested_or_explained_or_missing() -> None:
    org, lead = coverage(catalogue(TEXT), {"R-001"}, {"R-001", "R-002"})

    assert (org.rows, org.tested, org.explained, org.missing) == ({"R-001", "R-002"}, {"R-001"}, {"R-002"}, set())
    assert (lead.tested, lead.missing) == (set(), {"R-045"})


def test_marks_are_found_in_any_layout() -> None:
    source = 'import pytest\n\n@pytest.mark.req(\n    "R-001",\n    "D-01", "R-002",\n)\ndef test_x():\n    pass\n'

    assert marks_of(source) == {"R-001", "R-002"}


def test_every_mark_of_this_suite_names_a_row_of_the_catalogue() -> None:
    rows = catalogue(CATALOGUE.read_text(encoding="utf-8"))
    paths: list[Path] = sorted(TESTS.rglob("test_*.py"))

    assert len(rows) == 882
    assert marked_rows(paths) - rows.keys() == set()
