"""The logged look at protected data: one value at a time, a reason, so many in an hour (reliability.md 30)."""

from datetime import timedelta

from django.db import connection
from django.utils.translation import gettext_lazy as _

from core import clock
from core.access_log import RequestMeta, log_access
from core.enums import AccessAction, AccessResult
from core.errors import DomainError, LimitReached
from core.models import AccessLogEntry
from core.transactions import service
from customers.enums import DataClass
from customers.models import Customer, CustomerIdentity, CustomerPhone
from customers.policies import ensure_can_change
from customers.selectors import SHOWN, access_reasons, privacy_policy
from notifications.enums import NoticeKind
from notifications.services import notice_create
from staff.models import User
from staff.selectors import manager_over

HOUR = timedelta(hours=1)
_COUNTED: dict[str, tuple[str, ...]] = {
    AccessAction.REVEAL: SHOWN,
    AccessAction.FILE_VIEW: SHOWN,
    AccessAction.DIAL: (AccessAction.DIAL,),
}


@service
def access_allow(
    *,
    customer: Customer,
    action: str,
    field: str,
    data_class: str,
    reason: str,
    by: User,
    meta: RequestMeta,
    subject_type: str = "",
    subject_id: int | None = None,
) -> None:
    """Log one look at protected data of a customer. When this returns, the caller may give the value.

    `reason` is the code of an AccessReason of the class. Raises PermissionDenied, DomainError for a reason that is not
    in the list, LimitReached when the person has looked at as many as the policy allows in an hour.
    """
    ensure_can_change(by, customer)
    if not any(row.code == reason for row in access_reasons(data_class)):
        raise DomainError(_("Choose why you need this."), field="reason", code="reason")
    _count(by, action=action, store_id=customer.store_id)
    log_access(
        actor=by,
        action=action,
        customer_id=customer.pk,
        field=field,
        reason=reason,
        subject_type=subject_type,
        subject_id=subject_id,
        request_meta=meta,
    )


@service
def access_refused_log(*, customer_id: int, action: str, field: str, result: str, by: User, meta: RequestMeta) -> None:
    """Log a look that was refused; in a transaction of its own, because the refused one is gone."""
    log_access(actor=by, action=action, customer_id=customer_id, field=field, result=result, request_meta=meta)
    if result == AccessResult.LIMITED:
        _tell_manager(by, count=_used_in_the_last_hour(by, SHOWN))


@service
def phone_reveal(
    *, phone_id: int, by: User, meta: RequestMeta, reason: str = "contact", is_dialled: bool = False
) -> CustomerPhone:
    """Log that the person looks at the full number, then give it: no log, no number."""
    row = CustomerPhone.objects.select_related("customer__store").get(pk=phone_id)
    access_allow(
        customer=row.customer,
        action=AccessAction.DIAL if is_dialled else AccessAction.REVEAL,
        field="phone",
        data_class=DataClass.PHONE,
        reason=reason,
        by=by,
        meta=meta,
    )
    return row


@service
def identity_reveal(*, identity_id: int, reason: str, by: User, meta: RequestMeta) -> str:
    """Log that the person looks at the number of a document, then give it in full."""
    row = CustomerIdentity.objects.select_related("customer__store").get(pk=identity_id)
    access_allow(
        customer=row.customer,
        action=AccessAction.REVEAL,
        field=row.kind,
        data_class=DataClass.IDENTITY,
        reason=reason,
        by=by,
        meta=meta,
    )
    return str(row.number)


@service
def phone_lookup_log(*, customer_id: int, by: User, meta: RequestMeta) -> None:
    """Log that the person asked who holds a number."""
    log_access(actor=by, action=AccessAction.LOOKUP, customer_id=customer_id, field="owner", request_meta=meta)


def _count(by: User, *, action: str, store_id: int) -> None:
    """Raise LimitReached after so many in an hour, tell the manager shortly before."""
    policy = privacy_policy(store_id)
    limit = policy.dials_per_hour if action == AccessAction.DIAL else policy.reveals_per_hour
    _one_at_a_time(by)
    used = _used_in_the_last_hour(by, _COUNTED[action])
    if used >= limit:
        raise LimitReached(
            _("You have looked at %(limit)s in an hour; that is all for now. Your manager knows."),
            code="hourly",
            params={"limit": limit},
        )
    if action != AccessAction.DIAL and used + 1 >= policy.reveal_alert_at:
        _tell_manager(by, count=used + 1)


def _one_at_a_time(by: User) -> None:
    """Two looks of one person are counted one after the other, so that a limit is not passed side by side."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('customers.access'), %s)", [by.pk])


def _used_in_the_last_hour(by: User, actions: tuple[str, ...]) -> int:
    rows = AccessLogEntry.objects.filter(actor=by, action__in=actions, result=AccessResult.OK)
    return rows.filter(occurred_at__gt=clock.now() - HOUR).count()


def _tell_manager(person: User, *, count: int) -> None:
    """Once for a person and hour."""
    manager = manager_over(person)
    if manager is not None:
        notice_create(
            recipient_id=manager.pk,
            kind=NoticeKind.ACCESS_ALERT,
            subject=f"staff.User:{person.pk}",
            dedupe_key=f"access_alert:{person.pk}:{clock.now():%Y%m%d%H}",
            name=person.name,
            count=count,
            what="reveals",
        )
