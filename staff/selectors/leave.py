"""Who is away, who stands in, and whose leave somebody may read."""

from datetime import datetime

from django.db.models import Q, QuerySet

from core import clock
from core.statements import rows_of
from staff.enums import ROLE_SCOPE, LeaveState, Role, Scope
from staff.models import Leave, User
from staff.policies import can_manage_store_leave

OPEN_STATES = (LeaveState.REQUESTED, LeaveState.APPROVED)


def stand_in_on_duty(leave: Leave, *, at: datetime) -> User | None:
    """The stand-in of a leave, unless that person left or is on leave as well."""
    stand_in = leave.stand_in
    if stand_in is None or not stand_in.is_active or leaves_at(at).filter(user=stand_in).exists():
        return None
    return stand_in


def leaves_at(at: datetime) -> QuerySet[Leave]:
    """Approved leaves that cover the moment; the first moment belongs to a leave, the last does not."""
    return Leave.objects.filter(state=LeaveState.APPROVED, starts_at__lte=at, ends_at__gt=at)


def leaves_visible_to(user: User) -> QuerySet[Leave]:
    """The leaves of the people whose leave the user records; newest first."""
    return (
        Leave.objects.filter(user__in=leave_people_of(user))
        .select_related("user__team", "stand_in", "recorded_by", "decided_by")
        .order_by("-starts_at", "-id")
    )


def leave_people_of(user: User) -> QuerySet[User]:
    """Whose leave the user records and reads; the same people as staff.policies.can_manage_leave."""
    if can_manage_store_leave(user):
        people = User.objects.filter(store=user.store_id)
    else:
        people = User.objects.filter(Q(pk=user.pk) | Q(team__supervisor=user, store=user.store_id))
    return people.filter(is_active=True).order_by("employee_number")


def able_colleagues_of(person: User) -> QuerySet[User]:
    """Who could ever stand in: at work in the store, and able to see customers when the person has some."""
    found = User.objects.filter(store=person.store_id, is_active=True).exclude(pk=person.pk)
    found = found.exclude(must_change_password=True, last_login=None)
    if person.may_own:
        found = found.filter(
            Q(scope_override="", roles__overlap=sorted(ROLE_SCOPE)) | ~Q(scope_override__in=["", Scope.NONE])
        )
    return found.order_by("employee_number")


def stand_ins_for(person: User, starts_at: datetime, ends_at: datetime) -> list[User]:
    """Those of them who are not away then; other consultants first, the own team before others."""
    away = Leave.objects.filter(state__in=OPEN_STATES, starts_at__lt=ends_at, ends_at__gt=starts_at).values("user")
    found = able_colleagues_of(person).exclude(pk__in=away).select_related("team")
    return sorted(found, key=lambda each: (not each.may_own, each.team_id != person.team_id))


def leave_at(user_id: int, at: datetime) -> Leave | None:
    """The leave that covers the moment."""

    def build(at: datetime, number: int) -> QuerySet[Leave]:
        return leaves_at(at).filter(user=number).select_related("stand_in")[:1]

    return next(iter(rows_of("leave at", None, build, at, user_id)), None)


def leave_next(user: User) -> Leave | None:
    """The person's present or next leave."""
    ahead = Leave.objects.filter(user=user, state__in=OPEN_STATES, ends_at__gt=clock.now())
    return ahead.select_related("stand_in").order_by("starts_at").first()


def leaves_to_decide(user: User) -> QuerySet[Leave]:
    """The same leaves as staff.policies.can_decide_leave, decided or not."""
    mine = Q(user__reports_to=user) | Q(user__team__supervisor=user) | Q(user__team__parent__supervisor=user)
    if user.has_role(Role.SALES_MANAGER, Role.GENERAL_MANAGER) and user.store_id is not None:
        mine |= Q(user__store=user.store_id)
    may_decide = user.is_active and user.is_leader
    rows = Leave.objects.filter(mine).exclude(user=user) if may_decide else Leave.objects.none()
    return rows.select_related("user__store", "user__team", "stand_in").order_by("starts_at", "id")
