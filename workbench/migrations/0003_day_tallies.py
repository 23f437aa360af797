"""The figures of days that are over, and the triggers that notice when such a day changes afterwards."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

ZONE = settings.TIME_ZONE

# Values of our own, no input.
FORWARD = f"""
CREATE FUNCTION workbench_day_changed(place bigint, moment timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    day date := (moment AT TIME ZONE '{ZONE}')::date;
    first date := (SELECT min("on") FROM workbench_closedday);
BEGIN
    IF first IS NULL OR day < first THEN
        RETURN;
    END IF;
    IF day = (now() AT TIME ZONE '{ZONE}')::date AND NOT EXISTS (SELECT FROM workbench_closedday WHERE "on" = day) THEN
        RETURN;  -- today is not counted before it is over, and no transaction lasts until then
    END IF;
    -- A row of this transaction's own, also when somebody else has written one: whoever counts in this moment sees
    -- neither this change nor this row, and takes away only the rows that he saw before he counted.
    INSERT INTO workbench_reopenedday (store_id, "on")
    SELECT place, day WHERE NOT EXISTS (
        SELECT FROM workbench_reopenedday own
        WHERE own."on" = day AND own.store_id = place AND own.xmin = pg_current_xact_id()::xid
    );
END
$$;

CREATE FUNCTION workbench_followup_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.state = 'done' THEN
        PERFORM workbench_day_changed(OLD.store_id, OLD.done_at);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.state = 'done' THEN
        PERFORM workbench_day_changed(NEW.store_id, NEW.done_at);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER tally_insert AFTER INSERT ON followups_followup
    FOR EACH ROW WHEN (NEW.state = 'done') EXECUTE FUNCTION workbench_followup_changed();
CREATE TRIGGER tally_update AFTER UPDATE ON followups_followup
    FOR EACH ROW WHEN (
        (OLD.state = 'done' OR NEW.state = 'done')
        AND (OLD.state, OLD.done_at, OLD.is_late, OLD.assignee_id, OLD.store_id)
            IS DISTINCT FROM (NEW.state, NEW.done_at, NEW.is_late, NEW.assignee_id, NEW.store_id)
    ) EXECUTE FUNCTION workbench_followup_changed();
CREATE TRIGGER tally_delete AFTER DELETE ON followups_followup
    FOR EACH ROW WHEN (OLD.state = 'done') EXECUTE FUNCTION workbench_followup_changed();

CREATE FUNCTION workbench_opportunity_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM workbench_day_changed(OLD.store_id, OLD.opened_at);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM workbench_day_changed(NEW.store_id, NEW.opened_at);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER tally_change AFTER INSERT OR DELETE ON opportunities_opportunity
    FOR EACH ROW EXECUTE FUNCTION workbench_opportunity_changed();
CREATE TRIGGER tally_update AFTER UPDATE ON opportunities_opportunity
    FOR EACH ROW WHEN (
        (OLD.owner_id, OLD.opened_at, OLD.store_id, OLD.outcome = 'void')
        IS DISTINCT FROM (NEW.owner_id, NEW.opened_at, NEW.store_id, NEW.outcome = 'void')
    ) EXECUTE FUNCTION workbench_opportunity_changed();

CREATE FUNCTION workbench_occurrence_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM workbench_day_changed(OLD.store_id, OLD.occurred_at);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM workbench_day_changed(NEW.store_id, NEW.occurred_at);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER tally_change AFTER INSERT OR DELETE ON followups_contact
    FOR EACH ROW EXECUTE FUNCTION workbench_occurrence_changed();
CREATE TRIGGER tally_update AFTER UPDATE ON followups_contact
    FOR EACH ROW WHEN (
        (OLD.by_id, OLD.occurred_at, OLD.store_id) IS DISTINCT FROM (NEW.by_id, NEW.occurred_at, NEW.store_id)
    ) EXECUTE FUNCTION workbench_occurrence_changed();
CREATE TRIGGER tally_insert AFTER INSERT ON opportunities_journeyevent
    FOR EACH ROW WHEN (NEW.kind = 'stage_reached' AND NEW.stage = 'received')
    EXECUTE FUNCTION workbench_occurrence_changed();
CREATE TRIGGER tally_update AFTER UPDATE ON opportunities_journeyevent
    FOR EACH ROW WHEN (
        (OLD.owner_id, OLD.occurred_at, OLD.store_id, OLD.kind, OLD.stage)
        IS DISTINCT FROM (NEW.owner_id, NEW.occurred_at, NEW.store_id, NEW.kind, NEW.stage)
    ) EXECUTE FUNCTION workbench_occurrence_changed();
CREATE TRIGGER tally_delete AFTER DELETE ON opportunities_journeyevent
    FOR EACH ROW WHEN (OLD.kind = 'stage_reached' AND OLD.stage = 'received')
    EXECUTE FUNCTION workbench_occurrence_changed();

CREATE FUNCTION workbench_correction_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    taken_back bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.contact_id ELSE NEW.contact_id END;
BEGIN
    PERFORM workbench_day_changed(store_id, occurred_at) FROM followups_contact WHERE id = taken_back;
    RETURN NULL;
END
$$;
CREATE TRIGGER tally_change AFTER INSERT OR DELETE ON followups_contactcorrection
    FOR EACH ROW EXECUTE FUNCTION workbench_correction_changed();
"""  # noqa: S608

BACKWARD = """
DROP FUNCTION workbench_followup_changed, workbench_opportunity_changed, workbench_occurrence_changed,
    workbench_correction_changed CASCADE;
DROP FUNCTION workbench_day_changed;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("followups", "0007_rules_belong_to_versions"),
        ("opportunities", "0005_journey_forget"),
        ("staff", "0005_shift_hours_are_complete"),
        ("workbench", "0002_export_rule"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ClosedDay",
            fields=[
                ("on", models.DateField(primary_key=True, serialize=False, verbose_name="day")),
            ],
            options={
                "verbose_name": "counted day",
                "verbose_name_plural": "counted days",
            },
        ),
        migrations.CreateModel(
            name="DayTally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField(verbose_name="day")),
                ("in_time", models.PositiveIntegerField(verbose_name="callbacks in time")),
                ("late", models.PositiveIntegerField(verbose_name="callbacks done late")),
                ("customers", models.PositiveIntegerField(verbose_name="new customers")),
                ("visits", models.PositiveIntegerField(verbose_name="visits")),
                ("contacts", models.PositiveIntegerField(verbose_name="contacts")),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="staff.store",
                        verbose_name="store",
                    ),
                ),
            ],
            options={
                "verbose_name": "figures of a day",
                "verbose_name_plural": "figures of days",
                "indexes": [models.Index(fields=["person", "on"], name="daytally_person")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("store", "on", "person"), name="daytally_once", nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReopenedDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("on", models.DateField(verbose_name="day")),
                (
                    "store",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="staff.store",
                        verbose_name="store",
                    ),
                ),
            ],
            options={
                "verbose_name": "day to count again",
                "verbose_name_plural": "days to count again",
                "indexes": [models.Index(fields=["on", "store"], name="reopenedday_on")],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
