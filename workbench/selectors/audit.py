"""Who looked at whom: rows of the access log as people read them. Three queries for a page, however long the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from core import clock
from core.enums import AccessAction, AccessResult
from core.identity_numbers import NumberKind
from core.models import AccessLogEntry
from core.pagination import Key, KeysetPage, keyset_page
from customers.enums import DocumentKind, DocumentPurpose, IdentitySource
from customers.models import AccessReason
from opportunities.selectors import opportunities_visible_to
from staff.enums import Scope
from staff.models import User

ORDER = (Key("occurred_at", desc=True), Key("id", desc=True))
_ICONS = {
    AccessAction.VIEW: "file-text",
    AccessAction.REVEAL: "eye",
    AccessAction.DIAL: "phone",
    AccessAction.LOOKUP: "search",
    AccessAction.CHANGE: "edit",
    AccessAction.FILE_VIEW: "photo",
    AccessAction.FILE_ADD: "upload",
    AccessAction.FILE_SHRED: "trash",
    AccessAction.EXPORT: "download",
}


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to; None and "" mean everything."""

    person_id: int | None = None
    customer_id: int | None = None
    action: str = ""
    result: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class AuditLine:
    """One look in words. `customer_name` and `opportunity_id` only where the reader may see the customer."""

    entry: AccessLogEntry
    icon: str
    field: str
    reason: str
    customer_name: str
    opportunity_id: int | None

    @property
    def is_refused(self) -> bool:
        return self.entry.result != AccessResult.OK


def people_to_ask_about(user: User) -> QuerySet[User]:
    """Everybody whose looks the person may read about, also those who left."""
    return _of_stores(User.objects.all(), user).order_by("name", "employee_number")


def entries_visible_to(user: User) -> QuerySet[AccessLogEntry]:
    """The log of the person's store, of all stores of the group for whom the group is the scope."""
    rows = AccessLogEntry.objects.select_related("actor")
    if user.scope == Scope.GROUP and user.store is not None:
        return rows.filter(store_id__in=user.store.group.stores.values("pk"))
    return rows.filter(store_id=user.store_id)


def audit_page(user: User, filters: Filters, *, cursor: str | None) -> KeysetPage[AccessLogEntry]:
    """One page of the log, latest first."""
    rows = entries_visible_to(user)
    if filters.customer_id is not None:
        rows = rows.filter(customer_id=filters.customer_id)
    if filters.person_id is not None:
        rows = rows.filter(actor=filters.person_id)
    if filters.action:
        rows = rows.filter(action=filters.action)
    if filters.result:
        rows = rows.filter(result=filters.result)
    if filters.since:
        rows = rows.filter(occurred_at__gte=clock.at_time(filters.since, clock.MIDNIGHT))
    if filters.until:
        rows = rows.filter(occurred_at__lt=clock.at_time(filters.until + timedelta(days=1), clock.MIDNIGHT))
    return keyset_page(rows, order=ORDER, cursor=cursor)


def access_of_customer(customer_id: int, *, cursor: str | None) -> KeysetPage[AccessLogEntry]:
    """Everybody who looked at the customer, latest first: who may see the customer's log sees all of it."""
    rows = AccessLogEntry.objects.filter(customer_id=customer_id).select_related("actor")
    return keyset_page(rows, order=ORDER, cursor=cursor)


def audit_lines(user: User, entries: Sequence[AccessLogEntry]) -> list[AuditLine]:
    """The rows in words; two queries."""
    seen = {entry.customer_id for entry in entries if entry.customer_id is not None}
    known = {row.customer_id: row for row in opportunities_visible_to(user).filter(customer__in=seen).order_by("pk")}
    reasons = {code: str(label) for words in (IdentitySource, DocumentPurpose) for code, label in words.choices}
    reasons |= {row.code: str(row) for row in AccessReason.objects.all()}
    return [_line(entry, known, reasons) for entry in entries]


def _line(entry: AccessLogEntry, known: dict, reasons: dict[str, str]) -> AuditLine:  # type: ignore[type-arg]
    opportunity = known.get(entry.customer_id)
    return AuditLine(
        entry=entry,
        icon=_ICONS.get(entry.action, "eye"),  # type: ignore[call-overload]
        field=field_label(entry.field),
        reason=reasons.get(entry.reason, entry.reason),
        customer_name=opportunity.customer.name if opportunity else "",
        opportunity_id=opportunity.pk if opportunity else None,
    )


def field_label(code: str) -> str:
    """What was looked at, in words; an unknown code stays as it is."""
    for words in (NumberKind, DocumentKind):
        if code in words.values:
            return str(words(code).label)
    return {"phone": _("Phone"), "owner": _("Owner"), "file": _("File"), "row": ""}.get(code, code)


def _of_stores(rows: QuerySet[User], user: User) -> QuerySet[User]:
    if user.scope == Scope.GROUP and user.store is not None:
        return rows.filter(store__group=user.store.group_id)
    return rows.filter(store=user.store_id)
