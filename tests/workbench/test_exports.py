"""Taking customers away as a file: how many without asking, what stands in it, for whom and for how long (R-877)."""

import csv
import io
from datetime import timedelta

import openpyxl
import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from approvals.models import ApprovalRequest
from approvals.services import approval_decide, approval_withdraw
from approvals.tasks import expire as approvals_expire
from core import clock
from core.errors import Conflict, DomainError, LimitReached
from core.models import AccessLogEntry
from customers.models import Customer
from notifications.models import Notification
from notifications.selectors import sentence
from opportunities.models import Opportunity
from opportunities.services import opportunity_assign
from staff.enums import Role
from tests.conftest import NOON
from tests.factories import CustomerFactory, OpportunityFactory
from workbench.enums import ExportState
from workbench.models import CustomerExport, ExportRule
from workbench.services import export_build_next, export_download, export_request
from workbench.services import exports as services
from workbench.tasks import export_build

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def many(people, count: int, *, owner=None, **fields) -> list[Opportunity]:
    first = Customer.objects.count()
    return [
        OpportunityFactory(
            customer=CustomerFactory(store=people.store, name=f"客户{number}", phone=f"+86199000{number:05}", **fields),
            owner=owner or people.owner,
        )
        for number in range(first, first + count)
    ]


def ask(by, **changes) -> CustomerExport:
    values = {"view": "all", "filters": {}, "file_format": "csv"} | changes
    return export_request(by=by, **values)


def fresh(export) -> CustomerExport:
    return CustomerExport.objects.select_related("requested_by").get(pk=export.pk)


def fetched(export, by) -> list[list[str]]:
    content = export_download(export_id=export.pk, by=by).content
    if fresh(export).file_format == "xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        return [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.fixture
def few(db):
    """Three rows without approval, as an administrator may set it."""
    ExportRule.objects.create(rows_without_approval=3, rows_at_most=6, valid_from=NOON.date())


def decide(export, by, *, approve=True):
    request = ApprovalRequest.objects.get(subject_id=export.pk, state="pending")
    return approval_decide(request_id=request.pk, approve=approve, comment="用途不清", by=by)


# ---- without asking ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_a_short_list_is_made_by_the_worker_and_fetched_by_the_one_who_asked(people, few, file_format):
    many(people, 3)

    export = ask(people.owner, file_format=file_format)
    states = [export.state]
    assert [export_build(), export_build()] == [1, 0]
    states.append(fresh(export).state)
    rows = fetched(export, people.owner)

    assert states == ["queued", "ready"]
    assert "林悦" in rows[0][0]
    assert export.number in rows[0][0]
    assert [row[0] for row in rows[2:]] == ["客户0", "客户1", "客户2"]
    assert rows[1][0] == "客户"
    assert fresh(export).download_count == 1


@pytest.mark.req("R-877")
def test_phones_are_masked_without_approval(people, few):
    many(people, 1)
    export = ask(people.owner)
    export_build()

    assert [row[2] for row in fetched(export, people.owner)[2:]] == ["199****0000"]


def test_the_list_is_what_the_person_sees_with_the_filters(people):
    hot, mine = many(people, 2)
    Opportunity.objects.filter(pk=hot.pk).update(level="H")
    many(people, 1, owner=people.rival)
    export = ask(people.owner, filters={"level": ["H"]})
    everything = ask(people.manager)
    export_build()

    assert (export.row_count, everything.row_count) == (1, 3)
    assert [row[0] for row in fetched(export, people.owner)[2:]] == ["客户0"]


def test_what_was_typed_cannot_run_in_a_spreadsheet(people, few):
    row = many(people, 1)[0]
    row.customer.name = "=HYPERLINK(1)"
    row.customer.save()
    export = ask(people.owner)
    export_build()

    assert fetched(export, people.owner)[2][0] == "'=HYPERLINK(1)"


@pytest.mark.parametrize("who", ["receptionist", "finance", "administrator"])
def test_who_does_not_sell_exports_nothing(people, who):
    many(people, 1)

    with pytest.raises(PermissionDenied):
        ask(getattr(people, who))

    assert not CustomerExport.objects.exists()


def test_an_empty_list_is_refused(people):
    with pytest.raises(DomainError) as refused:
        ask(people.owner)

    assert refused.value.code == "empty"


def test_more_than_the_rule_allows_is_refused_even_with_approval(people, few):
    many(people, 7)

    with pytest.raises(LimitReached):
        ask(people.owner, reason="车展邀约")


def test_five_a_day(people, few):
    many(people, 1)
    for number in range(5):
        ask(people.owner, filters={"level": ["B", "HABCN"[number]]})
        CustomerExport.objects.update(state=ExportState.FAILED)

    with pytest.raises(LimitReached):
        ask(people.owner)


