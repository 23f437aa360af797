"""What may be asked. Every app registers its kinds when it is ready; nobody else knows what they mean."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from notifications.enums import NoticeKind
from notifications.selectors import APPROVAL_WORDS
from staff.enums import LEADER_ROLES, Scope
from staff.models import User

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from approvals.models import ApprovalRequest


@dataclass(frozen=True)
class Card:
    """How one request is shown. `effect`: what approving it does, in a word or two, for the button ("H → C");
    `bound_to`: the version that the decision is about ("王建国 v2"); `data`: for the template of the kind."""

    title: str
    about: str = ""
    effect: str = ""
    bound_to: str = ""
    url: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ApprovalKind:
    """One thing that somebody else decides.

    `authority`: the roles that decide it in the store of the request; or a function of the person that returns which
    requests the person may decide (None: none of them). Nobody decides an own request, whatever it says. `deciders`:
    who is asked for that at all; only without it the function has to say so.
    `version`: locks the subject and tells its version now, None when it is gone; without it a request is not checked
    against its subject. `cards`: how several requests are shown, with a constant number of queries, by request id.
    `recipients`: who hears of a new request; without it everybody in the store who may decide it.
    `template`: a fragment for the page of one request, with `approval` and `card`.
    `notice_words`: values for the sentences of the notices, beside `by` and `title`.
    """

    code: str
    label: "str | _StrPromise"
    icon: str
    authority: "Collection[str] | Callable[[User], Q | None]" = LEADER_ROLES
    deciders: "Callable[[User], bool] | None" = None
    template: str = ""
    url: "str | Callable[[ApprovalRequest], str]" = ""
    cards: "Callable[[Sequence[ApprovalRequest]], dict[int, Card]] | None" = None
    version: "Callable[[int], int | None] | None" = None
    recipients: "Callable[[ApprovalRequest], list[int]] | None" = None
    asked_notice: str = NoticeKind.APPROVAL_REQUESTED
    decided_notice: str = NoticeKind.APPROVAL_DECIDED
    notice_words: "Callable[[ApprovalRequest], dict[str, Any]] | None" = None

    def is_for(self, user: User) -> bool:
        """Whether the person may decide any; on every page, so it makes no condition when it need not."""
        if self.deciders is None:
            return self.decidable_by(user) is not None
        return user.is_active and user.store_id is not None and self.deciders(user)

    def decidable_by(self, user: User) -> Q | None:
        """Which requests of this kind the person may decide, pending or not; None: none."""
        if not user.is_active or user.store_id is None or (self.deciders and not self.deciders(user)):
            return None
        if callable(self.authority):
            condition = self.authority(user)
            return None if condition is None else Q(kind=self.code) & condition & ~Q(requested_by=user)
        if not user.has_role(*self.authority):
            return None
        reach = Q(store__group__stores=user.store_id) if user.scope == Scope.GROUP else Q(store=user.store_id)
        return Q(kind=self.code) & reach & ~Q(requested_by=user)

    def cards_of(self, requests: "Sequence[ApprovalRequest]") -> dict[int, Card]:
        made = self.cards(requests) if self.cards and requests else {}
        return {request.pk: made.get(request.pk) or self._plain_card(request) for request in requests}

    def _plain_card(self, request: "ApprovalRequest") -> Card:
        url = self.url(request) if callable(self.url) else self.url
        return Card(title=str(self.label), url=url, effect=str(self.label))


def leaders(user: User) -> bool:
    return user.is_leader


_kinds: dict[str, ApprovalKind] = {}


def register(*kinds: ApprovalKind) -> None:
    """Add kinds; the same code again replaces one (an app that is made ready twice)."""
    for kind in kinds:
        _kinds[kind.code] = kind
        APPROVAL_WORDS[kind.code] = kind.label


def kind_of(code: str) -> ApprovalKind:
    """Raises KeyError for a kind that no app registered."""
    return _kinds[code]


def all_kinds() -> tuple[ApprovalKind, ...]:
    return tuple(_kinds.values())
