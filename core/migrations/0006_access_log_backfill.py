"""Rows from before get the customer and the store, so that they stand in the same lists."""

import pgtrigger
from django.conf import settings
from django.db import migrations


def fill(apps, schema_editor):
    people = apps.get_model(settings.AUTH_USER_MODEL)._meta.db_table
    # What the rows say does not change: the new columns repeat it where the indexes need it.
    with pgtrigger.ignore("core.AccessLogEntry:append_only"), schema_editor.connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE core_accesslogentry entry
            SET customer_id = CASE WHEN entry.subject_type = 'customers.Customer' THEN entry.subject_id END,
                store_id = person.store_id
            FROM {people} person
            WHERE person.id = entry.actor_id AND entry.store_id IS NULL
            """  # noqa: S608 -- the name of our own table
        )


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0005_access_log_of_a_customer"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
