"""Invariant 1: an open opportunity has a pending callback when the transaction commits, whoever writes."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION followups_require_next_action() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    checked bigint;
BEGIN
    IF TG_TABLE_NAME = 'opportunities_opportunity' THEN
        checked := NEW.id;
    ELSE
        checked := OLD.opportunity_id;
    END IF;
    -- The lock makes two transactions that each take away a different callback check one after the other.
    PERFORM 1 FROM opportunities_opportunity WHERE id = checked AND outcome = 'open' FOR NO KEY UPDATE;
    IF FOUND
       AND NOT EXISTS (SELECT 1 FROM followups_followup WHERE opportunity_id = checked AND state = 'pending')
    THEN
        RAISE EXCEPTION 'open opportunity % has no next action', checked
            USING ERRCODE = 'check_violation', CONSTRAINT = 'opportunity_open_has_next_action';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER opportunity_open_has_next_action
    AFTER INSERT OR UPDATE OF outcome ON opportunities_opportunity
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION followups_require_next_action();
CREATE CONSTRAINT TRIGGER opportunity_keeps_next_action
    AFTER DELETE OR UPDATE OF state, opportunity_id ON followups_followup
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION followups_require_next_action();
"""

BACKWARD = """
DROP TRIGGER opportunity_keeps_next_action ON followups_followup;
DROP TRIGGER opportunity_open_has_next_action ON opportunities_opportunity;
DROP FUNCTION followups_require_next_action();
"""


class Migration(migrations.Migration):
    dependencies = [("followups", "0003_rules"), ("opportunities", "0002_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
