"""A kind of request that only the tests know, about a thing that has a number and a version."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from approvals import kinds
from approvals.kinds import ApprovalKind, Card
from approvals.models import ApprovalRequest
from approvals.services import approval_request
from staff.enums import Role

CODE = "test_thing"
SUBJECT = "tests.Thing"


@dataclass
class Things:
    """The versions of the things; a thing that is not here is gone."""

    versions: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(1, 9), 1))

    def version(self, subject_id: int) -> int | None:
        return self.versions.get(subject_id)


@contextmanager
def registered(**changes: Any) -> Iterator[Things]:
    """While it lasts the kind is known; afterwards everything is as it was."""
    things = Things()
    values: dict[str, Any] = {
        "label": "Thing",
        "icon": "flag",
        "authority": {Role.SALES_SUPERVISOR, Role.SALES_MANAGER, Role.GENERAL_MANAGER},
        "version": things.version,
        "cards": lambda rows: {row.pk: Card(title=f"thing {row.subject_id}", effect="go") for row in rows},
    }
    before = (dict(kinds._kinds), dict(kinds.APPROVAL_WORDS))
    kinds.register(ApprovalKind(code=CODE, **(values | changes)))
    try:
        yield things
    finally:
        for registry, kept in zip((kinds._kinds, kinds.APPROVAL_WORDS), before, strict=True):
            registry.clear()  # type: ignore[attr-defined]
            registry.update(kept)  # type: ignore[attr-defined]


def ask(by: Any, *, subject_id: int = 1, **fields: Any) -> ApprovalRequest:
    values = {"subject_version": 1, "payload": {"amount": "8000.00"}, "reason": "对手让了一千"} | fields
    return approval_request(
        kind=CODE, store_id=by.store_id, subject_type=SUBJECT, subject_id=subject_id, by=by, **values
    )
