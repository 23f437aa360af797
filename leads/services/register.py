"""One intake: new customer or known one, owner, callbacks, all in one transaction (R-050, R-051, R-070 … R-077)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from core import clock, events
from core.errors import DomainError
from core.phones import Phone
from core.text import clean_text
from core.transactions import service
from customers.models import Customer
from customers.selectors import phone_find
from customers.services import customer_try_create, phone_taken
from leads.defaults import NAMELESS
from leads.enums import LeadKind, LeadResult
from leads.events import LeadRegistered
from leads.models import Lead
from leads.policies import can_choose_owner
from opportunities.enums import OwnerRule
from opportunities.models import Opportunity
from opportunities.selectors import open_of_customer
from opportunities.services import opportunity_advance, opportunity_open, opportunity_returned
from opportunities.stages import Stage
from staff.models import User
from staff.policies import can_register_leads, ensure

SOURCE = "leads.Lead"


@dataclass(frozen=True)
class LeadInput:
    """What was captured. The six items of R-050: name and gender, channel, model, purchase time, phone, area.

    `is_imported`: a row of a list; it may lack a name, the customer is then called by the salutation.
    """

    kind: str
    phone: Phone
    name: str
    gender: str = ""
    channel_id: int | None = None
    series_id: int | None = None
    model_text: str = ""
    purchase_window: str = ""
    area: str = ""
    note: str = ""
    occurred_at: datetime | None = None
    external_no: str = ""
    is_imported: bool = False

    @property
    def called(self) -> str:
        """What the customer is called in lists: the name, in an imported row without one the salutation."""
        return clean_text(self.name) or (NAMELESS[self.gender] if self.is_imported else "")

    @property
    def captured(self) -> int:
        """How many of the six items are there; all six count as captured (R-049, R-050)."""
        return sum(
            (
                bool(self.name and self.gender),
                self.channel_id is not None,
                self.series_id is not None or bool(self.model_text),
                bool(self.purchase_window),
                True,  # the phone: without it there is no lead
                bool(self.area),
            )
        )


@dataclass(frozen=True)
class RegisterResult:
    lead: Lead
    customer: Customer
    opportunity: Opportunity
    is_new: bool


@service
def lead_register(
    *,
    store_id: int,
    data: LeadInput,
    owner: User | None,
    by: User,
    idempotency_key: str | None = None,
    lead_import_id: int | None = None,
) -> RegisterResult:
    """Register somebody who called, wrote or walked in; the callbacks are planned at once.

    A known phone never makes a second customer: the contact is logged with the customer, the owner stays and hears of
    it, also when two clerks register the same number in the same moment. A customer without an open opportunity begins
    a new one. The same key again returns what was stored.
    A consultant registers for himself; DCC, reception and leaders may choose an owner or leave it to the assignment.
    Raises PermissionDenied, DomainError (name missing, owner may not own, time in the future).
    """
    ensure(can_register_leads(by) and by.store_id == store_id)
    ensure(owner is None or owner.pk == by.pk or can_choose_owner(by))
    lead_id, known = _stored_before(store_id, data.phone.e164, key=idempotency_key)
    if lead_id is not None:
        return _again(lead_id)
    at = data.occurred_at or clock.now()
    _check(data, at)
    customer, is_known = _customer(store_id, data, known=known, by=by)
    opportunity = _opportunity(customer, data, is_known=is_known, owner=owner, by=by, at=at)
    result = LeadResult.REPEATED if is_known else LeadResult.CREATED
    lead = lead_build(data, customer, opportunity, result=result, by=by, at=at, lead_import_id=lead_import_id)
    lead.idempotency_key = idempotency_key
    lead.clean_fields(exclude=_RELATIONS)
    lead.save(force_insert=True)
    _tell(lead, is_new=not is_known)
    return RegisterResult(lead=lead, customer=customer, opportunity=opportunity, is_new=not is_known)


def _tell(lead: Lead, *, is_new: bool) -> None:
    events.emit(
        LeadRegistered(
            lead_id=lead.pk,
            opportunity_id=lead.opportunity_id,
            store_id=lead.store_id,
            kind=lead.kind,
            is_new=is_new,
            at=lead.occurred_at,
            by_id=lead.registered_by_id,
        )
    )


_RELATIONS = {"store", "customer", "opportunity", "channel", "series", "registered_by", "lead_import"}


def _check(data: LeadInput, at: datetime) -> None:
    if not data.called:
        raise DomainError(_("Enter a name; a surname and Mr or Ms is enough."), field="name")
    if at > clock.now() and not data.is_imported:
        raise DomainError(_("This time is in the future."), field="occurred_at")


def _stored_before(store_id: int, number: str, *, key: str | None) -> tuple[int | None, tuple[int, int] | None]:
    """What an earlier submit of the same form stored, and who holds the number: (phone, customer).

    A second submit waits here until the first one has ended.
    """
    with connection.cursor() as cursor:
        if key:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"leads.register:{key}"])
        cursor.execute(
            "SELECT lead.id, phone.id, phone.customer_id FROM (SELECT) one"
            " LEFT JOIN leads_lead lead ON lead.idempotency_key = %s"
            " LEFT JOIN customers_customerphone phone ON phone.store_id = %s AND phone.number = %s",
            [key, store_id, number],
        )
        lead_id, phone_id, holder_id = cursor.fetchone()
    return lead_id, (phone_id, holder_id) if phone_id is not None else None


def _again(lead_id: int) -> RegisterResult:
    lead = Lead.objects.select_related("customer", "opportunity").get(pk=lead_id)
    is_new = lead.result == LeadResult.CREATED
    return RegisterResult(lead=lead, customer=lead.customer, opportunity=lead.opportunity, is_new=is_new)


def _customer(store_id: int, data: LeadInput, *, known: tuple[int, int] | None, by: User) -> tuple[Customer, bool]:
    """The holder of the number, locked, and True; or a new customer and False. The unique index decides a race."""
    if known is not None:
        phone_id, holder_id = known
        holder = _locked(holder_id)
        if holder.phones.filter(pk=phone_id).exists():
            return holder, True
        # The number was given back meanwhile (an import taken back): nobody holds it any more.
    created = customer_try_create(
        store_id=store_id,
        name=data.called,
        phone=data.phone,
        gender=data.gender,
        area=data.area,
        channel_id=data.channel_id,
        by=by,
    )
    if created is not None:
        return created, False
    taken = phone_find(store_id=store_id, number=data.phone.e164)
    if taken is None:  # pragma: no cover -- taken and given back within this moment
        raise phone_taken(store_id, data.phone)
    return _locked(taken.customer_id), True


def _locked(customer_id: int) -> Customer:
    """Two clerks who register the same former customer open one opportunity, not two."""
    return Customer.objects.select_for_update(no_key=True).get(pk=customer_id)


def _opportunity(
    customer: Customer, data: LeadInput, *, is_known: bool, owner: User | None, by: User, at: datetime
) -> Opportunity:
    """The open one, with this contact noted; else a new one. A visit reaches the showroom stage."""
    opportunity = open_of_customer(customer.pk) if is_known else None
    if opportunity is None:
        opportunity = _open(customer, data, owner=owner, by=by, at=at)
    else:
        opportunity_returned(
            opportunity_id=opportunity.pk, occurred_at=at, by=by, source=SOURCE, kind=data.kind, note=data.note
        )
    if data.kind == LeadKind.WALK_IN:
        opportunity = opportunity_advance(opportunity_id=opportunity.pk, to=Stage.RECEIVED, by=by, source=SOURCE)
    return opportunity


def _open(customer: Customer, data: LeadInput, *, owner: User | None, by: User, at: datetime) -> Opportunity:
    if owner is None and by.may_own and not can_choose_owner(by):
        owner = by
    rule = OwnerRule.REGISTERED if owner is not None and owner.pk == by.pk else OwnerRule.CHOSEN
    return opportunity_open(
        customer_id=customer.pk,
        store_id=customer.store_id,
        owner=owner,
        owner_rule=OwnerRule.IMPORTED if data.is_imported else rule,
        trigger=data.kind,
        occurred_at=at,
        by=by,
        source=SOURCE,
        **opportunity_facts(data),
    )


def opportunity_facts(data: LeadInput) -> dict[str, Any]:
    """What the capture says about the purchase, as fields of Opportunity."""
    return {
        "channel_id": data.channel_id,
        "series_id": data.series_id,
        "model_text": data.model_text[:60],
        "purchase_window": data.purchase_window,
        "last_note": clean_text(data.note)[:200],
    }


def lead_build(
    data: LeadInput,
    customer: Customer,
    opportunity: Opportunity,
    *,
    result: str,
    by: User,
    at: datetime,
    lead_import_id: int | None = None,
) -> Lead:
    """Make the intake, unsaved."""
    return Lead(
        store_id=customer.store_id,
        kind=data.kind,
        result=result,
        customer=customer,
        opportunity=opportunity,
        channel_id=data.channel_id,
        phone=data.phone.e164,
        name=clean_text(data.name)[:60],
        area=data.area,
        series_id=data.series_id,
        model_text=data.model_text[:60],
        purchase_window=data.purchase_window,
        note=clean_text(data.note)[:2000],
        captured=data.captured,
        occurred_at=at,
        registered_by=by,
        external_no=data.external_no,
        lead_import_id=lead_import_id,
    )
