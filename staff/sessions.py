"""Sessions in the database, each row with whose it is and where: named by SESSION_ENGINE."""

from datetime import datetime
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from core import clock
from core.statements import rows_of
from staff.models import UserSession

# What the row repeats from the data of the session.
STARTED, LAST_SEEN, DEVICE, IP, AGENT = "started_at", "last_seen", "device_id", "ip", "agent"
LOCKED, DEVICE_NAME = "locked", "device_name"


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> Any:
        return UserSession

    def _get_session_from_db(self) -> UserSession | None:
        """As Django does; every request asks this, so the statement is kept."""
        if clock.is_travelling():  # sessions end by the real clock
            return cast(UserSession | None, super()._get_session_from_db())  # type: ignore[misc]
        found = rows_of("session", None, _alive, self.session_key) if self.session_key else []
        if not found:
            self._session_key = None
        return found[0] if found else None

    def create_model_instance(self, data: dict[str, Any]) -> UserSession:
        row = cast(UserSession, super().create_model_instance(data))
        row.user_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row.device_id = data.get(DEVICE)
        row.ip, row.agent = data.get(IP), data.get(AGENT, "")
        row.started_at, row.last_seen_at = _moment(data.get(STARTED)), _moment(data.get(LAST_SEEN))
        return row


def _alive(session_key: str) -> QuerySet[UserSession]:
    return UserSession.objects.filter(session_key=session_key, expire_date__gt=clock.now())


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=timezone.get_default_timezone())


def public_name(session_key: str) -> str:
    """A session for the page: the key itself would be worth a sign-in to whoever reads it."""
    return salted_hmac("staff.sessions", session_key, algorithm="sha256").hexdigest()[:24]


def session_person(session: Any) -> int | None:
    """Whose session this is, locked or not."""
    return int(session[SESSION_KEY]) if SESSION_KEY in session else None
