"""Shared tablets: registering and pairing them, who signed in there today, and coming back with a PIN."""

import secrets
from datetime import timedelta
from enum import Enum
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from core import clock
from core.encryption import blind_index
from core.errors import DomainError
from core.text import clean_text
from core.transactions import service
from staff.enums import SecurityEventKind
from staff.models import PIN_TRIES, Device, DeviceVisit, QuickPin, User, UserSession
from staff.policies import can_manage_device, ensure
from staff.services.security_log import security_record

PAIRING_LASTS = timedelta(minutes=15)
PAIRING_LENGTH = 8
PAIRING_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
PIN_LENGTH = 6
VISITS_KEPT = timedelta(days=7)


class NewDevice(NamedTuple):
    """`code` pairs the tablet within a quarter of an hour, once; nobody can read it again."""

    device: Device
    code: str


class PinAnswer(Enum):
    RIGHT = "right"
    WRONG = "wrong"
    PASSWORD = "password"  # noqa: S105 -- the PIN opens nothing here: the password is needed


class PinResult(NamedTuple):
    """`visit` (with its person) only when the PIN was right."""

    answer: PinAnswer
    visit: DeviceVisit | None = None
    tries_left: int = 0


# ---- registering -------------------------------------------------------------------------------------------


@service
def device_register(*, store_id: int, name: str, by: User) -> NewDevice:
    """A tablet that may be paired. Raises PermissionDenied, DomainError (name missing or taken)."""
    device = Device(store_id=store_id, name=clean_text(name), registered_by=by)
    ensure(can_manage_device(by, device))
    if not device.name:
        raise DomainError(_("Give the tablet a name that stands on it."), field="name")
    if Device.objects.filter(store=store_id, name=device.name, revoked_at=None).exists():
        raise DomainError(_("There is a tablet of this name already."), field="name")
    code = _give_code(device)
    device.full_clean()
    device.save()
    security_record(kind=SecurityEventKind.DEVICE_REGISTERED, user=None, actor=by, device_id=device.pk)
    return NewDevice(device, code)


@service
def device_code_renew(*, device_id: int, by: User) -> NewDevice:
    """A new pairing code, e.g. when the tablet lost its cookie; the old cookie works until the new one is given."""
    device = _locked(device_id)
    ensure(can_manage_device(by, device))
    _ensure_in_use(device)
    code = _give_code(device)
    device.save(update_fields=["pairing_digest", "pairing_ends_at", "updated_at"])
    return NewDevice(device, code)


@service
def device_pair(*, code: str, ip: str | None = None) -> tuple[Device, str]:
    """Use the code up. Returns the device and the secret for its cookie. Raises DomainError."""
    digest = _digest(clean_text(code).upper().replace("-", "").replace(" ", ""))
    token = secrets.token_urlsafe(32)
    now = clock.now()
    rows = Device.objects.filter(pairing_digest=digest, pairing_ends_at__gt=now, revoked_at=None)
    device = rows.first()
    values = {
        "pairing_digest": "",
        "pairing_ends_at": None,
        "token_digest": Device.digest_of(token),
        "paired_at": now,
        "last_seen_at": now,
        "updated_at": now,
    }
    if device is None or not rows.filter(pk=device.pk).update(**values):  # of two at once one finds it used
        raise DomainError(_("This code is wrong, used or older than 15 minutes. Ask for a new one."), field="code")
    security_record(kind=SecurityEventKind.DEVICE_PAIRED, user=None, device_id=device.pk, ip=ip)
    return device, token


@service
def device_revoke(*, device_id: int, by: User) -> None:
    """The tablet is an ordinary browser again; who is signed in there is signed out. Raises PermissionDenied."""
    device = _locked(device_id)
    ensure(can_manage_device(by, device))
    _ensure_in_use(device)
    device.revoked_at, device.revoked_by = clock.now(), by
    device.token_digest = device.pairing_digest = ""
    device.save(update_fields=["revoked_at", "revoked_by", "token_digest", "pairing_digest", "updated_at"])
    UserSession.objects.filter(device=device).delete()
    DeviceVisit.objects.filter(device=device).delete()
    security_record(kind=SecurityEventKind.DEVICE_REVOKED, user=None, actor=by, device_id=device.pk)


def _digest(code: str) -> str:
    return blind_index(code, purpose="staff:pairing-code")


def _give_code(device: Device) -> str:
    code = "".join(secrets.choice(PAIRING_ALPHABET) for _n in range(PAIRING_LENGTH))
    device.pairing_digest, device.pairing_ends_at = _digest(code), clock.now() + PAIRING_LASTS
    return f"{code[:4]}-{code[4:]}"


