"""A list on its way, by services: every row of the real export, twice, back again; and by the same rules as by hand."""

import csv
import io
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F
from django.utils import translation

from core import clock
from core.errors import Conflict, DomainError, LimitReached
from customers.models import Channel, Consent, Customer, CustomerPhone
from followups.enums import FollowUpState
from followups.models import FollowUp
from leads.enums import ImportState, LeadResult, Resolution, RowReason
from leads.models import Lead, LeadImport, LeadImportRow
from leads.selectors import kept_names
from leads.services import (
    import_discard,
    import_map,
    import_undo,
    import_upload,
    lead_register,
    result_counts,
    row_fix_phone,
    row_resolve,
)
from leads.services.import_rows import Parsed
from leads.services.import_words import reason_text
from opportunities.enums import EventKind, OwnerRule
from opportunities.models import JourneyEvent, Opportunity, Ownership
from opportunities.services import note_add, opportunity_assign
from opportunities.stages import Outcome
from tests.conftest import NOON, SHANGHAI
from tests.factories import CustomerFactory, OpportunityFactory
from tests.leads.conftest import SAMPLE, confirm, listed, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

# Checked by hand in the file: rows with a number of an earlier row, and rows without a valid number.
REPEATS = {
    61: 34, 88: 59, 89: 69, 95: 2, 110: 33, 118: 24, 120: 11, 140: 119, 177: 87, 185: 86, 192: 132, 219: 133, 223: 207,
    231: 114, 232: 178, 239: 227, 247: 16, 257: 107, 259: 139, 269: 38, 282: 116, 291: 244, 298: 129, 300: 164,
    307: 242, 312: 193, 316: 91, 324: 317, 328: 48, 329: 314, 330: 14, 333: 190, 336: 309, 340: 100, 342: 58, 348: 209,
    349: 65, 352: 80,
}  # fmt: skip
NO_NUMBER = {7, 20, 63, 230, 280, 303}
BAD_NUMBER = {10, 31, 32, 47, 71, 108, 151, 155, 168, 175, 234, 238, 295, 301}
FIRST = {"rows": 360, "created": 302, "repeated": 38, "rejected": 20}
SECOND = {"rows": 360, "created": 0, "repeated": 340, "rejected": 20}


def told():
    """The file as a plain reader sees it: (row number, cells)."""
    text = SAMPLE.read_bytes().decode("gb18030")
    return list(enumerate(csv.reader(io.StringIO(text, newline="")), start=1))[1:361]


def moment(*parts):
    return datetime(*parts, tzinfo=SHANGHAI)


def everything():
    """Counts of all that an import could write."""
    models = [Customer, CustomerPhone, Opportunity, Ownership, JourneyEvent, FollowUp, Lead]
    return [model.objects.count() for model in models]


# ---- the real export ---------------------------------------------------------------------------------------


@pytest.fixture
def sample(people, catalogue):
    return upload(people.dcc, SAMPLE.read_bytes(), SAMPLE.name)


@pytest.mark.req("R-047")
def test_the_dry_run_accounts_for_every_row_and_writes_nothing(sample):
    rows = {row.row_no: row for row in sample.rows.all()}

    assert sorted(rows) == list(range(2, 362))
    assert {number: row.detail["row"] for number, row in rows.items() if row.reason == RowReason.SAME_FILE} == REPEATS
    assert {number for number, row in rows.items() if row.reason == RowReason.PHONE_MISSING} == NO_NUMBER
    assert {number for number, row in rows.items() if row.reason == RowReason.PHONE_INVALID} == BAD_NUMBER
    assert {row.result for row in rows.values() if not row.reason} == {LeadResult.CREATED}
    assert result_counts(sample) == FIRST
    assert everything() == [0] * 7


def test_the_import_keeps_names_times_words_and_channels(sample, people):
    confirm(sample, people.dcc)

    leads = {lead.external_no: lead for lead in Lead.objects.select_related("customer", "channel", "series")}
    assert len(leads) == FIRST["created"]
    channels = {"autohome": "汽车之家", "400电话": "400 电话"}
    for _number, (no, name, _g, _p, channel, model, _w, area, _t, note) in told():
        if no not in leads:
            continue
        lead = leads[no]
        assert lead.name == name
        assert lead.customer.name == (name or {"male": "先生", "female": "女士", "": "未知"}[lead.customer.gender])
        assert lead.channel.name_zh == channels.get(channel, channel)
        assert lead.model_text == ("" if model == "不确定" else model)
        assert (lead.series.code if lead.series else "") == next(
            (c for c in ("s7", "e5", "v8") if c in model.lower()), ""
        )
        assert lead.area == area
        assert lead.note == " ".join(note.split())


