"""Celery: short interval wake-ups for sweeps. PostgreSQL holds every due time (reliability.md 4.1)."""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import after_task_publish, setup_logging, task_postrun, task_prerun, worker_ready

from core.logs import NO_REQUEST, request_id_var, task_var

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
    # every minute · approvals: requests that nobody decided in time
    "approvals.expire": {"task": "approvals.expire", "schedule": 60.0, "options": {"expires": 50}},
    # every 5 seconds · leads: run imports that were too long for a request
    "leads.import_run": {"task": "leads.import_run", "schedule": 5.0, "options": {"expires": 4}},
    # every 10 minutes · customers: who opened unusually many customers in the last hour
    "customers.access_watch": {"task": "customers.access_watch", "schedule": 600.0, "options": {"expires": 500}},
    # every 10 minutes · core: forget the rate limits of past windows
    "core.rate_limits_sweep": {"task": "core.rate_limits_sweep", "schedule": 600.0, "options": {"expires": 500}},
    # every hour, each rule once per local day · privacy: what was kept for long enough goes
    "privacy.retention": {"task": "privacy.retention", "schedule": 3600.0, "options": {"expires": 3000}},
    # every 5 seconds · workbench: make files that were asked for, delete those that are over
    "workbench.export_build": {"task": "workbench.export_build", "schedule": 5.0, "options": {"expires": 4}},
    # every minute · workbench: count the days that are over, and those that changed afterwards
    "workbench.tallies": {"task": "workbench.tallies", "schedule": 60.0, "options": {"expires": 50}},
    # every hour · staff: delete sessions that ended, and who was on which tablet a week ago
    "staff.sign_ins_sweep": {"task": "staff.sign_ins_sweep", "schedule": 3600.0, "options": {"expires": 3000}},
    # every hour, does its work once per local day · followups: repair and report missing next actions
    "followups.reconcile": {"task": "followups.reconcile", "schedule": 3600.0, "options": {"expires": 3000}},
}


@worker_ready.connect
def wake_up_at_once(**kwargs: Any) -> None:
    """A fresh worker looks for due rows now: beat's first wake-up comes only after a whole interval."""
    for name in ("followups.remind_due", "notifications.outbox_send"):
        app.send_task(name, expires=60)


@after_task_publish.connect
def show_sign_of_life(**kwargs: Any) -> None:
    """Beat has handed a wake-up to the broker: its health check looks at the age of this file (operations.probe)."""
    if name := os.environ.get("BEAT_ALIVE_FILE"):
        Path(name).touch()


@setup_logging.connect
def leave_logging_alone(**kwargs: Any) -> None:
    """With a listener here Celery sets up no logging of its own: the settings say how lines look."""


@task_prerun.connect
def name_log_lines(task_id: str, task: Any, **kwargs: Any) -> None:
    """Every line that a task writes can be found by the id of that run."""
    request_id_var.set(f"T-{task_id[:8].upper()}")
    task_var.set(task.name)


@task_postrun.connect
def forget_the_task(**kwargs: Any) -> None:
    request_id_var.set(NO_REQUEST)
    task_var.set("")
