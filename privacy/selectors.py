"""What the pages about privacy read."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.http import Http404

from core import clock
from core.access_log import CUSTOMER
from core.models import AccessLogEntry, PrivateFile
from customers.models import Consent, Customer
from leads.enums import ImportState
from leads.models import Lead, LeadImport, LeadImportRow
from notifications.models import Notification, OutboundMessage
from opportunities.models import Opportunity
from opportunities.stages import Outcome
from privacy.enums import DataClass
from privacy.models import PrivacyRequest, RetentionRule, RetentionRun
from privacy.policies import can_open_customer
from staff.models import User, UserSession

COUNTED_TO = 10_000  # beyond it "10,000+": nobody decides differently by the exact number


def customer_of(user: User, pk: int) -> Customer:
    """The customer for somebody who sees one of the opportunities; else it does not exist."""
    if not can_open_customer(user, pk):
        raise Http404
    customer: Customer = Customer.objects.select_related("store").get(pk=pk)
    return customer


def consents_of(customer: Customer) -> QuerySet[Consent]:
    return Consent.objects.filter(customer=customer).select_related("recorded_by").order_by("-given_at", "-id")


def requests_of(customer: Customer) -> QuerySet[PrivacyRequest]:
    rows = PrivacyRequest.objects.filter(customer=customer).select_related("recorded_by", "decided_by")
    return rows.order_by("-created_at", "-id")


def requests_visible_to(user: User) -> QuerySet[PrivacyRequest]:
    seen = Opportunity.objects.visible_to(user).filter(customer=OuterRef("customer"))
    return PrivacyRequest.objects.filter(Exists(seen)).select_related("customer", "recorded_by")


def rule_in_force(data_class: str, on: date) -> RetentionRule | None:
    started = RetentionRule.objects.filter(data_class=data_class, valid_from__lte=on)
    return started.filter(Q(valid_to=None) | Q(valid_to__gt=on)).first()


def rules_shown(on: date) -> list[RetentionRule]:
    """The versions in force and those to come, in the order of the classes."""
    rows = RetentionRule.objects.filter(Q(valid_to=None) | Q(valid_to__gt=on)).select_related("set_by")
    order = list(DataClass.values)
    return sorted(rows, key=lambda rule: (order.index(rule.data_class), rule.valid_from))


def runs_all() -> QuerySet[RetentionRun]:
    return RetentionRun.objects.select_related("rule", "store").order_by("-local_on", "-id")


def runs_recent(user: User, limit: int) -> QuerySet[RetentionRun]:
    """What went everywhere, and the lists of the own store."""
    return runs_all().filter(Q(store=None) | Q(store=user.store_id))[:limit]


def customers_to_forget(before: datetime, store_id: int | None = None) -> QuerySet[Customer]:
    """Nobody of them bought, has anything open or was in touch since `before`; with `last_at`. Oldest first."""
    mine = Opportunity.objects.filter(customer=OuterRef("pk")).order_by()
    last = mine.values("customer").annotate(
        at=Max(Greatest(Coalesce("closed_at", "opened_at"), Coalesce("last_contact_at", "opened_at")))
    )
    called = Lead.objects.filter(customer=OuterRef("pk"), occurred_at__gte=before)
    rows = Customer.objects.filter(erased_at=None, created_at__lt=before)
    if store_id is not None:
        rows = rows.filter(store=store_id)
    return (
        rows.filter(Exists(mine), ~Exists(mine.filter(outcome__in=[Outcome.OPEN, Outcome.WON])), ~Exists(called))
        .annotate(last_at=Subquery(last.values("at")))
        .filter(last_at__lt=before)
        .order_by("last_at", "pk")
    )


def documents_to_shred(before: datetime) -> QuerySet[PrivateFile]:
    """Pictures of customers, but not those whose use says itself until when they are needed."""
    rows = PrivateFile.objects.filter(owner_type=CUSTOMER, shredded_at=None, created_at__lt=before)
    return rows.filter(Q(retain_until=None) | Q(retain_until__lt=clock.today()))


def messages_to_empty(before: datetime) -> QuerySet[OutboundMessage]:
    return OutboundMessage.objects.filter(created_at__lt=before).exclude(body="")


def notices_to_delete(before: datetime) -> QuerySet[Notification]:
    return Notification.objects.filter(created_at__lt=before).exclude(done_at=None)


def import_rows_to_empty(before: datetime) -> QuerySet[LeadImportRow]:
    return LeadImportRow.objects.filter(lead_import__finished_at__lt=before).exclude(raw=[])


def imports_to_delete(before: datetime) -> QuerySet[LeadImport]:
    waiting = [ImportState.UPLOADED, ImportState.CHECKED]
    return LeadImport.objects.filter(state__in=waiting, created_at__lt=before)


def sessions_to_delete(before: datetime) -> QuerySet[UserSession]:
    return UserSession.objects.filter(expire_date__lt=before)


def log_to_delete(before: datetime) -> QuerySet[AccessLogEntry]:
    return AccessLogEntry.objects.filter(occurred_at__lt=before)


SOURCES: dict[str, tuple[Callable[[datetime], QuerySet[Any]], str]] = {
    DataClass.LOST_CUSTOMERS: (customers_to_forget, "last_at"),
    DataClass.DOCUMENTS: (documents_to_shred, "created_at"),
    DataClass.MESSAGES: (messages_to_empty, "created_at"),
    DataClass.NOTICES: (notices_to_delete, "created_at"),
    DataClass.IMPORT_ROWS: (import_rows_to_empty, "lead_import__finished_at"),
    DataClass.OPEN_IMPORTS: (imports_to_delete, "created_at"),
    DataClass.SESSIONS: (sessions_to_delete, "expire_date"),
    DataClass.ACCESS_LOG: (log_to_delete, "occurred_at"),
}


@dataclass(frozen=True)
class Preview:
    """What a rule would remove now. `count` stops at COUNTED_TO + 1; `oldest`: the oldest moment among them."""

    before: datetime
    count: int
    oldest: datetime | None

    @property
    def is_more(self) -> bool:
        return self.count > COUNTED_TO


def cut_off(keep_days: int) -> datetime:
    """The end of the local day so many days ago: what lies before it has been kept for long enough."""
    return clock.end_of_day(clock.today() - timedelta(days=keep_days))


def retention_preview(data_class: str, keep_days: int) -> Preview:
    """A dry run: counted, nothing is touched."""
    source, moment = SOURCES[data_class]
    before = cut_off(keep_days)
    rows = source(before)
    oldest = rows.order_by(F(moment).asc()).values_list(moment, flat=True).first()
    return Preview(before, rows.order_by()[: COUNTED_TO + 1].count(), oldest)
