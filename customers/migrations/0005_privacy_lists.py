from typing import Any

from django.db import migrations

from customers import defaults


def ship(apps: Any, schema_editor: Any) -> None:
    defaults.ship_privacy(apps.get_model("customers", "AccessReason"), apps.get_model("customers", "PrivacyPolicy"))


class Migration(migrations.Migration):
    dependencies = [("customers", "0004_document_numbers")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
