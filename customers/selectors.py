"""Reading customers and the lists they are described with."""

from django.db.models import QuerySet

from customers.models import Channel, CustomerPhone


def phone_find(*, store_id: int, number: str) -> CustomerPhone | None:
    """Who holds this E.164 number in the store."""
    return CustomerPhone.objects.filter(store=store_id, number=number).select_related("customer").first()


def channels_in_use() -> QuerySet[Channel]:
    return Channel.objects.filter(is_active=True)
