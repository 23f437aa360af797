from typing import Any

from django.db import migrations

from core.phones import mask_phone

BATCH = 500


def seal_addresses(apps: Any, schema_editor: Any) -> None:
    """What was written before: the address is encrypted, people see a part of it; what had failed is given up."""
    model = apps.get_model("notifications", "OutboundMessage")
    rows = model.objects.filter(address__isnull=True).select_related("created_by").order_by("pk")
    while batch := list(rows[:BATCH]):
        for row in batch:
            row.address, row.recipient = row.recipient, mask_phone(row.recipient)
            row.store_id = row.created_by.store_id if row.created_by else None
            row.state = "dead" if row.state == "failed" else row.state
            row.save(update_fields=["address", "recipient", "store", "state"])


class Migration(migrations.Migration):
    dependencies = [("notifications", "0006_integrations")]
    operations = [migrations.RunPython(seal_addresses, migrations.RunPython.noop)]