def test_two_clicks_are_one_export(people, few):
    many(people, 1)

    first, second = ask(people.owner), ask(people.owner)
    export_build()
    third = ask(people.owner)

    assert first == second != third
    with pytest.raises(IntegrityError), transaction.atomic():
        CustomerExport.objects.filter(pk=first.pk).update(state=ExportState.QUEUED, content=None, expires_at=None)


# ---- somebody else decides -----------------------------------------------------------------------------------------


@pytest.mark.req("R-877")
def test_a_long_list_waits_for_another_person(people, few):
    many(people, 4)

    with pytest.raises(DomainError) as refused:
        ask(people.owner)
    export = ask(people.owner, reason="车展邀约")
    built = export_build()

    assert (refused.value.field, export.state, built) == ("reason", "asked", 0)
    request = ApprovalRequest.objects.get()
    assert (request.kind, request.payload) == ("export", {"rows": 4, "with_phones": False, "format": "csv"})
    told = Notification.objects.values_list("recipient__employee_number", flat=True)
    assert sorted(told) == ["general_manager", "manager"]
    decide(export, people.manager)
    assert export_build() == 1
    assert (fresh(export).approved_by, len(fetched(export, people.owner))) == (people.manager, 6)


def test_full_numbers_always_wait(people, few):
    many(people, 1)

    export = ask(people.owner, with_phones=True, reason="短信邀约")
    assert export.state == ExportState.ASKED
    decide(export, people.general_manager)
    export_build()

    assert fetched(export, people.owner)[2][2] == "19900000000"


@pytest.mark.parametrize("who", ["owner", "supervisor", "colleague", "stranger_manager"])
def test_only_who_answers_for_the_store_decides(people, few, who):
    many(people, 4)
    export = ask(people.owner, reason="车展邀约")

    with pytest.raises(PermissionDenied):
        decide(export, getattr(people, who))

    assert fresh(export).state == ExportState.ASKED


@pytest.mark.req("R-875")
def test_a_manager_asks_the_general_manager(people, few):
    many(people, 4)
    export = ask(people.manager, reason="月度盘点")

    with pytest.raises(PermissionDenied):
        decide(export, people.manager)
    decide(export, people.general_manager)

    assert fresh(export).state == ExportState.QUEUED


def test_what_ends_without_approval_gives_nothing(people, few):
    many(people, 4)
    ways = ({"file_format": "csv"}, {"file_format": "xlsx"}, {"filters": {"level": ["B"]}})
    refused, taken, late = (ask(people.owner, reason="x", **way) for way in ways)
    decide(refused, people.manager, approve=False)
    approval_withdraw(request_id=ApprovalRequest.objects.get(subject_id=taken.pk).pk, by=people.owner)
    with clock.travel(NOON + timedelta(hours=49)):
        approvals_expire()

    causes = [fresh(export).refused_because for export in (refused, taken, late)]
    assert causes == ["sent_back", "taken_back", "lapsed"]
    assert export_build() == 0
    assert fresh(refused).row_ids == []


# ---- bad days ------------------------------------------------------------------------------------------------------


def test_a_customer_who_changed_hands_is_not_in_the_file_and_a_new_one_neither(people, few):
    rows = many(people, 3)
    export = ask(people.owner)
    opportunity_assign(opportunity_id=rows[1].pk, owner_id=people.rival.pk, by=people.manager, reason="调整")
    many(people, 1)
    export_build()

    assert [row[0] for row in fetched(export, people.owner)[2:]] == ["客户0", "客户2"]
    assert fresh(export).row_count == 2


def test_nothing_left_to_see_gives_no_file(people, few):
    (row,) = many(people, 1)
    export = ask(people.owner)
    opportunity_assign(opportunity_id=row.pk, owner_id=people.rival.pk, by=people.manager, reason="调整")
    export_build()

    assert (fresh(export).state, fresh(export).refused_because) == ("refused", "empty")


@pytest.mark.parametrize("change", [{"roles": [Role.FINANCE]}, {"is_active": False}, {"team_id": None}])
def test_for_whoever_lost_the_right_no_file_is_made(people, few, change):
    many(people, 2)
    asked = ask(people.owner)
    for name, value in change.items():
        setattr(people.owner, name, value)
    people.owner.save()

    export_build()

    assert (fresh(asked).state, fresh(asked).refused_because) == ("refused", "rights")


def test_whoever_lost_the_right_after_it_was_made_does_not_fetch_it(people, few):
    many(people, 1)
    export = ask(people.owner)
    export_build()
    people.owner.team = people.team_2
    people.owner.save()

    with pytest.raises(Conflict) as refused:
        export_download(export_id=export.pk, by=people.owner)

    assert (refused.value.code, fresh(export).download_count) == ("rights", 0)


def test_nobody_else_fetches_it(people, few):
    many(people, 1)
    export = ask(people.owner)
    export_build()

    with pytest.raises(PermissionDenied):
        export_download(export_id=export.pk, by=people.manager)


