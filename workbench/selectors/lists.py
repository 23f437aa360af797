"""The customer list: saved views, and what a row shows. Two queries for a page of rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core import clock
from core.pagination import Key
from core.statements import rows_of
from customers.models import CustomerPhone
from customers.selectors import channels_in_use
from followups.enums import RuleCode
from followups.models import FollowUp
from opportunities.models import Opportunity
from opportunities.selectors import opportunities_visible_to
from opportunities.stages import Outcome
from staff.models import User
from staff.selectors import owners_of_store
from vehicles.models import Series

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

STALE_DAYS = 7  # without an effective contact for longer: the hourglass (design 17)


@dataclass(frozen=True)
class SavedView:
    """One tab of the list. `order` is a keyset; rows of open customers go by the next action, closed ones by age.

    `is_kept`: its statement stays the same for the day (core.statements)."""

    key: str
    label: "str | _StrPromise"
    narrow: Callable[[QuerySet[Opportunity]], QuerySet[Opportunity]]
    order: tuple[Key, ...] = (Key("next_action_at", nulls_last=True),)
    is_for_leaders: bool = False
    is_kept: bool = True


def _open(rows: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    return rows.filter(outcome=Outcome.OPEN)


def _unassigned(rows: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    return _open(rows).filter(owner=None)


def _late(rows: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    """The next action lies in the past and its deadline too."""
    return _open(rows).filter(Exists(_late_callbacks()), next_action_at__lt=clock.now())


def _late_callbacks() -> QuerySet[FollowUp]:
    return FollowUp.objects.overdue().filter(opportunity=OuterRef("pk"))


def _today(rows: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    return _open(rows).filter(~Exists(_late_callbacks()), next_action_at__lte=clock.end_of_day(clock.today()))


def _week(rows: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    today = clock.today()
    sunday = today + timedelta(days=6 - today.weekday())
    return _open(rows).filter(next_action_at__lte=clock.end_of_day(sunday))


def _stale(rows: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    limit = clock.now() - timedelta(days=STALE_DAYS)
    return _open(rows).filter(Q(last_contact_at__lt=limit) | Q(last_contact_at=None, opened_at__lt=limit))


def _closed(rows: QuerySet[Opportunity]) -> QuerySet[Opportunity]:
    return rows.exclude(outcome=Outcome.OPEN)


SAVED_VIEWS: tuple[SavedView, ...] = (
    SavedView("all", gettext_lazy("In progress"), _open),
    SavedView("overdue", gettext_lazy("Overdue"), _late),
    SavedView("today", gettext_lazy("Due today"), _today),
    SavedView("week", gettext_lazy("This week"), _week),
    SavedView("stale", gettext_lazy("No contact for 7 days"), _stale, is_kept=False),
    SavedView("unassigned", gettext_lazy("Without owner"), _unassigned, (Key("opened_at"),), True),
    SavedView("closed", gettext_lazy("Closed"), _closed, (Key("pk", desc=True),)),
)


def saved_views(user: User) -> list[SavedView]:
    return [view for view in SAVED_VIEWS if user.is_leader or not view.is_for_leaders]


def saved_view(user: User, key: str | None) -> SavedView:
    """The view of that key; an unknown one, or one that is not for this person, is the first."""
    views = saved_views(user)
    return next((view for view in views if view.key == key), views[0])


def list_rows(user: User, view: SavedView) -> QuerySet[Opportunity]:
    """Rows the person may see, to be filtered and paged; what a row shows comes with `dressed`."""
    return view.narrow(Opportunity.objects.visible_to(user))


def dressed(rows: Sequence[Opportunity]) -> list[Opportunity]:
    """The rows of one page with everything they show, `phone` (main number) and `deadline_at` (of the earliest open
    callback) among it. A second query, because PostgreSQL would join what all rows show before it takes a page."""
    ids = [row.pk for row in rows]
    found = {row.pk: row for row in rows_of("list", None, _dressed, *ids)} if ids else {}
    return [found[pk] for pk in ids if pk in found]


def _dressed(*ids: int) -> QuerySet[Opportunity]:
    main = CustomerPhone.objects.filter(customer=OuterRef("customer_id"), is_primary=True)
    pending = FollowUp.objects.pending().filter(opportunity=OuterRef("pk"))
    rows = Opportunity.objects.select_related("customer", "owner", "series", "trim", "channel").only(*_SHOWN)
    return rows.filter(pk__in=ids).annotate(
        phone=Subquery(main.values("number")[:1]),
        deadline_at=Subquery(pending.order_by("due_at", "id").values("deadline_at")[:1]),
    )


_SHOWN = (
    "customer__name",
    "customer__area",
    "owner__name",
    "series__name",
    "trim__name",
    "channel__name_zh",
    "channel__name_en",
    "model_text",
    "stage",
    "level",
    "outcome",
    "opened_at",
    "closed_at",
    "last_contact_at",
    "next_action_at",
    "next_action_label",
    "expected_on",
    "purchase_window",
)  # fmt: skip -- a list and its export


@dataclass(frozen=True)
class ListRow:
    """`tone`: od (late), today, later, or "" without a next action. `is_stale`: too long without a contact."""

    opportunity: Opportunity
    phone: str
    tone: str
    is_stale: bool
    stale_days: int

    @property
    def is_grace(self) -> bool:
        """The due time has passed, the deadline has not."""
        due_at = self.opportunity.next_action_at
        return self.tone == "today" and due_at is not None and due_at < clock.now()

    @property
    def action_label(self) -> str:
        code = self.opportunity.next_action_label
        return str(RuleCode(code).label) if code in RuleCode.values else ""

    @property
    def last_words(self) -> str:
        """Today, yesterday, or how many days ago the last effective contact was."""
        if self.stale_days < 1:
            return _("today")
        if self.stale_days == 1:
            return _("yesterday")
        return ngettext("%(days)s day ago", "%(days)s days ago", self.stale_days) % {"days": self.stale_days}

    @property
    def is_new(self) -> bool:
        return self.opportunity.is_open and self.opportunity.last_contact_at is None


def list_lines(opportunities: Sequence[Opportunity]) -> list[ListRow]:
    now = clock.now()
    return [list_row(opportunity, now=now) for opportunity in opportunities]


def list_row(opportunity: Opportunity, *, now: datetime) -> ListRow:
    due_at, deadline_at = opportunity.next_action_at, opportunity.deadline_at  # type: ignore[attr-defined]
    tone = ""
    if due_at is not None:
        is_today = clock.local_date(due_at) <= now.date()
        tone = "od" if deadline_at is not None and deadline_at < now else "today" if is_today else "later"
    last = opportunity.last_contact_at
    days = (now.date() - clock.local_date(last)).days if last else 0
    return ListRow(
        opportunity=opportunity,
        phone=opportunity.phone or "",  # type: ignore[attr-defined]
        tone=tone,
        is_stale=opportunity.is_open and days > STALE_DAYS,
        stale_days=days,
    )


def filter_lists(user: User) -> dict[str, list[tuple[int, str]]]:
    """What the filters offer; the owner is a question of leaders only. Two or three queries."""
    lists: dict[str, list[tuple[int, str]]] = {
        "series": rows_of("series on sale", None, _series_on_sale),
        "channel": [(row.pk, str(row)) for row in rows_of("channels", None, channels_in_use)],
    }
    if user.is_leader and user.store_id is not None:
        lists["owner"] = rows_of("owners", None, _owners, user.store_id)
    return lists


def _series_on_sale() -> QuerySet[Any, Any]:
    return Series.objects.filter(is_active=True, brand__is_competitor=False).values_list("pk", "name")


def _owners(store_id: int) -> QuerySet[Any, Any]:
    return owners_of_store(store_id).values_list("pk", "name")


def chosen_rows(user: User, ids: Sequence[int]) -> list[Opportunity]:
    """The ticked rows that the person may see."""
    return list(opportunities_visible_to(user).filter(pk__in=ids).order_by("pk"))
