"""Numbers about the health of the whole, for /metrics."""

from dataclasses import dataclass
from datetime import timedelta

from axes.models import AccessAttempt
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Min, Sum

from approvals.enums import ApprovalState
from approvals.models import ApprovalRequest
from core import clock, heartbeats
from followups.models import FollowUp
from notifications.enums import MessageState
from notifications.models import OutboundMessage


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """How much waits, for how long, and what has fallen silent."""

    reminders_due: int
    oldest_reminder_s: float
    approvals_pending: int
    failed_sign_ins: int
    heartbeat_ages: dict[str, float]
    outbox: dict[str, float]


def numbers() -> Numbers:
    """Read all numbers now: six short queries over indexes."""
    now = clock.now()
    due = FollowUp.objects.reminder_due().aggregate(count=Count("pk"), oldest=Min("remind_at"))
    failed = AccessAttempt.objects.filter(attempt_time__gte=now - timedelta(hours=1))
    rows = OutboundMessage.objects.exclude(state=MessageState.SENT).order_by("state")
    waiting = dict(rows.values_list("state").annotate(count=Count("pk")))
    return Numbers(
        reminders_due=due["count"],
        oldest_reminder_s=(now - due["oldest"]).total_seconds() if due["oldest"] else 0.0,
        approvals_pending=ApprovalRequest.objects.filter(state=ApprovalState.PENDING).count(),
        failed_sign_ins=failed.aggregate(total=Sum("failures_since_start"))["total"] or 0,
        heartbeat_ages=heartbeats.ages(),
        outbox={state: waiting.get(state, 0) for state in MessageState.values if state != MessageState.SENT},
    )


def has_open_migrations() -> bool:
    """The code knows tables that the database does not have yet."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
