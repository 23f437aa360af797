"""Reading customers and the lists they are described with."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import TruncHour

from core import clock
from core.access_log import CUSTOMER
from core.enums import AccessAction, AccessResult
from core.models import AccessLogEntry, PrivateFile
from customers.enums import ConsentChannel, ConsentPurpose
from customers.models import (
    AccessReason,
    Channel,
    Consent,
    Customer,
    CustomerIdentity,
    CustomerPhone,
    PrivacyPolicy,
)
from notifications.enums import MessageChannel, MessagePurpose, StopReason

# Numbers and pictures use up one allowance; dialling from a list of callbacks has its own.
SHOWN = (AccessAction.REVEAL, AccessAction.FILE_VIEW)
EFFECT_DAYS = 30


def phone_find(*, store_id: int, number: str) -> CustomerPhone | None:
    """Who holds this E.164 number in the store."""
    return CustomerPhone.objects.filter(store=store_id, number=number).select_related("customer").first()


def channels_in_use() -> QuerySet[Channel]:
    return Channel.objects.filter(is_active=True)


def identities_of(customer_id: int) -> list[CustomerIdentity]:
    """The numbers of the customer's documents, in the order of their kinds."""
    return list(CustomerIdentity.objects.filter(customer=customer_id).order_by("kind"))


def identity_of(customer_id: int, kind: str) -> CustomerIdentity | None:
    """The number of one document of the customer."""
    return CustomerIdentity.objects.filter(customer=customer_id, kind=kind).first()


def documents_of(customer_id: int) -> list[PrivateFile]:
    """The customer's pictures that are still readable, oldest first; one query, no file is opened."""
    rows = PrivateFile.objects.filter(owner_type=CUSTOMER, owner_id=customer_id, shredded_at=None)
    return list(rows.select_related("uploaded_by").defer("wrapped_key").order_by("id"))


def document_of(customer_id: int, file_id: int) -> PrivateFile | None:
    """One readable picture of the customer."""
    rows = PrivateFile.objects.filter(owner_type=CUSTOMER, owner_id=customer_id, shredded_at=None)
    return rows.filter(pk=file_id).first()


def access_reasons(data_class: str) -> list[AccessReason]:
    """Why somebody may look at data of this class today."""
    today = clock.today()
    rows = AccessReason.objects.filter(data_class=data_class, valid_from__lte=today)
    return list(rows.filter(Q(valid_to=None) | Q(valid_to__gt=today)))


def reasons_offered() -> list[AccessReason]:
    """All reasons of today, by what they are for."""
    today = clock.today()
    rows = AccessReason.objects.filter(Q(valid_to=None) | Q(valid_to__gt=today), valid_from__lte=today)
    return list(rows.order_by("data_class", "sort_order", "code"))


def policies_shown(store_ids: Collection[int]) -> list[PrivacyPolicy]:
    """What is in force or to come for everybody and for these stores, the common one first."""
    rows = PrivacyPolicy.objects.filter(Q(store=None) | Q(store__in=store_ids))
    rows = rows.filter(Q(valid_to=None) | Q(valid_to__gt=clock.today())).select_related("store")
    return list(rows.order_by(F("store").asc(nulls_first=True), "valid_from"))


@dataclass(frozen=True)
class Effect:
    """How often in the last days a manager would have been told and somebody stopped, counted by whole hours."""

    told: int
    stopped: int
    days: int


def policy_effect(policy: PrivacyPolicy, store_ids: Collection[int]) -> Effect:
    """What the numbers would have done to the looks that really happened. Two queries."""
    begin = clock.now() - timedelta(days=EFFECT_DAYS)
    looks = AccessLogEntry.objects.filter(
        store_id__in=store_ids, occurred_at__gte=begin, action__in=SHOWN, result=AccessResult.OK
    )
    hours = (
        looks.annotate(hour=TruncHour("occurred_at")).values("actor", "hour").annotate(number=Count("pk")).order_by()
    )
    return Effect(
        told=hours.filter(number__gte=policy.reveal_alert_at).count(),
        stopped=hours.filter(number__gt=policy.reveals_per_hour).count(),
        days=EFFECT_DAYS,
    )


def privacy_policy(store_id: int) -> PrivacyPolicy:
    """The numbers of the day: the store's own, else everybody's."""
    today = clock.today()
    rows = PrivacyPolicy.objects.filter(Q(store=store_id) | Q(store=None), valid_from__lte=today)
    rows = rows.filter(Q(valid_to=None) | Q(valid_to__gt=today))
    return rows.order_by(F("store").asc(nulls_last=True)).first() or PrivacyPolicy()


_CONSENT_CHANNELS: dict[str, str] = {MessageChannel.SMS: ConsentChannel.SMS}


def message_stop_reason(customer_id: int, channel: str, purpose: str) -> str:
    """Why the customer must not get this message now (a StopReason), "" when it may go (reliability.md 1.1).

    Offers need a consent in force. A message about the own purchase needs none, but ends with its withdrawal.
    """
    wish = Customer.objects.filter(pk=customer_id).values_list("is_do_not_contact", flat=True).first()
    if wish is None:
        return StopReason.CUSTOMER_GONE
    if wish:
        return StopReason.DO_NOT_CONTACT
    is_offer = purpose == MessagePurpose.MARKETING
    needed = ConsentPurpose.MARKETING if is_offer else ConsentPurpose.CONTACT
    channels = [ConsentChannel.ANY, _CONSENT_CHANNELS.get(channel, ConsentChannel.ANY)]
    rows = Consent.objects.filter(customer=customer_id, purpose=needed, channel__in=channels)
    ends = list(rows.values_list("withdrawn_at", flat=True))
    if None in ends:
        return ""
    if ends:
        return StopReason.CONSENT_WITHDRAWN
    return StopReason.NO_CONSENT if is_offer else ""


def channels_with_use() -> list[Channel]:
    """Every channel in its order, with how many customers came by it (`used`); two queries."""
    used = dict(
        Customer.objects.exclude(channel=None)
        .order_by()
        .values_list("channel")
        .annotate(count=Count("pk"))
        .values_list("channel", "count")
    )
    rows = list(Channel.objects.order_by("sort_order", "code"))
    for row in rows:
        row.used = used.get(row.pk, 0)  # type: ignore[attr-defined]
    return rows
