"""The one way in which words leave the append-only journey log: of a customer whose erasure is on record."""

from django.db import migrations

# What says when, who and which step; everything else in `data` may be the customer's words.
FORWARD = """
CREATE FUNCTION journey_forget(p_customer bigint) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    kept text[] := ARRAY['trigger', 'rule', 'from_stage', 'previous_owner', 'level', 'previous', 'outcome', 'channel',
                         'duration_s', 'is_suspicious', 'code', 'before', 'after', 'excused'];
    emptied integer;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM customers_customer WHERE id = p_customer AND erased_at IS NOT NULL) THEN
        RAISE EXCEPTION 'journey_forget: customer % is not erased', p_customer;
    END IF;
    PERFORM set_config('pgtrigger.ignore', array_agg(tgname)::text, true) FROM pg_trigger
        WHERE tgrelid = 'opportunities_journeyevent'::regclass AND tgname LIKE 'pgtrigger_append_only%';
    UPDATE opportunities_journeyevent AS event
    SET data = (
        SELECT coalesce(jsonb_object_agg(key, value), '{}'::jsonb) FROM jsonb_each(event.data)
        WHERE key = ANY (kept) OR (key = 'reason' AND event.kind IN ('closed', 'close_requested'))
    )
    WHERE event.customer_id = p_customer AND EXISTS (
        SELECT 1 FROM jsonb_object_keys(event.data) AS word
        WHERE word <> ALL (kept) AND NOT (word = 'reason' AND event.kind IN ('closed', 'close_requested'))
    );
    GET DIAGNOSTICS emptied = ROW_COUNT;
    PERFORM set_config('pgtrigger.ignore', '{}', true);
    RETURN emptied;
END $$;
-- operations.services.roles gives it to the role of the application.
REVOKE EXECUTE ON FUNCTION journey_forget(bigint) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("opportunities", "0004_proposals_become_requests"), ("customers", "0006_erased")]
    operations = [migrations.RunSQL(FORWARD, "DROP FUNCTION journey_forget(bigint)")]
