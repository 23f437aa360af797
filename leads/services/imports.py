"""An uploaded list on its way: upload (rows staged), mapping, dry run; nothing is written yet (design 20)."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from core.errors import Conflict, DomainError
from core.phones import normalize_phone
from core.text import clean_text
from core.transactions import service
from leads.enums import ALLOWED_RESOLUTIONS, ImportField, ImportState, LeadResult, Resolution
from leads.models import LeadImport, LeadImportRow
from leads.policies import can_work_on_import
from leads.services.import_files import MAX_COLUMNS, FileContent, read_file
from leads.services.import_mapping import read_table
from leads.services.import_rows import Known, Lists, Parsed, Verdict, judge_rows, parse_rows
from staff.models import User
from staff.policies import can_import_leads, ensure

BATCH = 1_000
EDITABLE = (ImportState.UPLOADED, ImportState.CHECKED)


@dataclass(frozen=True)
class ImportOptions:
    """`owner_ids`: consultants who get the new customers in turn; nobody: leave them to the assignment (R-058, R-094).

    `source` says how the customers agreed to be contacted; empty: no consent is recorded.
    """

    owner_ids: tuple[int, ...] = ()
    source: str = ""


@service
def import_upload(*, store_id: int, name: str, content: bytes, by: User) -> LeadImport:
    """Read a file and stage its rows; what the columns mean is guessed. No customer is touched.

    Raises PermissionDenied, DomainError and LimitReached (see read_file), DomainError for a list without rows.
    """
    ensure(can_import_leads(by) and by.store_id == store_id)
    read = read_file(name=name, content=content)
    table = read_table(read.rows)
    if not table.rows:
        raise DomainError(_("The list has a heading but no rows."), field="file", code="empty")
    lead_import = _new_import(store_id, name, content, read, by)
    lead_import.header, lead_import.mapping, lead_import.row_count = table.header, table.mapping, len(table.rows)
    lead_import.save(force_insert=True)
    LeadImportRow.objects.bulk_create(
        [LeadImportRow(lead_import=lead_import, row_no=row.row_no, raw=row.cells) for row in table.rows],
        batch_size=BATCH,
    )
    return lead_import


def _new_import(store_id: int, name: str, content: bytes, read: FileContent, by: User) -> LeadImport:
    return LeadImport(
        store_id=store_id,
        created_by=by,
        file_name=clean_text(name)[-200:],
        sha256=hashlib.sha256(content).hexdigest(),
        encoding=read.encoding,
        delimiter=read.delimiter,
    )


def import_lock(import_id: int, *, by: User) -> LeadImport:
    """Lock one import that the person may work on. Raises PermissionDenied."""
    row = LeadImport.objects.select_for_update(no_key=True, of=("self",)).filter(pk=import_id).first()
    if row is None or not can_work_on_import(by, row):
        raise PermissionDenied(_("This import is not yours."))
    return row


@service
def import_map(
    *, import_id: int, mapping: dict[str, str], default_channel_id: int | None = None, by: User
) -> LeadImport:
    """Say what the columns mean and which channel rows without one came by; then try the list.

    Raises DomainError (no phone column, one meaning twice, imported already).
    """
    lead_import = import_lock(import_id, by=by)
    _ensure_editable(lead_import)
    used = [field for field in mapping.values() if field]
    if len(mapping) > MAX_COLUMNS or not set(used) <= set(ImportField.values):
        raise DomainError(_("Choose what each column means."))
    twice = next((field for field, count in Counter(used).items() if count > 1), None)
    if twice is not None:
        raise DomainError(
            _("Two columns mean “%(field)s”. Keep one of them."), params={"field": ImportField(twice).label}
        )
    lead_import.mapping = {str(column): mapping.get(str(column), "") for column in range(len(lead_import.header))}
    lead_import.options = {**lead_import.options, "default_channel_id": default_channel_id}
    return import_check(lead_import)


def import_check(lead_import: LeadImport) -> LeadImport:
    """The dry run: every row gets its verdict, nothing else is written. The caller holds the lock."""
    if ImportField.PHONE not in lead_import.mapping.values():
        raise DomainError(_("Say which column holds the phone number."), code="no_phone_column")
    rows = list(lead_import.rows.order_by("row_no"))
    parsed = parse_rows(lead_import, rows, Lists.load(lead_import.options.get("default_channel_id")))
    known = Known.load(lead_import.store_id, parsed.values())
    verdicts, parsed = judge_rows(parsed, known)
    for row in rows:
        put_verdict(row, verdicts[row.row_no], parsed[row.row_no])
    LeadImportRow.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["lead_import", "row_no"],
        update_fields=["parsed", "result", "reason", "detail", "resolution"],
        batch_size=BATCH,
    )
    lead_import.state, lead_import.counts = ImportState.CHECKED, count_rows(rows)
    lead_import.save(update_fields=["mapping", "options", "state", "counts", "updated_at"])
    return lead_import


def put_verdict(row: LeadImportRow, verdict: Verdict, parsed: Parsed) -> None:
    """Write what became of a row; a choice that no longer fits is dropped. The caller saves."""
    if row.resolution not in ALLOWED_RESOLUTIONS.get(verdict.reason, []):
        row.resolution = Resolution.SKIP
    row.parsed, row.result = parsed.as_json(), verdict.result
    row.reason, row.detail = verdict.reason, verdict.detail


def count_rows(rows: Iterable[LeadImportRow]) -> dict[str, Any]:
    """{"rows", "created", "repeated", "rejected", "chosen" (repeated rows that will be written), "captured" (new rows
    with all six items), "reasons": {reason: rows}}. The three results add up to the rows."""
    results: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    chosen = captured = 0
    for row in rows:
        results[row.result] += 1
        reasons[row.reason] += 1
        chosen += row.resolution != Resolution.SKIP
        captured += row.result == LeadResult.CREATED and Parsed(**row.parsed).as_input().captured == 6
    return {
        "rows": sum(results.values()),
        **{str(result): results[result] for result in LeadResult},
        "chosen": chosen,
        "captured": captured,
        "reasons": {reason: number for reason, number in sorted(reasons.items()) if reason},
    }


@service
def row_fix_phone(*, import_id: int, row_no: int, phone: str, by: User) -> LeadImportRow:
    """Put the number of a rejected row right; the whole list is judged again, because another row may have it.

    Raises ValidationError (no valid number), DomainError (imported already).
    """
    lead_import, row = _row(import_id, row_no, by=by)
    row.parsed = Parsed(**row.parsed).with_phone(normalize_phone(phone)).as_json()
    row.save(update_fields=["parsed"])
    import_check(lead_import)
    row.refresh_from_db()
    return row


@service
def row_resolve(*, import_id: int, row_no: int, resolution: str, by: User) -> LeadImportRow:
    """Choose what is done with a repeated row. Raises DomainError when the row does not allow it."""
    lead_import, row = _row(import_id, row_no, by=by)
    if resolution not in ALLOWED_RESOLUTIONS.get(row.reason, []):
        raise DomainError(_("This row can only be skipped."), field="resolution")
    before, row.resolution = row.resolution, resolution
    row.save(update_fields=["resolution"])
    lead_import.counts["chosen"] += (resolution != Resolution.SKIP) - (before != Resolution.SKIP)
    lead_import.save(update_fields=["counts", "updated_at"])
    return row


def _row(import_id: int, row_no: int, *, by: User) -> tuple[LeadImport, LeadImportRow]:
    lead_import = import_lock(import_id, by=by)
    _ensure_editable(lead_import)
    row = lead_import.rows.filter(row_no=row_no).first()
    if row is None:
        raise PermissionDenied(_("This row does not exist."))
    return lead_import, row


def _ensure_editable(lead_import: LeadImport) -> None:
    if lead_import.state not in EDITABLE:
        raise Conflict(_("This list was imported already."), current=lead_import)


@service
def import_discard(*, import_id: int, by: User) -> None:
    """Forget a list that was not imported, with all the numbers in it."""
    lead_import = import_lock(import_id, by=by)
    if lead_import.state not in (*EDITABLE, ImportState.FAILED):
        raise Conflict(_("This list was imported already."), current=lead_import)
    lead_import.delete()


def result_counts(lead_import: LeadImport) -> dict[str, int]:
    """The four numbers that everybody asks for: rows = created + repeated + rejected."""
    return {key: lead_import.counts.get(key, 0) for key in ("rows", *map(str, LeadResult))}