def test_the_original_lead_time_is_kept_in_every_spelling(sample, people):
    confirm(sample, people.dcc)

    at = {lead.external_no: lead.occurred_at for lead in Lead.objects.all()}
    when = {
        "DCC00334": moment(2026, 11, 11, 17, 39, 38),
        "DCC00144": moment(2026, 11, 6, 18, 2),
        "DCC00097": moment(2026, 11, 16, 8, 21),
        "DCC00167": moment(2026, 11, 7, 9, 20),
        "DCC00179": moment(2026, 11, 12, 14, 8),
        "DCC00074": moment(2026, 11, 20, 18, 24),  # the list is newer than the clock: kept, and said so
    }
    assert {no: at[no] for no in when} == when
    assert sorted(at.values()) == sorted(JourneyEvent.objects.values_list("occurred_at", flat=True))
    assert sample.rows.get(raw__0="DCC00074").parsed["hints"] == ["no_model", "time_ahead"]


@pytest.mark.req("R-070", "R-071", "R-077", "R-094")
def test_callbacks_count_from_the_import_and_unassigned_customers_wait(sample, people):
    confirm(sample, people.dcc)

    promised = FollowUp.objects.values_list("rule_code", "due_on", "assignee").distinct().order_by("due_on")
    day = NOON.date()
    assert list(promised) == [
        ("same_day_sms", day, None),
        ("first_callback", day + timedelta(days=2), None),
        ("second_callback", day + timedelta(days=7), None),
    ]
    assert FollowUp.objects.count() == 3 * FIRST["created"]
    assert Opportunity.objects.unassigned().filter(registered_by=people.dcc).count() == FIRST["created"]
    assert not Opportunity.objects.filter(next_action_at=None).exists()


@pytest.mark.req("R-047")
def test_the_same_file_twice_changes_nothing(sample, people):
    confirm(sample, people.dcc)
    before = everything()

    again = upload(people.dcc, SAMPLE.read_bytes())

    assert result_counts(again) == SECOND
    with pytest.raises(DomainError, match="nothing new|没有新"):
        confirm(again, people.dcc)
    assert everything() == before


def test_taking_the_list_back_frees_it_for_another_import(sample, people):
    done = confirm(sample, people.dcc)

    undone = import_undo(import_id=done.pk, by=people.dcc)

    assert (undone.state, undone.counts["undone"], undone.counts["kept"]) == (ImportState.UNDONE, 302, 0)
    assert set(Opportunity.objects.values_list("outcome", "close_reason")) == {(Outcome.VOID, "import_undone")}
    assert not CustomerPhone.objects.exists()
    assert not FollowUp.objects.pending().exists()
    again = confirm(upload(people.dcc, SAMPLE.read_bytes()), people.dcc)
    assert result_counts(again) == FIRST


# ---- by the same rules as by hand --------------------------------------------------------------------------

SKIPPED = {"id", "uid", "created_at", "updated_at", "lead_import", "lead_import_id", "idempotency_key"}
BY_PHONE = {"customer_id", "opportunity_id"}


def rows_of(model, key):
    """All columns but keys, by the number of the customer."""
    fields = [field.attname for field in model._meta.concrete_fields if field.name not in SKIPPED]
    names = [name for name in fields if name not in BY_PHONE]
    return list(model.objects.order_by(key, "pk").values(*names, of_number=F(key)))


def stored():
    return {
        "customers": rows_of(Customer, "phones__number"),
        "phones": rows_of(CustomerPhone, "number"),
        "opportunities": rows_of(Opportunity, "customer__phones__number"),
        "ownerships": rows_of(Ownership, "opportunity__customer__phones__number"),
        "journey": rows_of(JourneyEvent, "customer__phones__number"),
        "callbacks": rows_of(FollowUp, "customer__phones__number"),
        "leads": rows_of(Lead, "phone"),
    }


@pytest.mark.parametrize("is_owned", [False, True])
def test_a_list_and_single_registration_store_the_same(people, catalogue, is_owned):
    text = "\n".join(SAMPLE.read_bytes().decode("gb18030").splitlines()[:60])
    owner = people.owner if is_owned else None
    lead_import = upload(people.dcc, text)
    inputs = [Parsed(**row.parsed).as_input() for row in lead_import.rows.filter(result=LeadResult.CREATED)]
    with transaction.atomic():
        for data in inputs:
            lead_register(store_id=people.store.pk, data=data, owner=owner, by=people.dcc)
        by_hand = stored()
        transaction.set_rollback(True)

    confirm(lead_import, people.dcc, owner_ids=(owner.pk,) if owner else ())

    assert len(inputs) > 40
    assert stored() == by_hand


