"""Taking a whole import back while nobody has worked with it."""

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import Conflict, LimitReached
from core.transactions import service
from customers.models import Customer, CustomerPhone
from customers.services import phones_release
from leads.enums import ImportState, LeadResult, Resolution
from leads.models import Lead, LeadImport, LeadImportRow
from leads.services.imports import import_lock
from opportunities.enums import EventKind
from opportunities.models import JourneyEvent, Opportunity
from opportunities.services.bulk import opportunities_void_many
from opportunities.stages import Outcome
from staff.models import User

UNDO_WINDOW = timedelta(hours=24)
# What happens by itself, without anybody having touched the customer.
_UNTOUCHED = [EventKind.REGISTERED, EventKind.FOLLOW_UP_MISSED]


def can_undo(lead_import: LeadImport) -> bool:
    """Within 24 hours of a finished import."""
    return (
        lead_import.state == ImportState.DONE
        and lead_import.finished_at is not None
        and clock.now() < lead_import.finished_at + UNDO_WINDOW
    )


@service
def import_undo(*, import_id: int, by: User) -> LeadImport:
    """Close what the import opened as void and give the numbers back, so that the same file can be imported again.

    Customers whom somebody has worked with since (contact, note, owner, level, facts, a further lead) are kept;
    `counts` says how many: {"undone": n, "kept": m}. Raises Conflict (not imported), LimitReached (after 24 hours).
    """
    lead_import = import_lock(import_id, by=by)
    if lead_import.state != ImportState.DONE:
        raise Conflict(_("There is nothing to take back."), current=lead_import)
    if not can_undo(lead_import):
        raise LimitReached(_("An import can be taken back within 24 hours."))
    rows = lead_import.rows.filter(lead__isnull=False)
    made = _opened_by(rows.filter(result=LeadResult.CREATED))
    reopened = _opened_by(rows.filter(resolution=Resolution.REOPEN))
    ids = sorted({*made, *reopened})
    # Customers first, as lead_register does: a clerk with one of the numbers waits here, or we wait for the clerk.
    people = Customer.objects.filter(opportunities__in=ids).order_by("pk")
    list(people.select_for_update(no_key=True, of=("self",)).only("pk"))
    list(Opportunity.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True).only("pk"))
    untouched = _untouched(lead_import, ids, reopened=reopened)
    undone = opportunities_void_many(opportunity_ids=untouched, by=by)
    leads = Lead.objects.filter(lead_import=lead_import, opportunity__in=untouched)
    phones_release(customer_ids=list(leads.filter(result=LeadResult.CREATED).values_list("customer", flat=True)))
    leads.update(external_no="", updated_at=clock.now())
    lead_import.state, lead_import.undone_at, lead_import.undone_by = ImportState.UNDONE, clock.now(), by
    lead_import.counts |= {"undone": undone, "kept": len(ids) - undone}
    lead_import.save(update_fields=["state", "undone_at", "undone_by", "counts", "updated_at"])
    return lead_import


def _opened_by(rows: QuerySet[LeadImportRow]) -> list[int]:
    return list(rows.values_list("lead__opportunity", flat=True))


def _untouched(lead_import: LeadImport, opportunity_ids: list[int], *, reopened: list[int]) -> list[int]:
    """Those which nobody has worked with since the import. A repeat that the list itself brought does not count."""
    worked = (
        JourneyEvent.objects.filter(opportunity=OuterRef("pk"))
        .exclude(kind__in=_UNTOUCHED)
        .exclude(kind=EventKind.REPEATED, recorded_at__lte=lead_import.finished_at)
    )
    other_lead = Lead.objects.filter(customer=OuterRef("customer"), created_at__gt=lead_import.finished_at)
    other_phone = CustomerPhone.objects.filter(customer=OuterRef("customer"), is_primary=False)
    is_as_made = Q(customer__version=1) & ~Exists(other_phone)
    return list(
        Opportunity.objects.filter(pk__in=opportunity_ids, outcome=Outcome.OPEN, version=1)
        .filter(~Exists(worked), ~Exists(other_lead))
        .filter(is_as_made | Q(pk__in=reopened))
        .order_by("pk")
        .values_list("pk", flat=True)
    )
