"""Who holds a number (the protection card, and nothing else about the customer: design 16); lists for the pages."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from core import clock
from core.phones import Phone
from customers.models import Channel
from customers.selectors import channels_in_use, phone_find
from followups.enums import FollowUpState
from followups.models import FollowUp
from leads.enums import ImportState, LeadResult
from leads.models import Lead, LeadImport, LeadImportRow
from opportunities.models import Opportunity
from opportunities.selectors import open_of_customer, opportunities_visible_to
from opportunities.stages import Outcome
from staff.enums import Scope
from staff.models import User
from staff.policies import can_import_leads
from staff.selectors import owners_of_store
from vehicles.models import Series

AREAS_SHOWN = 40
KEPT_SHOWN = 30


@dataclass(frozen=True)
class Holder:
    """What may be told about a known number. `opportunity` is None when nobody follows the customer now."""

    customer_id: int
    opportunity: Opportunity | None
    owner: User | None
    since: datetime | None
    rule: str
    last_contact_at: datetime | None


def holder_of(*, store_id: int, phone: Phone) -> Holder | None:
    """Who owns the customer of this number in the store, since when and why; None for an unknown number."""
    row = phone_find(store_id=store_id, number=phone.e164)
    if row is None:
        return None
    opportunity = open_of_customer(row.customer_id)
    ownership = opportunity.ownerships.filter(until_at=None).first() if opportunity else None
    return Holder(
        customer_id=row.customer_id,
        opportunity=opportunity,
        owner=opportunity.owner if opportunity else None,
        since=ownership.from_at if ownership else None,
        rule=ownership.get_rule_display() if ownership else "",
        last_contact_at=opportunity.last_contact_at if opportunity else None,
    )


def may_open(user: User, opportunity_id: int | None) -> bool:
    """The person sees this opportunity anyway; nobody sees None."""
    return opportunity_id is not None and Opportunity.objects.visible_to(user).filter(pk=opportunity_id).exists()


def sees(user: User, opportunity: Opportunity) -> bool:
    """As visible_to says; the database is asked only when the row itself does not answer."""
    if user.scope != Scope.NONE and user.store_id is not None and user.store_id == opportunity.store_id:
        is_registrar = user.pk == opportunity.registered_by_id and not (user.may_own and opportunity.owner_id)
        if user.pk == opportunity.owner_id or is_registrar or user.scope in (Scope.STORE, Scope.GROUP):
            return True
    return may_open(user, opportunity.pk)


def series_on_offer() -> QuerySet[Series]:
    return Series.objects.filter(is_active=True, brand__is_competitor=False).order_by("sort_order", "code")


def channels_on_offer() -> QuerySet[Channel]:
    return channels_in_use().order_by("sort_order", "code")


def owners_with_load(store_id: int) -> QuerySet[User]:
    """Who may get a new customer, with `due_today`: callbacks planned for today or late."""
    is_due = Q(follow_ups__state=FollowUpState.PENDING, follow_ups__due_on__lte=clock.today())
    return owners_of_store(store_id).annotate(due_today=Count("follow_ups", filter=is_due))


def areas_of_store(store_id: int) -> list[str]:
    """Areas that people of this store named lately, for the list behind the field."""
    latest = Lead.objects.filter(store=store_id).exclude(area="").order_by("-occurred_at").values("area")[:500]
    counted: dict[str, int] = {}
    for row in latest:
        counted[row["area"]] = counted.get(row["area"], 0) + 1
    return sorted(counted, key=lambda area: (-counted[area], area))[:AREAS_SHOWN]


def lead_of(user: User, pk: int) -> QuerySet[Lead]:
    """One intake, for the one who registered it or who sees the customer."""
    visible = Q(registered_by=user) | Q(opportunity__in=opportunities_visible_to(user).values("pk"))
    return Lead.objects.filter(visible, pk=pk).select_related("customer", "opportunity__owner", "series", "channel")


def planned_of(opportunity_id: int) -> QuerySet[FollowUp]:
    return FollowUp.objects.pending().filter(opportunity=opportunity_id).order_by("due_at", "pk")


# ---- imports -----------------------------------------------------------------------------------------------


def imports_visible_to(user: User) -> QuerySet[LeadImport]:
    """The own ones; all of the store for who leads it. See leads.policies.can_work_on_import."""
    rows = LeadImport.objects.select_related("created_by")
    if not can_import_leads(user):
        return rows.none()
    rows = rows.filter(store=user.store_id)
    return rows if user.scope in (Scope.STORE, Scope.GROUP) else rows.filter(created_by=user)


def earlier_import(lead_import: LeadImport) -> LeadImport | None:
    """The import that brought this very file already, if there is one."""
    return (
        LeadImport.objects.filter(store=lead_import.store_id, sha256=lead_import.sha256)
        .filter(state__in=[ImportState.QUEUED, ImportState.DONE])
        .exclude(pk=lead_import.pk)
        .select_related("created_by")
        .first()
    )


def rows_shown(lead_import: LeadImport, show: str) -> QuerySet[LeadImportRow]:
    """Rows of one result; "problems" are the repeated and the rejected ones."""
    rows = lead_import.rows.all()
    if show == "problems":
        return rows.filter(result__in=[LeadResult.REPEATED, LeadResult.REJECTED])
    return rows.filter(result=show)


def kept_names(lead_import: LeadImport) -> list[str]:
    """Customers of a list taken back who are followed further, because somebody has worked with them."""
    kept = Lead.objects.filter(lead_import=lead_import).exclude(opportunity__outcome=Outcome.VOID)
    return list(kept.order_by("customer__name").values_list("customer__name", flat=True).distinct()[:KEPT_SHOWN])
