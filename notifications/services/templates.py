"""The texts of messages, as dated versions: what was sent can always be read again."""

import re
from datetime import date
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import DomainError
from core.policies import ensure_can_configure
from core.text import clean_text
from core.transactions import service
from notifications.models import MessageTemplate
from staff.models import User

# What a text may name, each filled in when it is sent.
PLACEHOLDERS: tuple[str, ...] = ("customer", "store", "address", "consultant", "model")
_NAME = re.compile(r"\{([^{}]*)\}")


def unknown_placeholders(body: str) -> list[str]:
    """Names in braces that nobody fills in, and braces that do not close."""
    rest = _NAME.sub("", body)
    stray = ["{"] if "{" in rest or "}" in rest else []
    return [*dict.fromkeys(name for name in _NAME.findall(body) if name not in PLACEHOLDERS), *stray]


@service
def template_save(
    *, code: str, valid_from: date, body: str, name_zh: str, name_en: str, purpose: str, by: User, sort_order: int = 100
) -> MessageTemplate:
    """The text from a day on; what was in force until then ends there. An empty code makes a new text.

    Raises DomainError (a day in the past, a placeholder that nobody fills in).
    """
    ensure_can_configure(by)
    if valid_from < clock.today():
        raise DomainError(_("A text begins today at the earliest."), field="valid_from", code="too_early")
    unknown = unknown_placeholders(body)
    if unknown:
        raise DomainError(
            _("Nobody fills in {%(name)s}."), field="body", params={"name": unknown[0]}, code="placeholder"
        )
    versions = list(MessageTemplate.objects.select_for_update().filter(code=code or "-").order_by("valid_from"))
    if code and not versions:
        raise DomainError(_("There is no such text."), code="unknown")
    row = next((one for one in versions if one.valid_from == valid_from), None) or MessageTemplate(
        code=code or _free_code(), valid_from=valid_from
    )
    later = [one.valid_from for one in versions if one.valid_from > valid_from]
    _set(row, body=clean_text(body), name_zh=clean_text(name_zh), name_en=clean_text(name_en), purpose=purpose)
    row.sort_order, row.valid_to = sort_order, min(later, default=None)
    row.full_clean()
    for one in versions:
        if one.valid_from < valid_from and (one.valid_to is None or one.valid_to > valid_from):
            one.valid_to = valid_from
            one.save(update_fields=["valid_to", "updated_at"])
    row.save()
    return row


def _set(row: MessageTemplate, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)


def _free_code() -> str:
    return f"text_{(MessageTemplate.objects.aggregate(last=Max('pk'))['last'] or 0) + 1}"


@service
def template_end(*, code: str, by: User) -> int:
    """From today on nobody is offered this text; what was planned for later is dropped. Returns how many ended."""
    ensure_can_configure(by)
    today = clock.today()
    ended = 0
    for row in MessageTemplate.objects.select_for_update().filter(code=code):
        if row.valid_from > today:
            row.delete()
        elif row.valid_to is None or row.valid_to > today:
            row.valid_to = today
            row.save(update_fields=["valid_to", "updated_at"])
            ended += 1
    return ended
