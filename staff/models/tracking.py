"""What the database itself keeps about people: the past of every setting, and one administrator at least."""

from collections.abc import Callable, Sequence
from typing import Any

import pghistory
import pgtrigger


def tracked(exclude: Sequence[str] = ()) -> Callable[[type[Any]], type[Any]]:
    """Keep every earlier version of a row, whoever changes it; an insert costs nothing."""
    decorate: Callable[[type[Any]], type[Any]] = pghistory.track(
        # The row as it was: the current one is in the table.
        pghistory.UpdateEvent("changed", row=pghistory.Old),
        pghistory.DeleteEvent("deleted"),
        obj_field=pghistory.ObjForeignKey(related_name="history"),
        exclude=list(exclude),
    )
    return decorate


# Somebody who was invited and never signed in does not count: nobody knows whether the link arrived. The lock makes
# two administrators who strip each other at one moment wait, and the count sees what the other did.
KEEP_AN_ADMINISTRATOR = pgtrigger.Trigger(
    name="keep_an_administrator",
    when=pgtrigger.After,
    operation=pgtrigger.UpdateOf("roles", "is_active", "is_superuser") | pgtrigger.Delete,
    condition=pgtrigger.Condition(
        "OLD.is_active AND (OLD.is_superuser OR 'administrator' = ANY(OLD.roles))"
        " AND NOT (OLD.must_change_password AND OLD.last_login IS NULL)"
    ),
    func="""
        IF TG_OP = 'UPDATE' AND NEW.is_active AND (NEW.is_superuser OR 'administrator' = ANY(NEW.roles)) THEN
            RETURN NULL;
        END IF;
        PERFORM pg_advisory_xact_lock(7241301);
        IF NOT EXISTS (
            SELECT FROM staff_user
            WHERE is_active AND (is_superuser OR 'administrator' = ANY(roles))
              AND NOT (must_change_password AND last_login IS NULL)
        ) THEN
            RAISE EXCEPTION 'the last active administrator' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    """,
)
