from typing import Any

from django.db import migrations

from customers import defaults


def ship(apps: Any, schema_editor: Any) -> None:
    defaults.ship(apps.get_model("customers", "Channel"))


class Migration(migrations.Migration):
    dependencies = [("customers", "0002_initial")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
