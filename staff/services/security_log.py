"""The log of what happened around signing in."""

import logging

from core import clock
from core.models import RateCounter
from core.rate_limits import forget
from core.transactions import service
from staff.models import DeviceVisit, QuickPin, RecoveryCode, SecondFactor, SecurityEvent, User, UserSession

logger = logging.getLogger("staff.security")


@service
def security_record(
    *,
    kind: str,
    user: User | None,
    actor: User | None = None,
    device_id: int | None = None,
    ip: str | None = None,
    reason: str = "",
) -> None:
    """Write one line; `actor` None: the person. The same line goes to the log of the process."""
    actor = actor or user
    SecurityEvent.objects.create(kind=kind, user=user, actor=actor, device_id=device_id, ip=ip, reason=reason[:200])
    logger.info("%s person=%s by=%s device=%s address=%s", kind, user and user.pk, actor and actor.pk, device_id, ip)


def tries_forget(*, user: User) -> None:
    """The person may try again at once: passwords from every address, codes, PINs of today."""
    RateCounter.objects.filter(scope="login", key__startswith=f"{user.employee_number}|").delete()
    forget("second_factor", user.pk)
    DeviceVisit.objects.filter(user=user, local_on=clock.today()).update(pin_tries=0)


def keys_forget(*, user: User) -> None:
    """Who leaves leaves no PIN and no second factor behind; sessions end with the rights."""
    QuickPin.objects.filter(user=user).delete()
    SecondFactor.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    UserSession.objects.filter(user=user).delete()
    User.objects.filter(pk=user.pk).update(second_factor_at=None)
