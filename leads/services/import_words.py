"""What is said about a row: why it is repeated or rejected, what it lacks, and which number it shows."""

from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from core.phones import mask_phone, normalize_phone
from core.templatetags.ui import day
from leads.enums import ALLOWED_RESOLUTIONS, Hint, Resolution, RowReason
from leads.models import LeadImportRow
from opportunities.enums import LostReason, VoidReason


def reason_text(row: LeadImportRow) -> str:
    """One line in the reader's language; "" for a new row."""
    detail = row.detail
    on = day(date.fromisoformat(detail["on"])) if detail.get("on") else ""
    match row.reason:
        case RowReason.SAME_FILE:
            return _("Same number as row %(row)s") % {"row": detail.get("row", "")}
        case RowReason.OWNED:
            return _("%(owner)s is following since %(day)s") % {"owner": detail.get("owner", ""), "day": on}
        case RowReason.WAS_LOST if on:
            reason = {**dict(LostReason.choices), **dict(VoidReason.choices)}.get(detail.get("close_reason"), "")
            return " · ".join(str(part) for part in (_("Given up on %(day)s") % {"day": on}, reason) if part)
        case RowReason.PHONE_INVALID:
            return _phone_problem(row)
    return row.get_reason_display()


def _phone_problem(row: LeadImportRow) -> str:
    if row.parsed.get("phone_error") == "service":
        return _("A 400 number reaches a switchboard, not a person")
    try:
        normalize_phone(row.parsed.get("phone_text"))
    except ValidationError as error:
        return " ".join(error.messages)
    return row.get_reason_display()


def hint_texts(row: LeadImportRow) -> list[str]:
    """What the row lacks although it is a lead."""
    return [str(Hint(hint).label) for hint in row.parsed.get("hints", []) if hint in Hint.values]


def shown_phone(row: LeadImportRow) -> str:
    """Masked: the number, or what stood in its place (reliability.md 4.6)."""
    text = row.parsed.get("phone") or row.parsed.get("phone_text", "")
    return mask_phone(text) if any(char.isdigit() for char in text) else text


def resolutions(row: LeadImportRow) -> list[tuple[str, str]]:
    """What may be chosen for a repeated row; nothing when it can only be skipped."""
    return [(value, str(Resolution(value).label)) for value in ALLOWED_RESOLUTIONS.get(row.reason, [])]
