"""Noticing that somebody opens more customers than the work needs (reliability.md 4.5)."""

from datetime import timedelta

from django.db.models import Count

from core import clock
from core.models import AccessLogEntry
from core.transactions import service
from customers.models import PrivacyPolicy
from customers.selectors import privacy_policy
from notifications.enums import NoticeKind
from notifications.services import notice_create
from staff.models import Store, User
from staff.selectors import manager_over

HOUR = timedelta(hours=1)


def access_watch() -> int:
    """Look at the last hour of every store and tell the managers. Returns how many notices were written.

    May run as often as wanted: one notice for a person and hour.
    """
    return sum(_watch(store) for store in Store.objects.order_by("pk"))


@service
def _watch(store: Store) -> int:
    is_open = store.opens_at <= clock.now().time() < store.closes_at
    limit = _limit(privacy_policy(store.pk), is_open=is_open)
    rows = AccessLogEntry.objects.filter(store_id=store.pk, occurred_at__gt=clock.now() - HOUR)
    busy = (
        rows.values("actor")
        .annotate(customers=Count("customer_id", distinct=True))
        .filter(customers__gt=limit)
        .order_by("actor")
    )
    found = {row["actor"]: row["customers"] for row in busy}
    people = User.objects.filter(pk__in=found).select_related("store").order_by("pk")
    return sum(_tell(person, found[person.pk], is_open=is_open) for person in people)


def _limit(policy: PrivacyPolicy, *, is_open: bool) -> int:
    return policy.customers_per_hour if is_open else policy.customers_off_hours


def _tell(person: User, count: int, *, is_open: bool) -> bool:
    manager = manager_over(person)
    if manager is None:
        return False
    what = "customers" if is_open else "off_hours"
    return notice_create(
        recipient_id=manager.pk,
        kind=NoticeKind.ACCESS_ALERT,
        subject=f"staff.User:{person.pk}",
        dedupe_key=f"access_alert:{what}:{person.pk}:{clock.now():%Y%m%d%H}",
        name=person.name,
        count=count,
        what=what,
    )
