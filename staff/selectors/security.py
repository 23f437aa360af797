"""What the pages about signing in read."""

from django.db.models import OuterRef, Q, QuerySet, Subquery

from core import clock
from core.pagination import Key, KeysetPage, keyset_page
from staff.models import (
    PIN_TRIES,
    Device,
    DeviceVisit,
    QuickPin,
    RecoveryCode,
    SecondFactor,
    SecurityEvent,
    User,
    UserSession,
)
from staff.policies import can_manage_devices
from staff.selectors.organisation import administered_stores


def device_of_token(token: str) -> Device | None:
    return Device.objects.select_related("store").filter(token_digest=Device.digest_of(token), revoked_at=None).first()


def devices_visible_to(user: User) -> QuerySet[Device]:
    """The tablets that the person may manage, those in use first; with who was there last."""
    if not can_manage_devices(user):
        return Device.objects.none()
    rows = Device.objects.all() if user.is_superuser else Device.objects.filter(store=user.store_id)
    last = DeviceVisit.objects.filter(device=OuterRef("pk")).order_by("-signed_in_at").values("user__name")[:1]
    return (
        rows.select_related("store", "registered_by", "revoked_by")
        .annotate(last_person=Subquery(last))
        .order_by("-revoked_at", "store_id", "name")
    )


def people_of_today(device: Device) -> list[DeviceVisit]:
    """Who signed in on this tablet today by password, the latest first; `can_use_pin` says whether a PIN opens it."""
    visits = (
        DeviceVisit.objects.filter(device=device, local_on=clock.today(), user__is_active=True)
        .select_related("user__quick_pin")
        .order_by("-signed_in_at")
    )
    rows = list(visits)
    for row in rows:
        row.can_use_pin = hasattr(row.user, "quick_pin") and row.pin_tries < PIN_TRIES  # type: ignore[attr-defined]
    return rows


def sessions_of(user: User) -> list[UserSession]:
    """Where the person is signed in now, the latest first."""
    rows = UserSession.objects.filter(user=user, expire_date__gt=clock.now()).select_related("device")
    return list(rows.order_by("-last_seen_at"))


def factor_secret(user: User) -> SecondFactor | None:
    """The secret that waits for its first code; a confirmed one is shown to nobody."""
    return SecondFactor.objects.filter(user=user).first() if user.second_factor_at is None else None


def recovery_codes_left(user: User) -> int:
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def has_pin(user: User) -> bool:
    return QuickPin.objects.filter(user=user).exists()


def people_to_reset(user: User) -> QuerySet[User]:
    """Whose second factor the person may reset; staff.policies.can_reset_second_factor has the last word."""
    if not can_manage_devices(user):
        return User.objects.none()
    return User.objects.all() if user.is_superuser else User.objects.filter(store=user.store_id)


def person_in_waiting(user_id: int) -> User | None:
    """Who gave the right password and owes the code."""
    return User.objects.filter(pk=user_id, is_active=True).exclude(second_factor_at=None).first()


def security_people(user: User) -> QuerySet[User]:
    """Whose events an administrator reads, also of those who left."""
    return User.objects.filter(store__in=administered_stores(user)).order_by("name", "employee_number")


def security_page(user: User, *, kind: str, person_id: int | None, cursor: str | None) -> KeysetPage[SecurityEvent]:
    """What happened around signing in in the stores of an administrator, latest first; one query."""
    stores = administered_stores(user)
    rows = SecurityEvent.objects.filter(Q(user__store__in=stores) | Q(user=None, device__store__in=stores))
    if kind:
        rows = rows.filter(kind=kind)
    if person_id is not None:
        rows = rows.filter(user=person_id)
    # Append-only, so the key is the order of time and needs no index of its own.
    return keyset_page(rows.select_related("user", "actor", "device"), order=[Key("pk", desc=True)], cursor=cursor)
