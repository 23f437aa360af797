"""Who may decide what, what waits for a person, and what became of what the person asked."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from approvals.enums import DECIDED
from approvals.kinds import ApprovalKind, Card, all_kinds, kind_of
from approvals.models import ApprovalRequest
from staff.duties import Counts, Duty
from staff.enums import LEADER_ROLES
from staff.models import User

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

NOTHING = Q(pk__in=[])
WAITING_LIMIT = 100  # nobody works through more at one sitting
LIST_LIMIT = 12  # beside the request on a wide screen
HISTORY_LIMIT = 6
VIEWS: dict[str, "_StrPromise"] = {
    "waiting": pgettext_lazy("approvals", "Waiting for me"),
    "mine": pgettext_lazy("approvals", "My requests"),
    "done": pgettext_lazy("approvals", "Decided by me"),
}


@dataclass(frozen=True)
class Line:
    """One request as a list shows it."""

    request: ApprovalRequest
    kind: ApprovalKind
    card: Card


@dataclass(frozen=True)
class Place:
    """Where a request stands among those that wait for the person: number 0 when it does not wait for this person."""

    number: int
    total: int
    previous_id: int | None
    next_id: int | None


def decidable_by(user: User) -> Q:
    """Which requests the person has the authority for, whatever their state; never the own ones."""
    found = NOTHING
    for kind in all_kinds():
        condition = kind.decidable_by(user)
        if condition is not None:
            found = found | condition
    return found


def is_decider(user: User) -> bool:
    """Somebody who may decide at least one kind of request."""
    return any(kind.is_for(user) for kind in all_kinds())


def requests_visible_to(user: User) -> QuerySet[ApprovalRequest]:
    """What the person asked, and what the person may decide or might have decided."""
    rows = ApprovalRequest.objects.filter(Q(requested_by=user) | Q(decided_by=user) | decidable_by(user))
    return rows.filter(kind__in=[kind.code for kind in all_kinds()])


def requests_waiting_for(user: User) -> QuerySet[ApprovalRequest]:
    """The pending requests that the person may decide, the longest waiting first."""
    return ApprovalRequest.objects.pending().filter(decidable_by(user)).order_by("created_at", "id")


def requests_to_decide_of(user_ids: Collection[int]) -> Counts:
    """How many pending requests each of these people may decide; three queries for each."""
    people = User.objects.filter(pk__in=user_ids).select_related("store")
    return {person.pk: requests_waiting_for(person).count() for person in people}


# Whoever else may decide goes on; the page of somebody who leaves tells that there is something to do before.
TO_DECIDE = Duty(code="approvals", label=_("Requests to decide"), icon="checkup-list", count=requests_to_decide_of)


def requests_of_view(user: User, view: str) -> QuerySet[ApprovalRequest]:
    """The rows of a tab of the inbox, with the people a line shows; the caller orders them."""
    rows = {"waiting": requests_waiting_for, "mine": requests_asked_by, "done": requests_decided_by}[view](user)
    return rows.select_related("requested_by", "decided_by")


def place_of(user: User, request: ApprovalRequest) -> Place:
    """One query."""
    ids = list(requests_waiting_for(user).values_list("pk", flat=True)[:WAITING_LIMIT])
    if request.pk not in ids:
        return Place(number=0, total=len(ids), previous_id=None, next_id=ids[0] if ids else None)
    at = ids.index(request.pk)
    others = ids[at + 1 :] + ids[:at]
    return Place(
        number=at + 1,
        total=len(ids),
        previous_id=ids[at - 1] if at else None,
        next_id=others[0] if others else None,
    )


def waiting_lines(user: User) -> list[Line]:
    """The next ones, for the list beside the request."""
    return lines(requests_waiting_for(user).select_related("requested_by")[:LIST_LIMIT])


def requests_asked_by(user: User) -> QuerySet[ApprovalRequest]:
    return ApprovalRequest.objects.filter(requested_by=user, kind__in=[kind.code for kind in all_kinds()])


def requests_decided_by(user: User) -> QuerySet[ApprovalRequest]:
    return ApprovalRequest.objects.filter(decided_by=user, state__in=DECIDED)


def request_pending(*, kind: str, subject_type: str, subject_id: int) -> ApprovalRequest | None:
    """The request of this kind that waits for a decision about the subject."""
    rows = ApprovalRequest.objects.pending().of_subject(subject_type, subject_id)
    return rows.filter(kind=kind).select_related("requested_by").first()


def requests_pending(*, subject_type: str, subject_id: int) -> list[ApprovalRequest]:
    """Everything that waits for a decision about the subject."""
    rows = ApprovalRequest.objects.pending().of_subject(subject_type, subject_id)
    return list(rows.select_related("requested_by").order_by("pk"))


def history_of(*, subject_type: str, subject_id: int, without: ApprovalRequest | None = None) -> list[Line]:
    """What was asked about the subject before, newest first."""
    rows = ApprovalRequest.objects.of_subject(subject_type, subject_id)
    if without is not None:
        rows = rows.exclude(pk=without.pk)
    found = rows.select_related("requested_by", "decided_by").order_by("-created_at", "-id")
    return lines(found[:HISTORY_LIMIT])


def lines(requests: Iterable[ApprovalRequest]) -> list[Line]:
    """With what the kinds say about them: a constant number of queries for every kind that occurs."""
    rows = list(requests)
    by_kind: defaultdict[str, list[ApprovalRequest]] = defaultdict(list)
    for row in rows:
        by_kind[row.kind].append(row)
    cards: dict[int, Card] = {}
    for code, group in by_kind.items():
        cards |= kind_of(code).cards_of(group)
    return [Line(request=row, kind=kind_of(row.kind), card=cards[row.pk]) for row in rows]


def line(request: ApprovalRequest) -> Line:
    return lines([request])[0]


def recipients_of(request: ApprovalRequest) -> Sequence[int]:
    """Whose inbox a new request goes to; never that of the one who asks."""
    kind = kind_of(request.kind)
    if kind.recipients is not None:
        found = kind.recipients(request)
    else:
        found = [person.pk for person in _candidates(kind, request) if _may(kind, person, request)]
    return [pk for pk in dict.fromkeys(found) if pk != request.requested_by_id]


def _candidates(kind: ApprovalKind, request: ApprovalRequest) -> QuerySet[User]:
    roles = LEADER_ROLES if callable(kind.authority) else kind.authority
    return User.objects.filter(store=request.store_id, is_active=True, roles__overlap=sorted(roles)).order_by("id")


def _may(kind: ApprovalKind, person: User, request: ApprovalRequest) -> bool:
    if not callable(kind.authority):
        return True  # the roles and the store are what it asks for
    condition = kind.decidable_by(person)
    return condition is not None and ApprovalRequest.objects.filter(condition, pk=request.pk).exists()
