"""Ending sessions from elsewhere."""

from collections.abc import Sequence

from core.transactions import service
from staff.enums import SecurityEventKind
from staff.models import User, UserSession
from staff.services.security_log import security_record


@service
def sessions_end(*, keys: Sequence[str], by: User, ip: str | None = None) -> int:
    """End some of the own sessions; whoever used them needs the password again. Returns how many."""
    ended: int = UserSession.objects.filter(user=by, session_key__in=keys).delete()[0]
    if ended:
        security_record(kind=SecurityEventKind.SESSION_ENDED, user=by, ip=ip, reason=f"{ended}")
    return ended
