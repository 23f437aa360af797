"""Late and due callbacks of a team are counted without reading the table, and its schedule is read alone."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

from core.indexes import AddIndexBeside


class Migration(migrations.Migration):
    atomic = False  # indexes are made beside the work that goes on
    dependencies = [("followups", "0007_rules_belong_to_versions")]

    operations = [
        AddIndexBeside(
            "followup",
            models.Index(
                condition=models.Q(("state", "pending")),
                fields=["store", "due_at", "id"],
                include=("deadline_at", "assignee", "opportunity"),
                name="followup_store_work",
            ),
        ),
        AddIndexBeside(
            "followup",
            models.Index(
                condition=models.Q(("channel", "visit"), ("rule_code", "manual"), _connector="OR"),
                fields=["store", "due_on", "due_at"],
                name="followup_agreed",
            ),
        ),
        RemoveIndexConcurrently("followup", "followup_store"),
    ]
