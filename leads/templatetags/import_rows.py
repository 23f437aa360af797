"""{{ row|reason_text }} and its neighbours, for the tables of an import."""

from typing import Any

from django import template

from leads.enums import ImportField, ImportState, LeadResult, RowReason
from leads.models import LeadImport
from leads.services import import_words

register = template.Library()
register.filter(import_words.reason_text)
register.filter(import_words.hint_texts)
register.filter(import_words.shown_phone)
register.filter(import_words.resolutions)

_REJECTING = (RowReason.PHONE_INVALID, RowReason.PHONE_MISSING, RowReason.DO_NOT_CONTACT)
_TONES = {
    ImportState.DONE: "chip-ok",
    ImportState.CHECKED: "chip-brand",
    ImportState.UPLOADED: "chip-brand",
    ImportState.QUEUED: "chip-warn",
    ImportState.FAILED: "chip-danger",
}


@register.filter
def grouped(number: Any) -> str:
    """1,248; an en dash for nothing."""
    return "–" if number in (None, "") else f"{int(number):,}"


@register.filter
def share_new(counts: dict[str, Any]) -> str:
    """New rows of all rows, in percent with one decimal."""
    return f"{100 * counts.get('created', 0) / max(counts.get('rows', 0), 1):.1f}%"


@register.filter
def incomplete(counts: dict[str, Any]) -> str:
    """New rows that lack at least one of the six items."""
    return grouped(counts.get("created", 0) - counts.get("captured", 0))


@register.filter
def reasons_of(counts: dict[str, Any], result: str) -> list[tuple[str, str]]:
    """(label, number) of the reasons of one result."""
    is_rejection = result == LeadResult.REJECTED
    return [
        (str(RowReason(reason).label), grouped(number))
        for reason, number in counts.get("reasons", {}).items()
        if (reason in _REJECTING) == is_rejection
    ]


@register.filter
def skipped(lead_import: LeadImport) -> str:
    counts = lead_import.counts
    return grouped(counts["rows"] - counts["created"] - counts["chosen"])


@register.filter
def state_tone(lead_import: LeadImport) -> str:
    return _TONES.get(ImportState(lead_import.state), "")


@register.filter
def columns(lead_import: LeadImport) -> dict[str, Any]:
    """Heading, meaning and whether it is used, column by column."""
    rows = []
    for column, heading in enumerate(lead_import.header):
        field = lead_import.mapping.get(str(column), "")
        rows.append((heading, ImportField(field).label, bool(field)))
    return {"rows": rows, "all": len(rows), "used": sum(is_used for _h, _l, is_used in rows)}
