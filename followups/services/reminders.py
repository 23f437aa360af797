"""The sweep: one due row per transaction, reminder and state together (reliability.md 4.1).

Nothing is decided by time windows: a row is due until it was handled, so a dead process loses nothing, and the unique
key of the notification makes a second delivery impossible.
"""

import logging
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from core import clock
from core.transactions import service
from followups.enums import Step
from followups.models import FollowUp
from followups.selectors import Claimed, callback_claimed
from followups.services.due import step_times
from followups.services.misses import miss_note
from followups.services.planning import subject_of
from notifications.enums import NoticeKind
from notifications.services import notice_create, notices_done
from opportunities.models import Opportunity
from staff.models import User
from staff.selectors import leader_on_duty, leave_at, stand_in_on_duty

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
    follow_up_id = (
        FollowUp.objects.reminder_due()
        .select_for_update(no_key=True, skip_locked=True)
        .order_by("remind_at", "id")
        .values_list("pk", flat=True)
        .first()
    )
    if follow_up_id is None:
        return False
    try:
        with transaction.atomic():
            _fire(follow_up_id)
    except Exception as error:  # noqa: BLE001 -- one poisoned row must not stop the sweep; it is counted and reported
        _back_off(follow_up_id, error)
    return True


def _fire(follow_up_id: int) -> None:
    """Write the notification of the current step and point to the next step."""
    now = clock.now()
    # Read after the lock was taken: the owner of this moment, not the one of the moment before (reliability.md 2.1, 9).
    claimed = callback_claimed(follow_up_id, at=now)
    follow_up = claimed.follow_up
    times = step_times(follow_up, before_min=claimed.before_min, escalate_min=claimed.escalate_min)
    step = _current_step(follow_up, times, now)
    recipient_id = _recipient_id(claimed, step, now)
    if recipient_id is not None:
        _notify(claimed, step, recipient_id)
        if step in (Step.SOON, Step.DUE) and recipient_id == claimed.owner_id:
            follow_up.due_notified_at = follow_up.due_notified_at or now  # from here on the owner knows
    if step == Step.OVERDUE:
        miss_note(follow_up, opportunity=follow_up.opportunity, now=now)
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


def _recipient_id(claimed: Claimed, step: str, now: datetime) -> int | None:
    """The current owner; somebody else when the owner is not there, and for the last step."""
    if claimed.is_owner_there and step != Step.ESCALATE:
        return claimed.owner_id
    person = _instead_of_owner(claimed.follow_up.opportunity, step, now)
    return person.pk if person is not None else None


def _instead_of_owner(opportunity: Opportunity, step: str, now: datetime) -> User | None:
    """On leave the stand-in; without an owner who registered the customer; else the leader on duty."""
    owner = opportunity.owner
    leader = partial(leader_on_duty, owner, store_id=opportunity.store_id, at=now)
    if step == Step.ESCALATE:
        return leader()
    if owner is None:
        registrar = opportunity.registered_by
        return registrar if registrar is not None and registrar.is_active else leader()
    leave = leave_at(owner.pk, now) if owner.is_active else None
    stand_in = stand_in_on_duty(leave, at=now) if leave is not None else None
    return stand_in or leader()


def _notify(claimed: Claimed, step: str, recipient_id: int) -> None:
    follow_up = claimed.follow_up
    subject = subject_of(follow_up)
    notices_done(subjects=[subject], recipient_id=recipient_id)  # the newest step replaces the older ones
    notice_create(
        recipient_id=recipient_id,
        kind=_KINDS[step],
        url=f"/opportunities/{follow_up.opportunity_id}/",
        subject=subject,
        dedupe_key=f"{subject}:{follow_up.generation}:{step}",
        customer=claimed.customer,
        code=follow_up.rule_code,
        due_at=follow_up.due_at.isoformat(),
        owner=claimed.owner,
    )
    logger.info("reminder %s for callback %s to user %s", step, follow_up.pk, recipient_id)


def _back_off(follow_up_id: int, error: Exception) -> None:
    """The row rests 1, 2, 4 … minutes; after the last try a manager is told instead."""
    row = FollowUp.objects.select_related("customer").get(pk=follow_up_id)
    row.attempts += 1
    row.last_error = f"{type(error).__name__}: {error}"[:300]
    row.remind_at = clock.now() + timedelta(minutes=2 ** (row.attempts - 1))
    logger.exception("reminder of callback %s failed (try %s)", row.pk, row.attempts)
    is_dead = row.attempts >= MAX_ATTEMPTS
    if is_dead:
        row.remind_at = None
    row.save(update_fields=["attempts", "last_error", "remind_at", "updated_at"])
    if is_dead:
        _report_dead(row)


def _report_dead(row: FollowUp) -> None:
    """Tell the manager. If that fails as well, the row must rest all the same: else it would stop the sweep."""
    manager = leader_on_duty(None, store_id=row.store_id, at=clock.now())
    if manager is None:
        return
    try:
        with transaction.atomic():
            notice_create(
                recipient_id=manager.pk,
                kind=NoticeKind.REMINDER_DEAD,
                url=f"/opportunities/{row.opportunity_id}/",
                subject=f"followups.FollowUp:{row.pk}",
                dedupe_key=f"dead:{row.pk}:{row.generation}",
                customer=row.customer.name,
                code=row.rule_code,
            )
    except Exception:  # noqa: BLE001 -- see above; the log has it
        logger.exception("nobody was told that the reminder of callback %s is dead", row.pk)
