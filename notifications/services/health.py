"""Whether a way to the outside works. Administrators are told once when it stops, not with every message."""

from datetime import datetime, timedelta

from core import clock
from core.transactions import service
from notifications.enums import NoticeKind
from notifications.models import Integration
from notifications.selectors import administrators_of
from notifications.services.inbox import notice_create, notices_done

# A success is written down at most once a minute: a hundred messages need not lock the same row a hundred times.
FRESH = timedelta(minutes=1)


def subject_of(integration_id: int) -> str:
    return f"notifications.Integration:{integration_id}"


def _lock(integration_id: int) -> Integration:
    return Integration.objects.select_for_update(no_key=True, of=("self",)).get(pk=integration_id)


@service
def note_success(integration_id: int | None) -> None:
    if integration_id is None:
        return
    now = clock.now()
    known = Integration.objects.filter(pk=integration_id, failures=0, last_ok_at__gt=now - FRESH)
    if known.exists():
        return
    row = _lock(integration_id)
    was_told = row.told_at is not None
    row.failures, row.failing_since, row.told_at, row.last_ok_at, row.last_error = 0, None, None, now, ""
    row.save(update_fields=["failures", "failing_since", "told_at", "last_ok_at", "last_error"])
    if was_told:
        notices_done(subjects=[subject_of(integration_id)])


@service
def note_failure(integration_id: int | None, error: str) -> None:
    if integration_id is None:
        return
    row = _lock(integration_id)
    row.failures += 1
    row.failing_since = row.failing_since or clock.now()
    row.last_error = error[:300]
    if row.failures >= row.alert_after and row.told_at is None:
        row.told_at = clock.now()
        _tell(row)
    row.save(update_fields=["failures", "failing_since", "last_error", "told_at"])


@service
def rest(integration_id: int | None, until: datetime) -> None:
    """The provider asked for a pause."""
    if integration_id is None:
        return
    row = _lock(integration_id)
    row.rest_until = max(until, row.rest_until or until)
    row.save(update_fields=["rest_until"])


def _tell(row: Integration) -> None:
    since = row.failing_since.isoformat() if row.failing_since else ""
    for person in administrators_of(row.store_id):
        notice_create(
            recipient_id=person.pk,
            kind=NoticeKind.CHANNEL_FAILING,
            url=f"/notifications/integrations/{row.pk}/",
            subject=subject_of(row.pk),
            dedupe_key=f"{subject_of(row.pk)}:{since}:{person.pk}",
            integration=row.name,
            error=row.last_error[:120],
        )
