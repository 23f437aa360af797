from django.db import migrations

from workbench import defaults


def ship(apps, schema_editor):
    defaults.ship(apps.get_model("workbench", "ExportRule"))


class Migration(migrations.Migration):
    dependencies = [("workbench", "0001_exports")]

    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
