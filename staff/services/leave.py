"""Days off: asked for, decided, taken back, and who stands in meanwhile."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from core import clock, events
from core.errors import Conflict, DomainError
from core.text import clean_text
from core.transactions import service
from staff.enums import LEAVE_MACHINE, LeaveState, Scope
from staff.events import LeaveRequested, LeaveSettled
from staff.models import Leave, User
from staff.policies import can_decide_leave, can_manage_leave, ensure
from staff.selectors.approvers import leave_approver
from staff.selectors.leave import OPEN_STATES

LEAVE_MAX_DAYS = 366
LEAVE_REACH_DAYS = 366  # how far a leave may lie in the past or the future


@service
def leave_record(
    *,
    user_id: int,
    kind: str,
    starts_at: datetime,
    ends_at: datetime,
    stand_in_id: int | None,
    note: str = "",
    by: User,
) -> Leave:
    """Ask for days off, or record them for somebody. Approved, callbacks go to the stand-in, else to the supervisor.

    Whoever leads the person approves by recording; the own leave waits for a leader when there is one.
    Raises PermissionDenied, ValidationError (overlap with another leave, end before start, more than a year away or
    long, stand-in of another store or on leave).
    """
    # Both people, in one order: the stand-in cannot go on leave in the same moment.
    locked = User.objects.select_for_update(no_key=True, of=("self",)).select_related("team").order_by("pk")
    people = {row.pk: row for row in locked.filter(pk__in={user_id, stand_in_id or user_id})}
    person = people[user_id]
    ensure(can_manage_leave(by, person))
    _ensure_times(starts_at, ends_at)
    _ensure_no_other(person, starts_at, ends_at)
    if stand_in_id is not None:
        _ensure_stand_in(person, people.get(stand_in_id), starts_at, ends_at)
    leave = Leave(
        user=person,
        kind=kind,
        starts_at=starts_at,
        ends_at=ends_at,
        stand_in_id=stand_in_id,
        note=clean_text(note),
        recorded_by=by,
    )
    _save_new(leave, by=by)
    return leave


def _save_new(leave: Leave, *, by: User) -> None:
    """Approved when a leader recorded it or nobody stands above; else it waits."""
    person = leave.user
    if by.pk != person.pk:
        leave.decided_by, leave.decided_at = by, clock.now()
    elif leave_approver(person) is not None:
        leave.state = LeaveState.REQUESTED
    leave.full_clean()
    leave.save()
    if leave.state == LeaveState.REQUESTED:
        events.emit(LeaveRequested(leave_id=leave.pk, user_id=person.pk, store_id=person.store_id or 0, by_id=by.pk))


@service
def leave_decide(
    *, leave_id: int, is_approved: bool, comment: str = "", stand_in_id: int | None = None, by: User
) -> Leave:
    """Approve a leave with the stand-in that the leader chose, or refuse it with a word. One winner.

    Raises PermissionDenied (not a leader of the person, the own leave), Conflict (decided or taken back already),
    DomainError (refused without a word, a stand-in who cannot).
    """
    user_id = Leave.objects.values_list("user_id", flat=True).get(pk=leave_id)
    locked = User.objects.select_for_update(no_key=True, of=("self",)).select_related("team__parent").order_by("pk")
    people = {row.pk: row for row in locked.filter(pk__in={user_id, stand_in_id or user_id})}
    leave = Leave.objects.select_for_update(no_key=True, of=("self",)).select_related("user").get(pk=leave_id)
    person = people[user_id]
    ensure(can_decide_leave(by, person))
    if leave.state != LeaveState.REQUESTED:
        raise Conflict(_("This was decided already."), current=leave, code="decided")
    comment = clean_text(comment)[:200]
    if not is_approved and not comment:
        raise DomainError(_("Say why you refuse."), field="comment")
    if is_approved and stand_in_id is not None:
        _ensure_stand_in(person, people.get(stand_in_id), leave.starts_at, leave.ends_at)
    state = LeaveState.APPROVED if is_approved else LeaveState.REFUSED
    LEAVE_MACHINE.check(leave.state, state)
    leave.state, leave.decided_by, leave.decided_at, leave.decision_comment = state, by, clock.now(), comment
    if is_approved:
        leave.stand_in_id = stand_in_id
    leave.full_clean()
    leave.save(update_fields=["state", "decided_by", "decided_at", "decision_comment", "stand_in", "updated_at"])
    _tell(leave, person, by=by)
    return leave


def _tell(leave: Leave, person: User, *, by: User) -> None:
    events.emit(
        LeaveSettled(
            leave_id=leave.pk, user_id=person.pk, store_id=person.store_id or 0, state=leave.state, by_id=by.pk
        )
    )


def _ensure_times(starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= starts_at:
        raise DomainError(_("The end must come after the start."), field="ends_at")
    if abs(starts_at - clock.now()) > timedelta(days=LEAVE_REACH_DAYS):
        raise DomainError(_("This is more than a year away."), field="starts_at")
    if ends_at - starts_at > timedelta(days=LEAVE_MAX_DAYS):
        raise DomainError(_("A leave lasts at most one year."), field="ends_at")


def _ensure_no_other(person: User, starts_at: datetime, ends_at: datetime) -> None:
    other = _leave_between(person.pk, starts_at, ends_at)
    if other is not None:
        days = {"start": f"{clock.local_date(other.starts_at)}", "end": f"{clock.local_date(other.ends_at)}"}
        text = _("There is a leave from %(start)s to %(end)s already.")
        raise DomainError(text, field="starts_at", code="overlap", params=days)


def _ensure_stand_in(person: User, stand_in: User | None, starts_at: datetime, ends_at: datetime) -> None:
    if stand_in is None or stand_in.store_id != person.store_id or not stand_in.is_active:
        raise DomainError(_("The stand-in must work in the same store."), field="stand_in")
    if stand_in.pk == person.pk:
        raise DomainError(_("The stand-in must be somebody else."), field="stand_in")
    if person.may_own and stand_in.scope == Scope.NONE:
        raise DomainError(_("%(name)s may not see customers."), field="stand_in", params={"name": stand_in.name})
    if _leave_between(stand_in.pk, starts_at, ends_at) is not None:
        raise DomainError(_("The stand-in is on leave at that time."), field="stand_in")


def _leave_between(user_id: int, starts_at: datetime, ends_at: datetime) -> Leave | None:
    found = Leave.objects.filter(user=user_id, state__in=OPEN_STATES, starts_at__lt=ends_at, ends_at__gt=starts_at)
    return found.order_by("id").first()


@service
def leave_cancel(*, leave_id: int, by: User) -> None:
    """Take a leave back; callbacks return to the person at once.

    Raises PermissionDenied, DomainError (taken back already; over: it is what excused a late callback).
    """
    rows = Leave.objects.select_for_update(of=("self",)).select_related("user__team")
    leave = rows.filter(pk=leave_id).first()
    if leave is None:
        raise DomainError(_("This leave was taken back already."), code="missing")
    ensure(can_manage_leave(by, leave.user))
    if leave.state not in OPEN_STATES:
        raise DomainError(_("This leave was taken back already."), code="missing")
    if leave.ends_at <= clock.now():
        raise DomainError(_("This leave is over and stays on record."))
    LEAVE_MACHINE.check(leave.state, LeaveState.WITHDRAWN)
    leave.state = LeaveState.WITHDRAWN
    leave.save(update_fields=["state", "updated_at"])
    _tell(leave, leave.user, by=by)