def test_consultants_get_the_list_in_turn(people):
    lead_import = upload(people.dcc, listed(*(f"N{n},王{n},1380571562{n}" for n in range(4))))

    confirm(lead_import, people.dcc, owner_ids=(people.owner.pk, people.rival.pk))

    owners = Lead.objects.order_by("phone").values_list("opportunity__owner__employee_number", flat=True)
    assert list(owners) == ["owner", "rival"] * 2
    assert set(Ownership.objects.values_list("rule", flat=True)) == {OwnerRule.IMPORTED}


@pytest.mark.req("R-036")
@pytest.mark.parametrize("who", ["manager", "finance", "stranger"])
def test_nobody_else_gets_customers_of_a_list(people, who):
    lead_import = upload(people.dcc, listed("N1,王,13805715621"))

    with pytest.raises(DomainError):
        confirm(lead_import, people.dcc, owner_ids=(getattr(people, who).pk,))

    assert not Customer.objects.exists()


def test_consent_is_recorded_only_with_its_source(people):
    confirm(upload(people.dcc, listed("N1,王,13805715621")), people.dcc, source="外展 · 萧山万象")
    confirm(upload(people.dcc, listed("N2,李,13805715622")), people.dcc)

    assert list(Consent.objects.values_list("customer__name", "source")) == [("王", "外展 · 萧山万象")]


# ---- what the store knows already --------------------------------------------------------------------------


def verdicts(lead_import):
    rows = lead_import.rows.order_by("row_no")
    return [(row.result, row.reason) for row in rows]


def test_known_numbers_are_repeats_with_their_reason(people):
    for number, fields in enumerate(
        (
            {"owner": people.owner},
            {"owner": None},
            {"owner": people.owner, "outcome": Outcome.LOST, "closed_at": NOON, "close_reason": "price"},
            {"owner": people.owner, "outcome": Outcome.WON, "closed_at": NOON},
        )
    ):
        OpportunityFactory(customer=CustomerFactory(store=people.store, phone=f"+861380571562{number}"), **fields)
    CustomerFactory(store=people.store, phone="+8613805715624", is_do_not_contact=True)
    CustomerFactory(store=people.other_store, phone="+8613805715625")
    parallel = Opportunity.objects.open().order_by("pk").first()
    OpportunityFactory(customer=parallel.customer, is_parallel=True, outcome=Outcome.LOST, closed_at=NOON)

    lead_import = upload(people.dcc, listed(*(f"N{n},王,1380571562{n}" for n in range(6))))

    assert verdicts(lead_import) == [
        (LeadResult.REPEATED, RowReason.OWNED),
        (LeadResult.REPEATED, RowReason.UNASSIGNED),
        (LeadResult.REPEATED, RowReason.WAS_LOST),
        (LeadResult.REPEATED, RowReason.BOUGHT),
        (LeadResult.REJECTED, RowReason.DO_NOT_CONTACT),
        (LeadResult.CREATED, ""),
    ]
    confirm(lead_import, people.dcc)
    assert Lead.objects.get().phone == "+8613805715625"


def test_every_reason_is_said_in_words(people):
    lost = {"outcome": Outcome.LOST, "closed_at": NOON, "close_reason": "price"}
    OpportunityFactory(customer=CustomerFactory(store=people.store, phone="+8613805715621"), **lost)
    CustomerFactory(store=people.store, phone="+8613805715622")
    text = listed("N1,王,13805715621", "N2,李,13805715622", "N3,钱,400-800-1234", "N4,孙,", "N5,周,13805715625")

    with translation.override("en"):
        words = [reason_text(row) for row in upload(people.dcc, text).rows.order_by("row_no")]

    valid = LeadImportRow(reason=RowReason.PHONE_INVALID, parsed={"phone_text": "13805715621"})
    assert reason_text(valid) == valid.get_reason_display()
    assert words == [
        "Given up on Tue 17 Nov · Price",
        "Given up earlier",
        "A 400 number reaches a switchboard, not a person",
        "No phone number",
        "",
    ]


def test_a_list_is_imported_once_however_often_it_is_confirmed(people):
    lead_import = confirm(upload(people.dcc, listed("N1,王,13805715621")), people.dcc)

    with pytest.raises(Conflict):
        confirm(lead_import, people.dcc)

    assert Lead.objects.count() == 1


