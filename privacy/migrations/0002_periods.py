"""The shipped periods, and the one way in which the append-only access log becomes shorter."""

from django.db import migrations

from privacy import defaults

FORWARD = """
CREATE FUNCTION access_log_forget(p_limit integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    days integer;
    removed integer;
BEGIN
    -- Its own rule decides, not the caller.
    SELECT keep_days INTO days FROM privacy_retentionrule
        WHERE data_class = 'access_log' AND is_active
        AND valid_from <= current_date AND (valid_to IS NULL OR valid_to > current_date);
    IF days IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM set_config('pgtrigger.ignore', array_agg(tgname)::text, true) FROM pg_trigger
        WHERE tgrelid = 'core_accesslogentry'::regclass AND tgname LIKE 'pgtrigger_append_only%';
    DELETE FROM core_accesslogentry WHERE id IN (
        SELECT id FROM core_accesslogentry WHERE occurred_at < current_date - days ORDER BY id LIMIT p_limit
    );
    GET DIAGNOSTICS removed = ROW_COUNT;
    PERFORM set_config('pgtrigger.ignore', '{}', true);
    RETURN removed;
END $$;
REVOKE EXECUTE ON FUNCTION access_log_forget(integer) FROM PUBLIC;
"""


def ship(apps, schema_editor):
    defaults.ship(apps.get_model("privacy", "RetentionRule"))


class Migration(migrations.Migration):
    dependencies = [("privacy", "0001_initial"), ("core", "0006_access_log_backfill")]
    operations = [
        migrations.RunPython(ship, migrations.RunPython.noop),
        migrations.RunSQL(FORWARD, "DROP FUNCTION access_log_forget(integer)"),
    ]
