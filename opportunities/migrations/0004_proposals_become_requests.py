"""What waits for a leader becomes a request of the approvals; its notice leads there."""

from django.db import migrations

SUBJECT = "opportunities.Opportunity"


def _ask(Request, Notification, row, kind, by_id, payload, reason=""):
    request = Request.objects.create(
        kind=kind,
        store_id=row.store_id,
        subject_type=SUBJECT,
        subject_id=row.pk,
        subject_version=row.version,
        payload=payload,
        reason=reason,
        requested_by_id=by_id,
    )
    Notification.objects.filter(subject=f"{SUBJECT}:{row.pk}:{kind}_requested", done_at=None).update(
        subject=f"approvals.ApprovalRequest:{request.pk}", url=f"/approvals/{request.pk}/"
    )


def ask(apps, schema_editor):
    Opportunity = apps.get_model("opportunities", "Opportunity")
    Request = apps.get_model("approvals", "ApprovalRequest")
    Notification = apps.get_model("notifications", "Notification")
    waiting = Opportunity.objects.filter(outcome="open")
    for row in waiting.exclude(requested_level="").exclude(level_requested_by=None).iterator():
        payload = {"level": row.requested_level, "current": row.level}
        _ask(Request, Notification, row, "level", row.level_requested_by_id, payload)
    for row in waiting.exclude(close_requested="").exclude(close_requested_by=None).iterator():
        payload = {"outcome": row.close_requested, "reason": row.close_reason}
        _ask(Request, Notification, row, "close", row.close_requested_by_id, payload, row.close_note)


class Migration(migrations.Migration):
    dependencies = [
        ("opportunities", "0003_refused_proposals"),
        ("approvals", "0001_initial"),
        ("notifications", "0004_approval_notices"),
    ]

    operations = [migrations.RunPython(ask, migrations.RunPython.noop)]