def test_a_lost_customer_begins_again_only_when_somebody_says_so(people):
    old = OpportunityFactory(
        customer=CustomerFactory(store=people.store, phone="+8613805715621"), outcome=Outcome.LOST, closed_at=NOON
    )
    lead_import = upload(people.dcc, listed("N1,王,13805715621"))
    with pytest.raises(DomainError):
        confirm(lead_import, people.dcc)

    row_resolve(import_id=lead_import.pk, row_no=2, resolution=Resolution.REOPEN, by=people.dcc)
    done = confirm(lead_import, people.dcc)

    assert result_counts(done) == {"rows": 1, "created": 0, "repeated": 1, "rejected": 0}
    new = Opportunity.objects.open().get()
    assert (new.customer, new.follow_ups.count()) == (old.customer, 3)
    import_undo(import_id=done.pk, by=people.dcc)
    assert not Opportunity.objects.open().exists()
    assert old.customer.phones.exists()


def test_a_repeat_can_be_noted_with_the_first_row(people):
    lead_import = upload(people.dcc, listed("N1,王,13805715621", "N2,王先生,138 0571 5621"))

    row_resolve(import_id=lead_import.pk, row_no=3, resolution=Resolution.MERGE, by=people.dcc)
    done = confirm(lead_import, people.dcc)

    assert list(Lead.objects.order_by("pk").values_list("result", "name")) == [
        ("created", "王"),
        ("repeated", "王先生"),
    ]
    assert [event.kind for event in Opportunity.objects.get().journey.order_by("pk")] == ["registered", "repeated"]
    assert import_undo(import_id=done.pk, by=people.dcc).counts["undone"] == 1


def test_protected_rows_can_only_be_skipped(people):
    OpportunityFactory(customer=CustomerFactory(store=people.store, phone="+8613805715621"), owner=people.owner)
    lead_import = upload(people.dcc, listed("N1,王,13805715621", "N2,李,13805715622"))

    for row_no in (2, 3):
        with pytest.raises(DomainError):
            row_resolve(import_id=lead_import.pk, row_no=row_no, resolution=Resolution.REOPEN, by=people.dcc)


def test_a_number_can_be_put_right_in_the_dry_run(people):
    lead_import = upload(people.dcc, listed("N1,王,1380571562", "N2,李,13805715622"))

    with pytest.raises(ValidationError):
        row_fix_phone(import_id=lead_import.pk, row_no=2, phone="1380571562", by=people.dcc)
    taken = row_fix_phone(import_id=lead_import.pk, row_no=2, phone="13805715622", by=people.dcc)
    second = lead_import.rows.get(row_no=3)
    fixed = row_fix_phone(import_id=lead_import.pk, row_no=2, phone="138 0571 5621", by=people.dcc)

    assert (taken.result, second.reason, second.detail) == (LeadResult.CREATED, RowReason.SAME_FILE, {"row": 2})
    assert (fixed.result, fixed.raw[2], fixed.parsed["phone"]) == (LeadResult.CREATED, "1380571562", "+8613805715621")
    lead_import.refresh_from_db()
    assert result_counts(confirm(lead_import, people.dcc))["created"] == 2


def test_lead_numbers_are_used_once(people):
    confirm(upload(people.dcc, listed("N1,王,13805715621")), people.dcc)

    second = upload(
        people.dcc, listed("N1,王,13805715621", "N1,李,13805715622", "N9,钱,13805715623", "N9,孙,13805715624")
    )

    assert [reason for _result, reason in verdicts(second)] == [RowReason.ALREADY_IMPORTED, "", "", ""]
    confirm(second, people.dcc)
    assert list(Lead.objects.order_by("phone").values_list("external_no", flat=True)) == ["N1", "", "N9", ""]


def test_who_registers_a_number_meanwhile_wins(people):
    lead_import = upload(people.dcc, listed("N1,王,13805715621", "N2,李,13805715622"))
    OpportunityFactory(customer=CustomerFactory(store=people.store, phone="+8613805715621"), owner=people.owner)

    done = confirm(lead_import, people.dcc)

    assert result_counts(done) == {"rows": 2, "created": 1, "repeated": 1, "rejected": 0}
    assert lead_import.rows.get(row_no=2).reason == RowReason.OWNED


