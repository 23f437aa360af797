"""The second factor: codes of an authenticator app (TOTP, RFC 6238) and recovery codes."""

import base64
import secrets
from enum import Enum

from django.utils.translation import gettext_lazy as _
from django_otp.oath import hotp

from core import clock, events
from core.encryption import blind_index
from core.errors import DomainError
from core.text import clean_text
from core.transactions import service
from staff.enums import SecurityEventKind
from staff.events import SecondFactorReset
from staff.models import RecoveryCode, SecondFactor, User
from staff.policies import can_reset_second_factor, ensure, needs_second_factor
from staff.services.security_log import security_record

STEP_S = 30
DRIFT_STEPS = 1  # the clock of a phone may be half a minute off
SECRET_BYTES = 20
RECOVERY_CODES = 10
# Without letters and digits that are mistaken for each other.
RECOVERY_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
RECOVERY_LENGTH = 12


class Proof(Enum):
    """What a typed code turned out to be."""

    WRONG = "wrong"
    CODE = "code"
    RECOVERY = "recovery"


WRONG_CODE = _("This code is not right. Use the newest code of the app; each works once.")


@service
def second_factor_begin(*, by: User) -> SecondFactor:
    """A new secret, not in force yet. Raises DomainError while a confirmed one is."""
    user = _locked(by.pk)
    if user.second_factor_at is not None:
        raise DomainError(_("The second factor is switched on already."))
    SecondFactor.objects.filter(user=user).delete()
    return SecondFactor.objects.create(user=user, secret=base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode())


@service
def second_factor_confirm(*, by: User, code: str, ip: str | None = None) -> tuple[User, list[str]]:
    """Switch it on with the first code of the app; every other session of the person ends.

    Returns the person as saved and the recovery codes, which nobody can read again. Raises DomainError.
    """
    user = _locked(by.pk)
    factor = SecondFactor.objects.filter(user=user).first()
    if factor is None or user.second_factor_at is not None:
        raise DomainError(_("Begin again: there is nothing to confirm."))
    if not _use_code(factor, code):
        raise DomainError(WRONG_CODE, field="code", code="wrong")
    user.second_factor_at = clock.now()
    user.save(update_fields=["second_factor_at", "updated_at"])
    security_record(kind=SecurityEventKind.FACTOR_ON, user=user, ip=ip)
    return user, _new_recovery_codes(user)


@service
def second_factor_verify(*, user_id: int, code: str, ip: str | None = None) -> Proof:
    """Whether this is a code of the person's app, or a recovery code; either works once.

    A wrong one is on record. The caller counts the tries (core.rate_limits "second_factor").
    """
    user = User.objects.get(pk=user_id)
    factor = SecondFactor.objects.filter(user=user).first()
    if factor is not None and _use_code(factor, code):
        return Proof.CODE
    if _use_recovery_code(user, code):
        security_record(kind=SecurityEventKind.RECOVERY_CODE_USED, user=user, ip=ip)
        return Proof.RECOVERY
    security_record(kind=SecurityEventKind.CODE_WRONG, user=user, ip=ip)
    return Proof.WRONG


@service
def recovery_codes_renew(*, by: User, code: str, ip: str | None = None) -> list[str]:
    """Ten new recovery codes; the old ones are worth nothing. Raises DomainError for a wrong code of the app."""
    user = _locked(by.pk)
    _ensure_code(user, code)
    security_record(kind=SecurityEventKind.CODES_RENEWED, user=user, ip=ip)
    return _new_recovery_codes(user)


@service
def second_factor_switch_off(*, by: User, code: str, ip: str | None = None) -> User:
    """Only who need not have one may switch it off. Raises DomainError."""
    user = _locked(by.pk)
    if needs_second_factor(user):
        raise DomainError(_("Your role needs the second factor."))
    _ensure_code(user, code)
    security_record(kind=SecurityEventKind.FACTOR_OFF, user=user, ip=ip)
    return _forget_factor(user)


@service
def second_factor_reset(*, user_id: int, reason: str, by: User | None) -> User:
    """Somebody lost phone and recovery codes: the next sign-in begins with a new second factor.

    `by` None: the command line. Every session of the person ends, and the person is told. Raises PermissionDenied,
    DomainError (no reason, no second factor).
    """
    user = _locked(user_id)
    if by is not None:
        ensure(can_reset_second_factor(by, user))
    reason = clean_text(reason)
    if not reason:
        raise DomainError(_("Say why; it is kept on record."), field="reason")
    if user.second_factor_at is None:
        raise DomainError(_("This person has no second factor."))
    security_record(kind=SecurityEventKind.FACTOR_RESET, user=user, actor=by, reason=reason)
    saved = _forget_factor(user)
    events.emit(SecondFactorReset(user_id=user.pk, by_id=by.pk if by else None, at=clock.now()))
    return saved


def _locked(user_id: int) -> User:
    user: User = User.objects.select_for_update(no_key=True, of=("self",)).get(pk=user_id)
    return user


def _ensure_code(user: User, code: str) -> None:
    factor = SecondFactor.objects.filter(user=user).first() if user.second_factor_at is not None else None
    if factor is None or not _use_code(factor, code):
        raise DomainError(WRONG_CODE, field="code", code="wrong")


def _forget_factor(user: User) -> User:
    SecondFactor.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    user.second_factor_at = None
    user.save(update_fields=["second_factor_at", "updated_at"])
    return user


def _use_code(factor: SecondFactor, code: str) -> bool:
    """Whether the code is right; its time step is used up in the same statement, so a code never works twice."""
    digits = "".join(char for char in clean_text(code) if char.isdecimal())
    if len(digits) != 6:
        return False
    key = base64.b32decode(factor.secret)
    now = int(clock.now().timestamp()) // STEP_S
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if secrets.compare_digest(f"{hotp(key, step):06}", f"{int(digits):06}"):
            return bool(SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step).update(last_step=step))
    return False


def _use_recovery_code(user: User, code: str) -> bool:
    typed = clean_text(code).lower().replace("-", "").replace(" ", "")
    if len(typed) != RECOVERY_LENGTH:
        return False
    rows = RecoveryCode.objects.filter(user=user, digest=_digest(user, typed), used_at=None)
    return bool(rows.update(used_at=clock.now()))


def _new_recovery_codes(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    codes = [
        "".join(secrets.choice(RECOVERY_ALPHABET) for _n in range(RECOVERY_LENGTH)) for _i in range(RECOVERY_CODES)
    ]
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, digest=_digest(user, code)) for code in codes])
    return ["-".join(code[start : start + 4] for start in range(0, RECOVERY_LENGTH, 4)) for code in codes]


def _digest(user: User, code: str) -> str:
    """12 of 31 letters are 59 bits, and the hash is keyed: nobody tries them all."""
    return blind_index(f"{user.uid}:{code}", purpose="staff:recovery-code")
