"""The past of every setting, kept by the database itself (read by core.history)."""

from collections.abc import Callable, Sequence
from typing import Any

import pghistory


def tracked(exclude: Sequence[str] = ()) -> Callable[[type[Any]], type[Any]]:
    """Keep who made, changed or deleted a row, whoever does it: the new row at birth, else the row as it was before.

    `exclude`: columns that stay out of the past, above all secrets and what every request writes.
    """
    decorate: Callable[[type[Any]], type[Any]] = pghistory.track(
        pghistory.InsertEvent("created"),
        pghistory.UpdateEvent("changed", row=pghistory.Old),
        pghistory.DeleteEvent("deleted"),
        obj_field=pghistory.ObjForeignKey(related_name="history"),
        exclude=list(exclude),
    )
    return decorate
