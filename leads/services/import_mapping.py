"""Which column means what: guessed from the headings and, where they say nothing, from the values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from core.phones import normalize_phone
from leads.defaults import GENDER_WORDS, HEADINGS
from leads.enums import ImportField
from leads.services.import_files import FileRow
from leads.services.import_values import fold, read_moment

_SAMPLE = 50
_TITLE_ROWS = 5


@dataclass(frozen=True)
class Table:
    """`header`: one heading per column, made up ("A", "B") when the list has none. `mapping`: column, ImportField."""

    header: list[str]
    rows: list[FileRow]
    mapping: dict[str, str]


def read_table(rows: Sequence[FileRow]) -> Table:
    """Find the heading row, if there is one, and guess what the columns mean."""
    start = _heading_at(rows)
    width = max((len(row.cells) for row in rows[start or 0 :]), default=0)
    body = list(rows if start is None else rows[start + 1 :])
    named = rows[start].cells if start is not None else []
    header = [named[column] if column < len(named) else "" for column in range(width)]
    header = [text[:60] or _letter(column) for column, text in enumerate(header)]
    return Table(header=header, rows=body, mapping=guess_mapping(header, body))


def guess_mapping(header: Sequence[str], rows: Sequence[FileRow]) -> dict[str, str]:
    """Every meaning goes to one column at most; columns that nobody understands are ignored."""
    mapping = {str(column): str(ImportField.IGNORE) for column in range(len(header))}
    folded = [fold(text) for text in header]
    for field, names in HEADINGS.items():
        column = _column_named(folded, names, mapping)
        if column is not None:
            mapping[str(column)] = field
    for field, test, share in _VALUE_TESTS:
        if field not in mapping.values():
            column = _column_of_values(rows, mapping, test, share)
            if column is not None:
                mapping[str(column)] = field
    return mapping


def _heading_at(rows: Sequence[FileRow]) -> int | None:
    """Index of the heading row; a title may stand above it. None when the list begins with a person."""
    known = {name for names in HEADINGS.values() for name in names}
    for index, row in enumerate(rows[:_TITLE_ROWS]):
        if sum(fold(cell) in known for cell in row.cells) >= min(2, len(row.cells)):
            return index
        if any(_is_phone(cell) for cell in row.cells):
            return index - 1 if index else None  # nobody knows the headings, but they stand above the first person
    return 0 if len(rows) > 1 else None


def _letter(column: int) -> str:
    head, tail = divmod(column, 26)
    return (chr(64 + head) if head else "") + chr(65 + tail)


def _column_named(folded: Sequence[str], names: Sequence[str], mapping: dict[str, str]) -> int | None:
    """An exact heading first, in the order of the names; then one that contains a name of two characters or more."""
    free = [column for column in range(len(folded)) if not mapping[str(column)]]
    for name in names:
        for column in free:
            if folded[column] == name:
                return column
    for name in names:
        for column in free:
            if len(name) > 1 and not name.isascii() and name in folded[column]:
                return column
    return None


def _column_of_values(
    rows: Sequence[FileRow], mapping: dict[str, str], test: Callable[[str], bool], share: float
) -> int | None:
    """The free column most of whose filled cells pass the test."""
    best, most = None, share
    for column in (int(key) for key, field in mapping.items() if not field):
        cells = [row.cells[column] for row in rows[:_SAMPLE] if column < len(row.cells) and row.cells[column]]
        found = sum(map(test, cells)) / len(cells) if cells else 0
        if found > most:
            best, most = column, found
    return best


def _is_phone(text: str) -> bool:
    try:
        normalize_phone(text)
    except ValidationError:
        return False
    return True


def _is_moment(text: str) -> bool:
    return read_moment(text) is not None


def _is_gender(text: str) -> bool:
    return fold(text) in GENDER_WORDS


_VALUE_TESTS: list[tuple[str, Callable[[str], bool], float]] = [
    (ImportField.PHONE, _is_phone, 0.5),
    (ImportField.OCCURRED_AT, _is_moment, 0.7),
    (ImportField.GENDER, _is_gender, 0.7),
]