def test_the_file_is_gone_after_a_day(people, few):
    many(people, 1)
    export = ask(people.owner)
    export_build()

    with clock.travel(NOON + timedelta(hours=24)):
        with pytest.raises(Conflict):
            export_download(export_id=export.pk, by=people.owner)  # even before the sweep comes by
        export_build()

    row = fresh(export)
    assert (row.state, row.content, row.row_ids) == ("expired", None, [])


def test_a_file_that_cannot_be_made_is_tried_again_and_does_not_hold_up_the_next(people, few, monkeypatch):
    many(people, 1)
    broken = ask(people.owner)
    monkeypatch.setattr(services, "export_file", lambda **kwargs: 1 / 0)
    export_build_next()
    after_one = fresh(broken).state
    monkeypatch.undo()
    following = ask(people.supervisor)
    export_build()
    with clock.travel(NOON + timedelta(minutes=2)):
        export_build()

    assert after_one == ExportState.QUEUED
    assert (fresh(following).state, fresh(broken).state, fresh(broken).attempts) == ("ready", "ready", 1)


def test_after_three_failures_the_person_is_told(people, few, monkeypatch):
    many(people, 1)
    export = ask(people.owner)
    monkeypatch.setattr(services, "export_file", lambda **kwargs: 1 / 0)
    for minute in range(0, 30, 5):
        with clock.travel(NOON + timedelta(minutes=minute)):
            export_build_next()

    row = fresh(export)
    assert (row.state, row.attempts) == ("failed", 3)
    assert "ZeroDivisionError" in row.last_error
    assert [sentence(notice) for notice in Notification.objects.all()] == [f"导出 {export.number} 没有给出"]


# ---- who took what -------------------------------------------------------------------------------------------------


@pytest.mark.req("R-877")
def test_every_customer_in_the_file_and_every_download_is_in_the_access_log(people, few):
    rows = many(people, 2)
    export = ask(people.owner, reason="回访")
    export_build()
    for _time in range(2):
        export_download(export_id=export.pk, by=people.owner)

    entries = AccessLogEntry.objects.filter(actor=people.owner, action="export")
    assert list(entries.filter(field="row").values_list("customer_id", "reason").order_by("customer_id")) == [
        (row.customer_id, "回访") for row in rows
    ]
    assert [entry.reason for entry in entries.filter(field="file")] == [export.number, export.number]


def test_the_managers_hear_of_it(people, few):
    many(people, 2)
    export = ask(people.owner)
    export_build()

    told = {notice.recipient.employee_number: sentence(notice) for notice in Notification.objects.all()}
    assert told == {
        "owner": f"导出已就绪：2 个客户（{export.number}）",
        "manager": f"林悦导出了 2 个客户（{export.number}）",
        "general_manager": f"林悦导出了 2 个客户（{export.number}）",
    }


@pytest.mark.req("R-877")
def test_the_database_holds_no_readable_copy(people, few):
    many(people, 1, area="滨江独一份")
    export = ask(people.owner)
    export_build()

    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM workbench_customerexport WHERE id = %s", [export.pk])
        stored = bytes(cursor.fetchone()[0])
    assert "滨江独一份".encode() not in stored
    assert any("滨江独一份" in cell for row in fetched(export, people.owner) for cell in row)


def test_a_file_exists_only_while_it_is_ready(people, few):
    many(people, 1)
    export = ask(people.owner)
    export_build()

    with pytest.raises(IntegrityError), transaction.atomic():
        CustomerExport.objects.filter(pk=export.pk).update(state=ExportState.EXPIRED)


def test_the_rule_of_the_day_counts(people, few):
    many(people, 4)
    ExportRule.objects.create(rows_without_approval=0, valid_from=NOON.date() + timedelta(days=1))

    with clock.travel(NOON + timedelta(days=1)):
        assert ask(people.owner, reason="x", filters={"level": ["B"]}).state == ExportState.ASKED


@pytest.mark.req("R-877")
@pytest.mark.parametrize(
    ("who", "sees"),
    [("owner", {"own"}), ("supervisor", {"own", "free"}), ("dcc", set()), ("manager", {"own", "free", "rival"})],
)
def test_a_file_holds_nobody_elses_customers(people, who, sees):
    owners = {"own": people.owner, "free": None, "rival": people.rival, "foreign": people.stranger}
    for key, owner in owners.items():
        store = owner.store if owner else people.store
        customer = CustomerFactory(store=store, name=f"金雀tk{key}tk", area=f"tk{key}areatk")
        OpportunityFactory(customer=customer, owner=owner, model_text=f"tk{key}modeltk", series=None)
    person = getattr(people, who)
    if not sees:
        with pytest.raises(DomainError):
            ask(person)
        return
    export = ask(person)
    export_build()

    text = export_download(export_id=export.pk, by=person).content.decode("utf-8-sig")

    assert {key for key in owners if f"tk{key}" in text} == sees
