"""The dated numbers around protected data, and the reasons that people give for looking at it."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError
from core.policies import ensure_can_configure
from core.text import clean_text
from core.transactions import service
from core.versions import version_begin
from customers.defaults import FIRST_REASON
from customers.enums import DataClass
from customers.models import AccessReason, PrivacyPolicy
from staff.models import Store, User
from staff.policies import can_administer_store, configures_all_stores, ensure

POLICY_FIELDS: tuple[str, ...] = (
    "reveals_per_hour", "reveal_alert_at", "dials_per_hour", "is_password_asked", "shown_seconds", "customers_per_hour",
    "customers_off_hours",
)  # fmt: skip


@service
def privacy_policy_change(*, store: Store | None, values: Mapping[str, Any], by: User) -> PrivacyPolicy:
    """New numbers from a day on, for one store or (None) for all that have none of their own.

    Raises PermissionDenied, DomainError (a day in the past, a warning after the limit).
    """
    ensure_can_configure(by)
    ensure(configures_all_stores(by) if store is None else can_administer_store(by, store))
    policy = PrivacyPolicy(store=store, valid_from=values["valid_from"], **{n: values[n] for n in POLICY_FIELDS})
    if policy.reveal_alert_at > policy.reveals_per_hour:
        raise DomainError(
            _("After %(limit)s nothing more is shown: the manager has to be told before."),
            field="reveal_alert_at",
            code="after_limit",
            params={"limit": policy.reveals_per_hour},
        )
    version_begin(PrivacyPolicy.objects.filter(store=store), policy)
    return policy


@service
def access_reason_add(*, data_class: str, name_zh: str, name_en: str, by: User) -> AccessReason:
    """One more reason, offered from today on. Raises DomainError when there is one of that name."""
    ensure_can_configure(by)
    known = list(AccessReason.objects.select_for_update().order_by("pk"))
    reason = AccessReason(
        data_class=data_class,
        code=f"reason_{max((row.pk for row in known), default=0) + 1}",
        name_zh=clean_text(name_zh),
        name_en=clean_text(name_en),
        sort_order=max((row.sort_order for row in known if row.data_class == data_class), default=0) + 10,
        valid_from=clock.today(),
    )
    offered = [row for row in known if row.data_class == data_class and _is_offered(row)]
    if reason.name_zh in {row.name_zh for row in offered}:
        raise DomainError(_("There is a reason of this name."), field="name_zh", code="taken")
    reason.full_clean()
    reason.save(force_insert=True)
    return reason


@service
def access_reason_end(*, reason_id: int, by: User) -> None:
    """Nobody gives it from today on; what was logged with it stays. May be repeated.

    Raises DomainError for the reason that the list of callbacks gives by itself.
    """
    ensure_can_configure(by)
    reason = AccessReason.objects.select_for_update().get(pk=reason_id)
    if (reason.data_class, reason.code) == (DataClass.PHONE, FIRST_REASON):
        raise DomainError(_("Calls from the list of callbacks give this reason; it has to stay."), code="needed")
    if not _is_offered(reason):
        return
    rows = AccessReason.objects.filter(Q(valid_to=None) | Q(valid_to__gt=clock.today()), data_class=reason.data_class)
    if rows.count() == 1:
        raise DomainError(_("The last reason has to stay: without one nobody can look."), code="last")
    reason.valid_to = clock.today()
    reason.save(update_fields=["valid_to", "updated_at"])


def _is_offered(reason: AccessReason) -> bool:
    return reason.valid_to is None or reason.valid_to > clock.today()
