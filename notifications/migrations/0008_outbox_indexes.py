from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Beside the running senders: nobody waits for an index."""

    atomic = False
    dependencies = [("notifications", "0007_outbox_addresses")]
    operations = [
        AddIndexConcurrently(
            model_name="outboundmessage",
            index=models.Index(
                condition=models.Q(("state__in", ("queued", "failed"))),
                fields=["channel", "next_try_at", "id"],
                name="outbox_ready",
            ),
        ),
        AddIndexConcurrently(
            model_name="outboundmessage",
            index=models.Index(condition=models.Q(("state", "sending")), fields=["claimed_at"], name="outbox_claimed"),
        ),
        AddIndexConcurrently(
            model_name="outboundmessage",
            index=models.Index(fields=["-created_at", "-id"], name="outbox_newest"),
        ),
        AddIndexConcurrently(
            model_name="outboundmessage",
            index=models.Index(fields=["state", "-created_at", "-id"], name="outbox_state"),
        ),
        AddIndexConcurrently(
            model_name="outboundmessage",
            index=models.Index(
                condition=models.Q(("subject", ""), _negated=True), fields=["subject"], name="outbox_subject"
            ),
        ),
        RemoveIndexConcurrently(
            model_name="outboundmessage",
            name="outbox_due",
        ),
    ]
