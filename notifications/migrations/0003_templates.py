from typing import Any

from django.db import migrations

from notifications import defaults


def ship(apps: Any, schema_editor: Any) -> None:
    defaults.ship(apps.get_model("notifications", "MessageTemplate"))


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_initial")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
