"""Celery: short interval wake-ups for sweeps. PostgreSQL holds every due time (reliability.md 4.1)."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dealership.settings.production")

app = Celery("shuncheng")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Seconds between two wake-ups of the short sweeps; tests shorten it.
SWEEP_INTERVAL_S = float(os.environ.get("SWEEP_INTERVAL_S", "15"))
SWEEP_EXPIRES_S = max(1.0, SWEEP_INTERVAL_S * 0.8)

# Intervals only, never wall-clock times. `expires` keeps a backlog of wake-ups from piling up.
app.conf.beat_schedule = {
    # every 15 seconds · followups: write the reminders that are due
    "followups.remind_due": {
        "task": "followups.remind_due",
        "schedule": SWEEP_INTERVAL_S,
        "options": {"expires": SWEEP_EXPIRES_S},
    },
    # every 15 seconds · notifications: hand queued messages to the provider
    "notifications.outbox_send": {
        "task": "notifications.outbox_send",
        "schedule": SWEEP_INTERVAL_S,
        "options": {"expires": SWEEP_EXPIRES_S},
    },
    # every 5 seconds · leads: run imports that were too long for a request
    "leads.import_run": {"task": "leads.import_run", "schedule": 5.0, "options": {"expires": 4}},
    # every hour, does its work once per local day · followups: repair and report missing next actions
    "followups.reconcile": {"task": "followups.reconcile", "schedule": 3600.0, "options": {"expires": 3000}},
}


@worker_ready.connect
def wake_up_at_once(**kwargs: Any) -> None:
    """A fresh worker looks for due rows now: beat's first wake-up comes only after a whole interval."""
    for name in ("followups.remind_due", "notifications.outbox_send"):
        app.send_task(name, expires=60)
