"""The sweep: one due row per transaction, reminder and state together (reliability.md 4.1).

Nothing is decided by time windows: a row is due until it was handled, so a dead process loses nothing, and the unique
key of the notification makes a second delivery impossible.
"""

import logging
from datetime import datetime, timedelta
from functools import partial

from django.db import InterfaceError, OperationalError, transaction

from core import clock, events
from core.transactions import service, sql_state
from followups.enums import Step
from followups.events import FollowUpEscalated
from followups.models import FollowUp
from followups.services.claims import Claimed, callback_claim, callback_claimed, ladder_save
from followups.services.due import step_times
from followups.services.misses import excuse_of_owner, miss_note
from followups.services.planning import subject_of
from notifications.enums import NoticeKind
from notifications.services import notice_create
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
    Step.MANAGER: NoticeKind.FOLLOW_UP_ESCALATED,
}
_AFTER: dict[str, str] = {
    Step.SOON: Step.DUE,
    Step.DUE: Step.OVERDUE,
    Step.OVERDUE: Step.ESCALATE,
    Step.ESCALATE: Step.MANAGER,
    Step.MANAGER: Step.NONE,
}
_ABOVE_THE_OWNER: frozenset[str] = frozenset({Step.ESCALATE, Step.MANAGER})


class _FailedError(Exception):
    """One row cannot be reminded of; its cause says why."""

    def __init__(self, follow_up_id: int) -> None:
        super().__init__(follow_up_id)
        self.follow_up_id = follow_up_id


def followup_remind_next() -> bool:
    """Send the next due reminder step of one callback. Returns False when nothing is due.

    Claims the row with SKIP LOCKED: any number of workers may run. A row that fails is tried again with growing
    pauses and does not hold up the others; after eight tries it rests and the manager is told.
    """
    try:
        return _remind_next()
    except _FailedError as failure:
        _back_off(failure.follow_up_id, failure.__cause__ or failure)
        return True


@service
def _remind_next() -> bool:
    claim = callback_claim()
    if claim is None:
        return False
    follow_up_id, now = claim
    try:
        _fire(follow_up_id, now)
    except Exception as error:
        if _is_outage(error):
            raise  # nothing is wrong with the row: it is still due
        raise _FailedError(follow_up_id) from error
    return True


def _is_outage(error: Exception) -> bool:
    """The database went away, restarts, ended our session or has no room left."""
    if isinstance(error, InterfaceError):
        return True
    state = sql_state(error)
    return isinstance(error, OperationalError) and (state is None or state.startswith(("08", "53", "57P")))


def _fire(follow_up_id: int, now: datetime) -> None:
    """Write the notification of the current step and point to the next step."""
    # Read after the lock was taken: the owner of this moment, not the one of the moment before (reliability.md 2.1, 9).
    claimed = callback_claimed(follow_up_id, at=now)
    follow_up = claimed.follow_up
    times = step_times(
        follow_up,
        before_min=claimed.before_min,
        escalate_min=claimed.escalate_min,
        manager_min=claimed.manager_min,
    )
    step = _current_step(follow_up, times, now)
    recipient_id = _recipient_id(claimed, step, now)
    if recipient_id is not None:
        _notify(claimed, step, recipient_id, now)
        if step in (Step.SOON, Step.DUE) and recipient_id == claimed.owner_id:
            follow_up.due_notified_at = follow_up.due_notified_at or now  # from here on the owner knows
    if step in _ABOVE_THE_OWNER:
        _tell_escalated(claimed, step, now)
    if step == Step.OVERDUE:
        miss_note(follow_up, opportunity=claimed.opportunity, now=now, excuse=partial(_excuse, claimed))
    following = _AFTER[step] if _AFTER[step] in times else Step.NONE
    follow_up.remind_step = following
    follow_up.remind_at = times.get(following)
    follow_up.attempts, follow_up.last_error = 0, ""
    ladder_save(follow_up, now=now)


def _tell_escalated(claimed: Claimed, step: str, now: datetime) -> None:
    events.emit(
        FollowUpEscalated(
            follow_up_id=claimed.follow_up.pk,
            opportunity_id=claimed.follow_up.opportunity_id,
            store_id=claimed.follow_up.store_id,
            rule_code=claimed.follow_up.rule_code,
            owner_name=claimed.owner,
            step=step,
            due_at=claimed.follow_up.due_at,
            at=now,
        )
    )


def _excuse(claimed: Claimed) -> str:
    if not claimed.is_owner_active:
        return "unassigned"
    return excuse_of_owner(claimed.follow_up, was_away=claimed.was_away)


def _current_step(follow_up: FollowUp, times: dict[str, datetime], now: datetime) -> str:
    """After an outage the owner hears only the latest of "soon" and "due"; a miss is always told."""
    if follow_up.remind_step == Step.SOON and times[Step.DUE] <= now:
        return Step.DUE
    return follow_up.remind_step


def _recipient_id(claimed: Claimed, step: str, now: datetime) -> int | None:
    """The current owner; somebody else when the owner is not there, and for the last step."""
    if claimed.is_owner_there and step not in _ABOVE_THE_OWNER:
        return claimed.owner_id
    person = _instead_of_owner(claimed.opportunity, step, now)
    return person.pk if person is not None else None


def _instead_of_owner(opportunity: Opportunity, step: str, now: datetime) -> User | None:
    """On leave the stand-in; without an owner who registered the customer; else the leader on duty."""
    owner = opportunity.owner
    leader = partial(leader_on_duty, owner, store_id=opportunity.store_id, at=now)
    if step == Step.ESCALATE:
        return leader()
    if step == Step.MANAGER:
        return leader_on_duty(None, store_id=opportunity.store_id, at=now)
    if owner is None:
        registrar = opportunity.registered_by
        return registrar if registrar is not None and registrar.is_active else leader()
    leave = leave_at(owner.pk, now) if owner.is_active else None
    stand_in = stand_in_on_duty(leave, at=now) if leave is not None else None
    return stand_in or leader()


def _notify(claimed: Claimed, step: str, recipient_id: int, now: datetime) -> None:
    follow_up = claimed.follow_up
    subject = subject_of(follow_up)
    notice_create(
        recipient_id=recipient_id,
        kind=_KINDS[step],
        url=f"/opportunities/{follow_up.opportunity_id}/",
        subject=subject,
        dedupe_key=f"{subject}:{follow_up.generation}:{step}",
        is_replacing=True,  # the newest step replaces the older ones
        at=now,
        customer=claimed.customer,
        code=follow_up.rule_code,
        due_at=follow_up.due_at.isoformat(),
        owner=claimed.owner,
    )
    logger.info("reminder %s for callback %s to user %s", step, follow_up.pk, recipient_id)


@service
def _back_off(follow_up_id: int, error: BaseException) -> None:
    """The row rests 1, 2, 4 … minutes; after the last try a manager is told instead. Who holds it tries it now."""
    rows = FollowUp.objects.reminder_due().select_related("customer").filter(pk=follow_up_id)
    row = rows.select_for_update(no_key=True, skip_locked=True, of=("self",)).first()
    if row is None:
        return
    row.attempts += 1
    row.last_error = f"{type(error).__name__}: {error}"[:300]
    row.remind_at = clock.sql_now() + timedelta(minutes=2 ** (row.attempts - 1))
    logger.error("reminder of callback %s failed (try %s)", row.pk, row.attempts, exc_info=error)
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