def _locked(device_id: int) -> Device:
    device: Device = Device.objects.select_for_update(no_key=True, of=("self",)).get(pk=device_id)
    return device


def _ensure_in_use(device: Device) -> None:
    if device.revoked_at is not None:
        raise DomainError(_("This tablet was revoked. Register it anew."))


# ---- the day on the tablet ---------------------------------------------------------------------------------


@service
def visit_record(*, device_id: int, user: User) -> None:
    """The person signed in here by password: the PIN opens the tablet again until the end of the day."""
    now = clock.now()
    DeviceVisit.objects.update_or_create(
        device_id=device_id,
        user=user,
        local_on=clock.local_date(now),
        defaults={"signed_in_at": now, "rights_digest": user.get_session_auth_hash(), "pin_tries": 0},
    )
    Device.objects.filter(pk=device_id).update(last_seen_at=now)


@service
def visit_end(*, device_id: int, user_id: int) -> None:
    """Who signs out is gone: coming back needs the password."""
    DeviceVisit.objects.filter(device=device_id, user=user_id, local_on=clock.today()).delete()


@service
def pin_check(*, device_id: int, user_id: int, pin: str, ip: str | None = None) -> PinResult:
    """Whether the PIN opens this tablet for this person now.

    The try is taken before the PIN is compared, in one statement: five wrong ones, however many come at once. The
    password is needed when there was none today, when it or a right changed since, after the shift, or without a PIN.
    """
    # No joins here: a statement that finds its row by a subquery does not look at the count again after waiting.
    visits = DeviceVisit.objects.filter(
        device_id=device_id, user_id=user_id, local_on=clock.today(), pin_tries__lt=PIN_TRIES
    )
    if not visits.update(pin_tries=F("pin_tries") + 1):
        return PinResult(PinAnswer.PASSWORD)
    visit = DeviceVisit.objects.select_related("device", "user__quick_pin").get(
        device=device_id, user=user_id, local_on=clock.today()
    )
    pin_row: QuickPin | None = getattr(visit.user, "quick_pin", None)
    if pin_row is None or not _is_still_good(visit):
        return PinResult(PinAnswer.PASSWORD)
    if check_password(pin, pin_row.pin_hash):
        DeviceVisit.objects.filter(pk=visit.pk).update(pin_tries=0)
        security_record(kind=SecurityEventKind.PIN_USED, user=visit.user, device_id=device_id, ip=ip)
        return PinResult(PinAnswer.RIGHT, visit)
    left = PIN_TRIES - visit.pin_tries
    if left == 0:
        security_record(kind=SecurityEventKind.PIN_EXHAUSTED, user=visit.user, device_id=device_id, ip=ip)
        return PinResult(PinAnswer.PASSWORD)
    return PinResult(PinAnswer.WRONG, tries_left=left)


def _is_still_good(visit: DeviceVisit) -> bool:
    shift_ends_at = visit.signed_in_at + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    is_known = visit.device.revoked_at is None
    is_same = secrets.compare_digest(visit.rights_digest, visit.user.get_session_auth_hash())
    return is_known and visit.user.is_active and is_same and clock.now() < shift_ends_at


@service
def pin_set(*, by: User, pin: str, ip: str | None = None) -> None:
    """Set or replace the own PIN. Raises DomainError for what everybody would try first."""
    problem = _weakness(pin, by)
    if problem is not None:
        raise DomainError(problem, field="pin")
    QuickPin.objects.update_or_create(user=by, defaults={"pin_hash": make_password(pin), "set_at": clock.now()})
    security_record(kind=SecurityEventKind.PIN_SET, user=by, ip=ip)


@service
def pin_remove(*, by: User, ip: str | None = None) -> None:
    if QuickPin.objects.filter(user=by).delete()[0]:
        security_record(kind=SecurityEventKind.PIN_REMOVED, user=by, ip=ip)


def _weakness(pin: str, user: User) -> Any:
    if len(pin) != PIN_LENGTH or not (pin.isascii() and pin.isdecimal()):
        return _("A PIN has six digits.")
    steps = {int(after) - int(before) for before, after in zip(pin, pin[1:], strict=False)}
    is_pattern = len(set(pin)) < 3 or steps in ({1}, {-1}) or pin[:3] == pin[3:]
    own = (user.phone or "") + " " + user.employee_number
    return _("This PIN is guessed too easily.") if is_pattern or pin in own else None


def visits_sweep() -> int:
    """Visits of past days open nothing. Returns how many were deleted."""
    return DeviceVisit.objects.filter(local_on__lt=clock.today() - VISITS_KEPT).delete()[0]
