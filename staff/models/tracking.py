"""What the database itself keeps about people: one administrator at least."""

import pgtrigger

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
