"""A row as it is understood, and what becomes of it: new, repeated or rejected. Reads the database, writes nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from core import clock
from core.phones import Phone, PhoneKind, normalize_phone
from core.text import clean_text
from customers.models import Channel, CustomerPhone
from leads.enums import Hint, ImportField, LeadKind, LeadResult, RowReason
from leads.models import Lead, LeadImport, LeadImportRow
from leads.services.import_files import MAX_CELL
from leads.services.import_values import (
    Spelling,
    channel_spellings,
    fold,
    is_blank,
    read_gender,
    read_model,
    read_moment,
    read_name,
    read_series,
    read_window,
    resolve_years,
    series_spellings,
)
from leads.services.register import LeadInput
from opportunities.models import Opportunity
from opportunities.stages import Outcome
from vehicles.models import Series

NAME_LENGTH = 60
_CHUNK = 2_000


@dataclass(frozen=True)
class Parsed:
    """LeadImportRow.parsed. `phone`: E.164, "" when there is none; `phone_text`: as written; `phone_error`: code of
    core.phones. `occurred_at`: ISO text, "" for the moment of the import. `is_fixed`: the number was typed by hand."""

    phone: str = ""
    phone_kind: str = ""
    phone_text: str = ""
    phone_error: str = ""
    is_fixed: bool = False
    name: str = ""
    gender: str = ""
    channel_id: int | None = None
    series_id: int | None = None
    model_text: str = ""
    window: str = ""
    area: str = ""
    occurred_at: str = ""
    note: str = ""
    external_no: str = ""
    hints: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def with_phone(self, phone: Phone) -> "Parsed":
        """The same row with a number that somebody typed."""
        return replace(self, phone=phone.e164, phone_kind=phone.kind.value, phone_error="", is_fixed=True)

    def as_input(self) -> LeadInput:
        """What registering this row by hand would say."""
        return LeadInput(
            kind=LeadKind.ONLINE,
            phone=Phone(self.phone, PhoneKind(self.phone_kind)),
            name=self.name,
            gender=self.gender,
            channel_id=self.channel_id,
            series_id=self.series_id,
            model_text=self.model_text,
            purchase_window=self.window,
            area=self.area,
            note=self.note,
            occurred_at=datetime.fromisoformat(self.occurred_at) if self.occurred_at else None,
            external_no=self.external_no,
            is_imported=True,
        )


@dataclass(frozen=True)
class Lists:
    """The spellings of channels and series; loaded once for a file."""

    channels: Mapping[str, int]
    series: Sequence[Spelling]
    default_channel_id: int | None

    @classmethod
    def load(cls, default_channel_id: int | None) -> "Lists":
        channels = Channel.objects.filter(is_active=True).order_by("sort_order", "pk")
        series = Series.objects.filter(brand__is_competitor=False).select_related("brand").order_by("sort_order", "pk")
        return cls(
            channels=channel_spellings(
                (row.pk, [row.name_zh, row.name_en, row.code, *row.aliases]) for row in channels
            ),
            series=series_spellings((row.pk, row.brand.name, [row.name, row.code, *row.aliases]) for row in series),
            default_channel_id=default_channel_id,
        )


def parse_rows(lead_import: LeadImport, rows: Sequence[LeadImportRow], lists: Lists) -> dict[int, Parsed]:
    """Understand all rows of a file together: a day without a year takes it from its neighbours. By row number."""
    columns = {field: int(column) for column, field in lead_import.mapping.items() if field}
    cells = {row.row_no: _cells(row, columns) for row in rows}
    now = clock.now()
    written = {number: read_moment(texts[ImportField.OCCURRED_AT]) for number, texts in cells.items()}
    times = resolve_years(written, now=now)
    return {row.row_no: _parse(cells[row.row_no], times[row.row_no], row, lists, now=now) for row in rows}


def _cells(row: LeadImportRow, columns: Mapping[str, int]) -> dict[str, str]:
    def cell(name: str) -> str:
        column = columns.get(name)
        return row.raw[column] if column is not None and column < len(row.raw) else ""

    return {name: cell(name) for name in ImportField.values if name}


def _parse(texts: Mapping[str, str], at: datetime | None, row: LeadImportRow, lists: Lists, *, now: datetime) -> Parsed:
    name = read_name(texts[ImportField.NAME])
    gender = read_gender(texts[ImportField.GENDER], name)
    model = read_model(texts[ImportField.MODEL])
    window = read_window(texts[ImportField.WINDOW], on=clock.local_date(at or now))
    channel = clean_text(texts[ImportField.CHANNEL])
    channel_id = lists.channels.get(fold(channel))
    area = clean_text(texts[ImportField.AREA])
    hints = {
        Hint.NO_NAME: not name,
        Hint.NAME_CUT: len(name) > NAME_LENGTH,
        Hint.NO_GENDER: not gender,
        Hint.NO_MODEL: not model,
        Hint.NO_CHANNEL: is_blank(channel) and lists.default_channel_id is None,
        Hint.CHANNEL_UNKNOWN: not is_blank(channel) and channel_id is None,
        Hint.NO_WINDOW: window == "",
        Hint.WINDOW_UNREAD: window is None,
        Hint.NO_AREA: is_blank(area),
        Hint.TIME_UNREAD: at is None and bool(texts[ImportField.OCCURRED_AT]),
        Hint.TIME_AHEAD: at is not None and at > now,
        Hint.CELL_CUT: any(len(text) > MAX_CELL for text in texts.values()),
    }
    return Parsed(
        **_phone(texts[ImportField.PHONE], row),
        name=name[:NAME_LENGTH],
        gender=gender,
        channel_id=channel_id or lists.default_channel_id,
        series_id=read_series(model, lists.series) if model else None,
        model_text=model[:60],
        window=window or "",
        area="" if is_blank(area) else area[:60],
        occurred_at=at.isoformat() if at else "",
        note=clean_text(texts[ImportField.NOTE])[:MAX_CELL],
        external_no=clean_text(texts[ImportField.EXTERNAL_NO])[:60],
        hints=[hint.value for hint, applies in hints.items() if applies],
    )


def _phone(text: str, row: LeadImportRow) -> dict[str, Any]:
    """The number of a row; one that was typed in the dry run wins over the file."""
    if row.parsed.get("is_fixed"):
        return {key: row.parsed[key] for key in ("phone", "phone_kind", "phone_text", "phone_error", "is_fixed")}
    text = text[:60]
    try:
        phone = normalize_phone(text)
    except ValidationError as error:
        return {"phone_text": text, "phone_error": "empty" if is_blank(text) else error.error_list[0].code}
    if phone.kind == PhoneKind.SERVICE_400:
        return {"phone_text": text, "phone_error": "service"}  # a person is reached on a mobile or landline
    return {"phone": phone.e164, "phone_kind": phone.kind.value, "phone_text": text}


# ---- what becomes of it ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    result: str
    reason: str = RowReason.NONE
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Holding:
    """What the store knows about a number."""

    customer_id: int
    is_do_not_contact: bool
    outcome: str = ""
    owner: str = ""
    on: str = ""  # ISO day: owned since, or closed on
    close_reason: str = ""

    @property
    def reason(self) -> str:
        if self.is_do_not_contact:
            return RowReason.DO_NOT_CONTACT
        if self.outcome == Outcome.OPEN:
            return RowReason.OWNED if self.owner else RowReason.UNASSIGNED
        return RowReason.BOUGHT if self.outcome == Outcome.WON else RowReason.WAS_LOST


@dataclass(frozen=True)
class Known:
    """Numbers and lead numbers of a file that the store has already."""

    holdings: Mapping[str, Holding]
    phone_of_external_no: Mapping[str, str]

    @classmethod
    def load(cls, store_id: int, parsed: Iterable[Parsed]) -> "Known":
        phones, numbers = set[str](), set[str]()
        for row in parsed:
            phones.add(row.phone)
            numbers.add(row.external_no)
        holdings: dict[str, Holding] = {}
        for chunk in _chunks(sorted(phones - {""})):
            holdings |= _holdings(store_id, chunk)
        leads: dict[str, str] = {}
        for chunk in _chunks(sorted(numbers - {""})):
            leads |= dict(
                Lead.objects.filter(store=store_id, external_no__in=chunk).values_list("external_no", "phone")
            )
        return cls(holdings=holdings, phone_of_external_no=leads)


def _chunks(items: list[str]) -> Iterable[list[str]]:
    return (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))


def _holdings(store_id: int, phones: list[str]) -> dict[str, Holding]:
    held = dict(CustomerPhone.objects.filter(store=store_id, number__in=phones).values_list("number", "customer"))
    lazy_flags = CustomerPhone.objects.filter(store=store_id, number__in=phones, customer__is_do_not_contact=True)
    flagged = set(lazy_flags.values_list("customer", flat=True))
    latest: dict[int, dict[str, Any]] = {}
    fields = ("customer", "outcome", "owner__name", "opened_at", "closed_at", "close_reason")
    rows = Opportunity.objects.filter(customer__in=set(held.values())).order_by("customer", "pk").values(*fields)
    for row in rows:  # an open one wins, else the newest
        before = latest.get(row["customer"])
        if before is None or before["outcome"] != Outcome.OPEN:
            latest[row["customer"]] = row
    return {number: _holding(pk, pk in flagged, latest.get(pk)) for number, pk in held.items()}


def _holding(customer_id: int, is_flagged: bool, row: dict[str, Any] | None) -> Holding:
    if row is None:
        return Holding(customer_id, is_flagged)
    return Holding(
        customer_id=customer_id,
        is_do_not_contact=is_flagged,
        outcome=row["outcome"],
        owner=row["owner__name"] or "",
        on=clock.local_date(row["closed_at"] or row["opened_at"]).isoformat(),
        close_reason=row["close_reason"],
    )


def judge_rows(parsed: Mapping[int, Parsed], known: Known) -> tuple[dict[int, Verdict], dict[int, Parsed]]:
    """Decide every row in file order, so that the first of several rows of one number is the lead.

    Returns the verdicts, and the rows again: a lead number that stands at another number already is dropped there.
    """
    first_of_phone: dict[str, int] = {}
    phone_of_number: dict[str, str] = dict(known.phone_of_external_no)
    verdicts: dict[int, Verdict] = {}
    judged: dict[int, Parsed] = {}
    for row_no in sorted(parsed):
        row = parsed[row_no]
        verdict = judge(row, known, first_of_phone)
        taken = phone_of_number.get(row.external_no, row.phone) if row.external_no else row.phone
        if row.phone and taken != row.phone:
            row = replace(row, external_no="", hints=[*row.hints, Hint.NUMBER_TWICE.value])
        elif row.external_no and verdict.result == LeadResult.CREATED:
            phone_of_number[row.external_no] = row.phone
        if row.phone and verdict.result != LeadResult.REJECTED:
            first_of_phone.setdefault(row.phone, row_no)
        verdicts[row_no], judged[row_no] = verdict, row
    return verdicts, judged


def judge(row: Parsed, known: Known, first_of_phone: Mapping[str, int]) -> Verdict:
    """New, repeated or rejected, and why."""
    imported = known.phone_of_external_no.get(row.external_no) if row.external_no else None
    if imported is not None and imported == row.phone:
        return Verdict(LeadResult.REPEATED, RowReason.ALREADY_IMPORTED)
    if not row.phone:
        reason = RowReason.PHONE_MISSING if row.phone_error == "empty" else RowReason.PHONE_INVALID
        return Verdict(LeadResult.REJECTED, reason, {"code": row.phone_error})
    if row.phone in first_of_phone:
        return Verdict(LeadResult.REPEATED, RowReason.SAME_FILE, {"row": first_of_phone[row.phone]})
    holding = known.holdings.get(row.phone)
    if holding is None:
        return Verdict(LeadResult.CREATED)
    result = LeadResult.REJECTED if holding.is_do_not_contact else LeadResult.REPEATED
    detail = {"owner": holding.owner, "on": holding.on, "close_reason": holding.close_reason}
    return Verdict(result, holding.reason, {key: value for key, value in detail.items() if value})
