"""Writing inboxes."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError
from core.transactions import service
from notifications.models import Notification
from staff.models import User

# By hand: only so does the database say whether the row was new, without a second question.
_NOTICE = """
INSERT INTO notifications_notification
  (uid, created_at, updated_at, recipient_id, kind, data, url, subject, dedupe_key)
VALUES (gen_random_uuid(), %(now)s, %(now)s, %(recipient_id)s, %(kind)s, %(data)s, %(url)s, %(subject)s, %(dedupe_key)s)
ON CONFLICT DO NOTHING
"""
_OLDER_DONE = """
WITH older AS (
  UPDATE notifications_notification SET done_at = %(now)s
  WHERE subject = %(subject)s AND recipient_id = %(recipient_id)s AND done_at IS NULL
)"""


@service
def notice_create(
    *,
    recipient_id: int,
    kind: str,
    url: str = "",
    subject: str = "",
    dedupe_key: str | None = None,
    is_replacing: bool = False,
    at: datetime | None = None,
    **data: Any,
) -> bool:
    """Put one line into an inbox. Returns False when a line with this key was written before.

    `is_replacing`: the person's older lines about the same subject leave the inbox, in the same statement.
    `at`: for a caller who asked the database what time it is.
    """
    values: dict[str, Any] = {
        "now": at or clock.now(),
        "recipient_id": recipient_id,
        "kind": str(kind),
        "data": json.dumps(data),
        "url": url,
        "subject": subject,
        "dedupe_key": dedupe_key,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OLDER_DONE + _NOTICE if is_replacing else _NOTICE, values)
        return bool(cursor.rowcount)


@service
def notices_done(*, subjects: Sequence[str], recipient_id: int | None = None) -> int:
    """What the lines were about is done: they leave the inbox. Returns how many."""
    if not subjects:
        return 0
    rows = Notification.objects.filter(subject__in=subjects, done_at=None)
    if recipient_id is not None:
        rows = rows.filter(recipient=recipient_id)
    return rows.update(done_at=clock.now())


@service
def notices_read(*, by: User, ids: Sequence[int] | None = None) -> int:
    """Mark lines as read, all of them when `ids` is None."""
    rows = Notification.objects.filter(recipient=by, read_at=None)
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    return rows.update(read_at=clock.now())


@service
def notice_finish(*, notice_id: int, by: User) -> None:
    """Take a line out of the own inbox; somebody else's does not exist for this person."""
    now = clock.now()
    rows = Notification.objects.filter(pk=notice_id, recipient=by)
    if not rows.update(done_at=now, read_at=now):
        raise DomainError(_("This notification does not exist."), code="missing")


@service
def notice_snooze(*, notice_id: int, until: datetime, by: User) -> None:
    """Hide a line until a moment in the future (at most 30 days)."""
    now = clock.now()
    if not now < until <= now + timedelta(days=30):
        raise DomainError(_("Choose a time within the next 30 days."), field="until")
    rows = Notification.objects.filter(pk=notice_id, recipient=by, done_at=None)
    if not rows.update(snoozed_until=until, read_at=now):
        raise DomainError(_("This notification does not exist."), code="missing")
