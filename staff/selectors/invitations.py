"""The person behind an activation link."""

import hashlib

from core import clock
from staff.models import Invitation


def fingerprint(token: str) -> str:
    """What is stored of a link: it has 256 random bits, so a plain hash cannot be turned back."""
    return hashlib.sha256(token.encode()).hexdigest()


def invitation_of(token: str) -> Invitation | None:
    """The open invitation of this link; None when it is unknown, used, withdrawn or too old."""
    rows = Invitation.objects.filter(
        token_hash=fingerprint(token),
        used_at=None,
        revoked_at=None,
        expires_at__gt=clock.sql_now(),
        user__is_active=True,
    )
    return rows.select_related("user__store").first()
