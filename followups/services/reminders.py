"""The sweep: one due row per transaction, reminder and state together (reliability.md 4.1).

Nothing is decided by time windows: a row is due until it was handled, so a dead process loses nothing, and the unique
key of the notification makes a second delivery impossible.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from core import clock, events
from core.transactions import service
from followups.enums import Step
from followups.events import FollowUpMissed
from followups.models import FollowUp
from followups.services.due import step_times
from notifications.enums import NoticeKind
from notifications.services import notice_create, notices_done
from opportunities.enums import EventKind
from opportunities.services import journey_record
from staff.models import Leave, User
from staff.selectors import leader_of, leave_at, sales_manager_of

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 8
_KINDS: dict[str, str] = {
    Step.SOON: NoticeKind.FOLLOW_UP_SOON,
    Step.DUE: NoticeKind.FOLLOW_UP_DUE,
    Step.OVERDUE: NoticeKind.FOLLOW_UP_OVERDUE,
    Step.ESCALATE: NoticeKind.FOLLOW_UP_ESCALATED,
}
_AFTER: dict[str, str] = {
    Step.SOON: Step.DUE,
    Step.DUE: Step.OVERDUE,
    Step.OVERDUE: Step.ESCALATE,
    Step.ESCALATE: Step.NONE,
}


@service
def followup_remind_next() -> bool:
    """Send the next due reminder step of one callback. Returns False when nothing is due.

    Claims the row with SKIP LOCKED: any number of workers may run. A row that fails is tried again with growing
    pauses and does not hold up the others; after eight tries it rests and the manager is told.
    """
    follow_up = (
        FollowUp.objects.reminder_due()
        .select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("opportunity__owner__team__supervisor", "opportunity__registered_by", "customer", "rule")
        .order_by("remind_at", "id")
        .first()
    )
    if follow_up is None:
        return False
    try:
        with transaction.atomic():
            _fire(follow_up)
    except Exception as error:  # noqa: BLE001 -- one poisoned row must not stop the sweep; it is counted and reported
        _back_off(follow_up.pk, error)
    return True


def _fire(follow_up: FollowUp) -> None:
    """Write the notification of the current step and point to the next step."""
    now = clock.now()
    rule = follow_up.rule
    times = step_times(
        follow_up,
        before_min=rule.remind_before_min if rule else 60,
        escalate_min=rule.escalate_after_min if rule else 60,
    )
    step = _current_step(follow_up, times, now)
    leave = leave_at(follow_up.opportunity.owner_id, now) if follow_up.opportunity.owner_id else None
    recipient = _recipient(follow_up, step, leave)
    if recipient is not None:
        _notify(follow_up, step, recipient)
    if step == Step.DUE:
        follow_up.due_notified_at = now
    if step == Step.OVERDUE and follow_up.missed_at is None:
        _miss(follow_up, leave, now=now)
    following = _AFTER[step]
    follow_up.remind_step = following
    follow_up.remind_at = times[following] if following else None
    follow_up.attempts, follow_up.last_error = 0, ""
    follow_up.save(
        update_fields=[
            "remind_step",
            "remind_at",
            "attempts",
            "last_error",
            "due_notified_at",
            "missed_at",
            "excused",
            "updated_at",
        ]
    )


def _current_step(follow_up: FollowUp, times: dict[str, datetime], now: datetime) -> str:
    """After an outage the owner hears only the latest of "soon" and "due"; a miss is always told."""
    if follow_up.remind_step == Step.SOON and times[Step.DUE] <= now:
        return Step.DUE
    return follow_up.remind_step


def _recipient(follow_up: FollowUp, step: str, leave: Leave | None) -> User | None:
    """The current owner, on leave the stand-in; without either, and for the last step, the leader."""
    opportunity = follow_up.opportunity
    owner = opportunity.owner
    if step == Step.ESCALATE:
        leader = leader_of(owner, store_id=opportunity.store_id)
        return leader or sales_manager_of(opportunity.store_id)
    if owner is None:
        return opportunity.registered_by or sales_manager_of(opportunity.store_id)
    if leave is not None:
        return leave.stand_in or leader_of(owner, store_id=opportunity.store_id)
    if not owner.is_active:
        return leader_of(owner, store_id=opportunity.store_id)
    return owner


def _notify(follow_up: FollowUp, step: str, recipient: User) -> None:
    subject = f"followups.FollowUp:{follow_up.pk}"
    notices_done(subjects=[subject], recipient_id=recipient.pk)  # the newest step replaces the older ones
    notice_create(
        recipient_id=recipient.pk,
        kind=_KINDS[step],
        url=f"/opportunities/{follow_up.opportunity_id}/",
        subject=subject,
        dedupe_key=f"{subject}:{follow_up.generation}:{step}",
        customer=follow_up.customer.name,
        code=follow_up.rule_code,
        due_at=follow_up.due_at.isoformat(),
        owner=follow_up.opportunity.owner.name if follow_up.opportunity.owner else "",
    )
    logger.info("reminder %s for callback %s to user %s", step, follow_up.pk, recipient.pk)


def _miss(follow_up: FollowUp, leave: Leave | None, *, now: datetime) -> None:
    """The deadline passed. A reminder that the system sent late, or a leave, excuses it (reliability.md 2.1, 10)."""
    follow_up.missed_at = follow_up.deadline_at
    if leave is not None:
        follow_up.excused = "leave"
    elif follow_up.opportunity.owner_id is None:
        follow_up.excused = "unassigned"
    elif follow_up.due_notified_at is None or follow_up.due_notified_at > follow_up.deadline_at:
        follow_up.excused = "system"
    journey_record(
        follow_up.opportunity,
        EventKind.FOLLOW_UP_MISSED,
        by=None,
        at=follow_up.deadline_at,
        subject=f"followups.FollowUp:{follow_up.pk}",
        code=follow_up.rule_code,
        excused=follow_up.excused,
    ).save(force_insert=True)
    events.emit(
        FollowUpMissed(
            follow_up_id=follow_up.pk,
            opportunity_id=follow_up.opportunity_id,
            assignee_id=follow_up.assignee_id,
            excused=follow_up.excused,
            at=now,
        )
    )


def _back_off(follow_up_id: int, error: Exception) -> None:
    """The row rests 1, 2, 4 … minutes; after the last try a manager is told instead."""
    row = FollowUp.objects.select_related("customer").get(pk=follow_up_id)
    row.attempts += 1
    row.last_error = f"{type(error).__name__}: {error}"[:300]
    row.remind_at = clock.now() + timedelta(minutes=2 ** (row.attempts - 1))
    logger.exception("reminder of callback %s failed (try %s)", row.pk, row.attempts)
    if row.attempts >= MAX_ATTEMPTS:
        row.remind_at = None
        manager = sales_manager_of(row.store_id)
        if manager is not None:
            notice_create(
                recipient_id=manager.pk,
                kind=NoticeKind.REMINDER_DEAD,
                url=f"/opportunities/{row.opportunity_id}/",
                subject=f"followups.FollowUp:{row.pk}",
                dedupe_key=f"dead:{row.pk}:{row.generation}",
                customer=row.customer.name,
                code=row.rule_code,
            )
    row.save(update_fields=["attempts", "last_error", "remind_at", "updated_at"])
