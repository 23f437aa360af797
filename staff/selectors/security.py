"""What the pages about signing in read."""

from django.db.models import OuterRef, QuerySet, Subquery

from core import clock
from staff.models import PIN_TRIES, Device, DeviceVisit, QuickPin, RecoveryCode, SecondFactor, User, UserSession
from staff.policies import can_manage_devices


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
