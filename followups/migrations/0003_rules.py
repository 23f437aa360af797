from typing import Any

from django.db import migrations

from followups import defaults


def ship(apps: Any, schema_editor: Any) -> None:
    defaults.ship(apps.get_model("followups", "FollowUpRule"), apps.get_model("followups", "FollowUpPolicy"))


class Migration(migrations.Migration):
    dependencies = [("followups", "0002_initial")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