def test_one_file_is_on_its_way_once(people):
    text = listed("N1,王,13805715621")
    first, second = upload(people.dcc, text), upload(people.supervisor, text)
    confirm(first, people.dcc)
    LeadImportRow.objects.filter(lead_import=second).update(result=LeadResult.CREATED)

    with pytest.raises((Conflict, DomainError)):
        confirm(second, people.supervisor)

    assert Lead.objects.count() == 1


# ---- taking back -------------------------------------------------------------------------------------------


@pytest.fixture
def imported(people):
    return confirm(upload(people.dcc, listed(*(f"N{n},客户{n},1380571562{n}" for n in range(4)))), people.dcc)


def test_customers_somebody_has_worked_with_are_kept_and_named(people, imported):
    noted, given, called = Opportunity.objects.order_by("pk")[:3]
    note_add(opportunity_id=noted.pk, text="要白色", by=people.dcc)
    opportunity_assign(opportunity_id=given.pk, owner_id=people.owner.pk, by=people.manager)
    data = Parsed(**imported.rows.get(row_no=4).parsed).as_input()
    lead_register(store_id=people.store.pk, data=replace(data, occurred_at=None), owner=None, by=people.receptionist)
    Lead.objects.filter(lead_import=None).update(created_at=NOON + timedelta(minutes=1))

    undone = import_undo(import_id=imported.pk, by=people.manager)

    assert (undone.counts["undone"], undone.counts["kept"]) == (1, 3)
    assert kept_names(undone) == ["客户0", "客户1", "客户2"]
    assert CustomerPhone.objects.count() == 3
    assert Opportunity.objects.open().count() == 3
    assert called.journey.filter(kind=EventKind.CLOSED).count() == 0


def test_after_a_day_or_twice_nothing_is_taken_back(people, imported):
    with clock.travel(NOON + timedelta(hours=24, seconds=1)), pytest.raises(LimitReached):
        import_undo(import_id=imported.pk, by=people.dcc)
    import_undo(import_id=imported.pk, by=people.dcc)
    with pytest.raises(Conflict):
        import_undo(import_id=imported.pk, by=people.dcc)

    assert set(FollowUp.objects.values_list("state", flat=True)) == {FollowUpState.CANCELLED}


# ---- who, and in which order -------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["owner", "receptionist", "finance", "administrator", "general_manager"])
def test_lists_are_for_the_desk_and_leaders(people, who):
    with pytest.raises(PermissionDenied):
        import_upload(store_id=people.store.pk, name="a.csv", content=b"x", by=getattr(people, who))
    with pytest.raises(PermissionDenied):
        import_upload(store_id=people.other_store.pk, name="a.csv", content=b"x", by=people.dcc)


@pytest.mark.parametrize("who", ["supervisor", "stranger_manager", "owner"])
def test_a_list_is_for_who_uploaded_it_and_who_leads_the_store(people, imported, who):
    with pytest.raises(PermissionDenied):
        import_undo(import_id=imported.pk, by=getattr(people, who))


def test_the_mapping_must_make_sense(people):
    lead_import = upload(people.dcc, "姓名,手机号,备注\n王,13805715621,x")
    wrong = [{"0": "name"}, {"0": "phone", "1": "phone"}, {"0": "nonsense", "1": "phone"}]

    for mapping in wrong:
        with pytest.raises(DomainError):
            import_map(import_id=lead_import.pk, mapping=mapping, by=people.dcc)

    channel = Channel.objects.get(code="roadshow")
    import_map(import_id=lead_import.pk, mapping={"1": "phone"}, default_channel_id=channel.pk, by=people.dcc)
    confirm(lead_import, people.dcc)
    assert Lead.objects.get().channel == channel
    assert Customer.objects.get().name == "未知"


def test_a_list_is_forgotten_with_all_its_numbers_unless_it_was_imported(people, imported):
    staged = upload(people.dcc, listed("N1,王,13805715628"))

    import_discard(import_id=staged.pk, by=people.dcc)
    for call in (import_discard, row_fix_phone, row_resolve, import_map):
        extra = {row_fix_phone: {"row_no": 2, "phone": "1"}, row_resolve: {"row_no": 2, "resolution": "skip"}}
        arguments = extra.get(call, {}) | ({"mapping": {}} if call is import_map else {})
        with pytest.raises(Conflict):
            call(import_id=imported.pk, by=people.dcc, **arguments)

    assert not LeadImport.objects.filter(pk=staged.pk).exists()


def test_a_list_with_a_heading_only_is_refused(people):
    with pytest.raises(DomainError, match="heading|表头"):
        upload(people.dcc, "姓名,手机号\n,,\n")
