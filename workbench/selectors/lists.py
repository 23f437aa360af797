"""The customer list: saved views, and what a row shows. One query for a page of rows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from core import clock
from core.pagination import Key
from customers.models import CustomerPhone
from followups.models import FollowUp
from opportunities.models import Opportunity
from opportunities.selectors import opportunities_visible_to
from opportunities.stages import Outcome
from staff.models import User

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

STALE_DAYS = 7  # without an effective contact for longer: the hourglass (design 17)


@dataclass(frozen=True)
class SavedView:
    """One tab of the list. `order` is a keyset; rows of open customers go by the next action, closed ones by age."""

    key: str
    label: "str | _StrPromise"
    narrow: Callable[[QuerySet[Opportunity]], QuerySet[Opportunity]]
    order: tuple[Key, ...] = (Key("next_action_at", nulls_last=True),)
    is_for_leaders: bool = False


def _late(rows: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    """The next action lies in the past and its deadline too."""
    return rows.open().filter(Exists(_late_callbacks()), next_action_at__lt=clock.now())


def _late_callbacks() -> QuerySet[FollowUp]:
    return FollowUp.objects.overdue().filter(opportunity=OuterRef("pk"))


def _today(rows: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    return rows.open().filter(~Exists(_late_callbacks()), next_action_at__lte=clock.end_of_day(clock.today()))


def _week(rows: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    today = clock.today()
    sunday = today + timedelta(days=6 - today.weekday())
    return rows.open().filter(next_action_at__lte=clock.end_of_day(sunday))


def _stale(rows: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    limit = clock.now() - timedelta(days=STALE_DAYS)
    return rows.open().filter(Q(last_contact_at__lt=limit) | Q(last_contact_at=None, opened_at__lt=limit))


def _closed(rows: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    return rows.exclude(outcome=Outcome.OPEN)


SAVED_VIEWS: tuple[SavedView, ...] = (
    SavedView("all", _("In progress"), lambda rows: rows.open()),
    SavedView("overdue", _("Overdue"), _late),
    SavedView("today", _("Due today"), _today),
    SavedView("week", _("This week"), _week),
    SavedView("stale", _("No contact for 7 days"), _stale),
    SavedView("unassigned", _("Without owner"), lambda rows: rows.unassigned(), (Key("opened_at"),), True),
    SavedView("closed", _("Closed"), _closed, (Key("pk", desc=True),)),
)


def saved_views(user: User) -> list[SavedView]:
    return [view for view in SAVED_VIEWS if user.is_leader or not view.is_for_leaders]


def saved_view(user: User, key: str | None) -> SavedView:
    """The view of that key; an unknown one, or one that is not for this person, is the first."""
    views = saved_views(user)
    return next((view for view in views if view.key == key), views[0])


def list_rows(user: User, view: SavedView) -> QuerySet[Opportunity]:
    """Rows the person may see, each with `phone` (main number) and `deadline_at` (of the earliest open callback)."""
    main = CustomerPhone.objects.filter(customer=OuterRef("customer_id"), is_primary=True)
    pending = FollowUp.objects.pending().filter(opportunity=OuterRef("pk"))
    return view.narrow(opportunities_visible_to(user)).annotate(
        phone=Subquery(main.values("number")[:1]),
        deadline_at=Subquery(pending.order_by("due_at", "id").values("deadline_at")[:1]),
    )


@dataclass(frozen=True)
class ListRow:
    """`tone`: od (late), today, later, or "" without a next action. `is_stale`: too long without a contact."""

    opportunity: Opportunity
    phone: str
    tone: str
    is_stale: bool
    stale_days: int

    @property
    def is_new(self) -> bool:
        return self.opportunity.is_open and self.opportunity.last_contact_at is None


def list_row(opportunity: Opportunity) -> ListRow:
    now = clock.now()
    due_at, deadline_at = opportunity.next_action_at, opportunity.deadline_at  # type: ignore[attr-defined]
    tone = ""
    if due_at is not None:
        is_today = clock.local_date(due_at) <= clock.local_date(now)
        tone = "od" if deadline_at is not None and deadline_at < now else "today" if is_today else "later"
    last = opportunity.last_contact_at
    days = (clock.local_date(now) - clock.local_date(last)).days if last else 0
    return ListRow(
        opportunity=opportunity,
        phone=opportunity.phone or "",  # type: ignore[attr-defined]
        tone=tone,
        is_stale=opportunity.is_open and days > STALE_DAYS,
        stale_days=days,
    )
