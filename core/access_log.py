"""Who looked at protected data: one row for every look, written in the transaction that lets the data out.

No log, no data (reliability.md 30): call `log_access` inside the service that gives the value; when it fails, the
service fails.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

from core import clock
from core.client_ip import client_ip
from core.enums import AccessAction, AccessResult
from core.models import AccessLogEntry

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

CUSTOMER = "customers.Customer"  # the name only: which app it is in is none of the ground floor's business
_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Version", "Safari"),
)
_SYSTEMS = (
    ("iPad", "iPad"),
    ("iPhone", "iPhone"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class RequestMeta:
    """Where a look came from. `session` is a hash: two looks of one session are seen, the session is not usable."""

    ip: str | None = None
    session: str = ""
    device: str = ""
    user_agent: str = ""


def meta_of(request: HttpRequest) -> RequestMeta:
    """Return what the log keeps of a request."""
    key = request.session.session_key or ""
    return RequestMeta(
        ip=client_ip(request),
        session=hashlib.sha256(key.encode()).hexdigest()[:16] if key else "",
        device=str(getattr(request, "device", None) or "")[:60],
        user_agent=short_user_agent(request.headers.get("User-Agent", "")),
    )


def short_user_agent(text: str) -> str:
    """Return browser and system in a few words, e.g. "Chrome 130 · Android"; "" for nothing known."""
    system = next((name for mark, name in _SYSTEMS if mark in text), "")
    for mark, name in _BROWSERS:
        found = re.search(rf"{mark}(?:iOS|A)?/(\d+)", text)
        if found:
            return " · ".join(part for part in (f"{name} {found[1]}", system) if part)
    return system


def log_access(
    *,
    actor: "AbstractBaseUser",
    action: str,
    customer_id: int | None,
    field: str = "",
    reason: str = "",
    subject_type: str = "",
    subject_id: int | None = None,
    request_meta: RequestMeta | None = None,
    result: str = AccessResult.OK,
) -> None:
    """Write one row. The subject is the customer unless another one is named (a file, an export)."""
    _entry(
        actor=actor,
        action=action,
        customer_id=customer_id,
        field=field[:40],
        reason=reason[:200],
        subject_type=subject_type or CUSTOMER,
        subject_id=subject_id if subject_id is not None else customer_id or 0,
        result=result,
        meta=request_meta or RequestMeta(),
    ).save(force_insert=True)


def log_export(
    *, actor: "AbstractBaseUser", customer_ids: Sequence[int], subject: tuple[str, int], reason: str = ""
) -> None:
    """One row for every customer who is in a file, so that "who saw this customer" answers with it."""
    subject_type, subject_id = subject
    entries = [
        _entry(
            actor=actor,
            action=AccessAction.EXPORT,
            customer_id=customer_id,
            field="row",
            reason=reason[:200],
            subject_type=subject_type,
            subject_id=subject_id,
            meta=RequestMeta(),
        )
        for customer_id in customer_ids
    ]
    AccessLogEntry.objects.bulk_create(entries, batch_size=1_000)


def log_view(*, actor: "AbstractBaseUser", customer_id: int, request_meta: RequestMeta) -> None:
    """Note that the person opened the customer's page: once for every person, customer and hour, in one statement."""
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    entry = _entry(
        actor=actor,
        action=AccessAction.VIEW,
        customer_id=customer_id,
        subject_type=CUSTOMER,
        subject_id=customer_id,
        meta=request_meta,
        seen_hour=hour,
    )
    AccessLogEntry.objects.bulk_create([entry], ignore_conflicts=True)


def _entry(*, actor: Any, meta: RequestMeta, **fields: Any) -> AccessLogEntry:
    return AccessLogEntry(
        actor=actor,
        store_id=actor.store_id,
        ip=meta.ip,
        session=meta.session,
        device=meta.device,
        user_agent=meta.user_agent,
        **fields,
    )
