"""A customer asks for a copy or for erasure: another person decides, and everything or nothing happens."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, InternalError, connection, transaction

from approvals.models import ApprovalRequest
from approvals.services import approval_decide
from core import clock
from core.enums import AccessAction
from core.errors import Conflict, DomainError
from core.models import AccessLogEntry
from customers.models import Customer, CustomerPhone
from customers.services import consent_give
from followups.models import Contact
from opportunities.enums import LEVEL
from opportunities.models import JourneyEvent, Opportunity
from opportunities.services import level_set, note_add
from privacy.enums import RequestKind, RequestState
from privacy.models import Erasure, PrivacyRequest
from privacy.services import copy_take, customer_erase, request_record, request_withdraw
from tests.factories import ContactFactory, CustomerFactory, OpportunityFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

SECRETS = ["金雀花", "19911105550", "想换大车", "住在滨江", "jinquehua"]


@pytest.fixture
def case(people):
    customer = CustomerFactory(
        store=people.store, name="金雀花", phone="+8619911105550", area="住在滨江", pinyin="jinquehua"
    )
    opportunity = OpportunityFactory(customer=customer, owner=people.owner, last_note="想换大车")
    ContactFactory(opportunity=opportunity, by=people.owner, sentence="想换大车")
    note_add(opportunity_id=opportunity.pk, text="想换大车", by=people.owner)
    level_set(opportunity_id=opportunity.pk, level="C", by=people.owner)
    request = ApprovalRequest.objects.get(kind=LEVEL)
    approval_decide(request_id=request.pk, approve=False, comment="金雀花 还在看", by=people.manager)
    consent_give(
        customer_id=customer.pk, text_version="1", source="金雀花 当面同意", given_at=clock.now(), by=people.owner
    )
    return opportunity


def ask(case, people, kind=RequestKind.ERASE):
    return request_record(
        customer_id=case.customer_id, kind=kind, asked_on=clock.today(), asked_how="到店，核对身份证", by=people.owner
    )


def decide(row, by, approve=True, comment="可以"):
    waiting = ApprovalRequest.objects.get(subject_type="privacy.PrivacyRequest", subject_id=row.pk)
    approval_decide(request_id=waiting.pk, approve=approve, comment=comment, by=by)
    row.refresh_from_db()
    return row


def everything() -> str:
    """Every row of every table as text, what people did and staff are called apart."""
    texts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608
            texts += [row[0] for row in cursor.fetchall()]
    return "\n".join(texts)


@pytest.mark.req("R-877")
def test_an_erasure_leaves_no_word_of_the_customer_in_any_table(case, people):
    assert all(word in everything() for word in SECRETS)

    row = decide(ask(case, people), people.manager)

    left = everything()
    assert [word for word in SECRETS if word in left] == []
    assert (row.state, row.decided_by, row.evidence) == (
        RequestState.DONE,
        people.manager,
        Erasure.objects.get(customer=case.customer_id).counts,
    )
    assert row.evidence["phones"] == 1
    customer = Customer.objects.get(pk=case.customer_id)
    assert (customer.name, customer.erased_at) == (f"匿名客户 {customer.pk}", clock.now())


def test_what_the_work_is_counted_by_stays(case, people):
    before = JourneyEvent.objects.filter(customer=case.customer_id).count()

    decide(ask(case, people), people.manager)

    case.refresh_from_db()
    assert case.outcome == "void"
    assert Contact.objects.filter(customer=case.customer_id, by=people.owner).count() == 1
    assert JourneyEvent.objects.filter(customer=case.customer_id).count() == before + 1  # closed
    assert CustomerPhone.objects.filter(customer=case.customer_id).count() == 0


def test_nobody_decides_the_own_request(case, people):
    row = request_record(
        customer_id=case.customer_id,
        kind=RequestKind.ERASE,
        asked_on=clock.today(),
        asked_how="来电",
        by=people.manager,
    )

    with pytest.raises(PermissionDenied):
        decide(row, people.manager)

    assert Customer.objects.get(pk=case.customer_id).erased_at is None
    with pytest.raises(DatabaseError), transaction.atomic():
        PrivacyRequest.objects.filter(pk=row.pk).update(decided_by=people.manager)


def test_the_log_gives_words_up_only_for_a_customer_who_is_erased(case):
    events = JourneyEvent.objects.filter(customer=case.customer_id)
    before = list(events.values_list("data", flat=True))

    with pytest.raises(InternalError, match="not erased"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT journey_forget(%s)", [case.customer_id])

    assert list(events.values_list("data", flat=True)) == before


def test_the_log_is_append_only_again_after_an_erasure(case, people):
    decide(ask(case, people), people.manager)

    for change in (lambda rows: rows.update(data={}), lambda rows: rows.delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(JourneyEvent.objects.filter(customer=case.customer_id))


def test_what_was_decided_stays_and_only_an_erasure_empties_its_words(case, people):
    request = ApprovalRequest.objects.get(kind=LEVEL)

    with pytest.raises(InternalError, match="not erased"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT approval_forget(%s)", [case.customer_id])
    row = decide(ask(case, people), people.manager)

    request.refresh_from_db()
    assert row.evidence["approvals"] == 1
    assert (request.comment, request.decided_by) == ("", people.manager)
    with pytest.raises(DatabaseError), transaction.atomic():
        ApprovalRequest.objects.filter(pk=request.pk).update(comment="anders")


def test_twice_is_refused(case, people):
    row = ask(case, people)

    with pytest.raises(Conflict):
        ask(case, people)
    decide(row, people.manager)
    with pytest.raises(DomainError):
        ask(case, people)
    with pytest.raises(Conflict):
        customer_erase(customer_id=case.customer_id, request=row, by=people.manager)


def test_a_failure_in_one_app_undoes_all_of_it(case, people, monkeypatch):
    row = ask(case, people)

    def broken(**_kwargs):
        raise RuntimeError("disk full")

    monkeypatch.setattr("privacy.services.erase.leads_forget", broken)
    with pytest.raises(RuntimeError):
        decide(row, people.manager)

    row.refresh_from_db()
    assert row.state == RequestState.WAITING
    assert all(word in everything() for word in SECRETS)


def test_a_copy_holds_everything_and_is_logged(case, people):
    row = decide(ask(case, people, RequestKind.COPY), people.manager)

    name, content = copy_take(request_id=row.pk, by=people.owner)

    data = json.loads(zipfile.ZipFile(io.BytesIO(content)).read("data.json"))
    assert name == f"customer-{case.customer_id}.zip"
    assert data["customer"]["name"] == "金雀花"
    assert data["phones"][0]["number"] == "+8619911105550"
    assert [contact["sentence"] for contact in data["contacts"]] == ["想换大车"]
    entry = AccessLogEntry.objects.get(action=AccessAction.EXPORT)
    assert (entry.actor, entry.customer_id, entry.subject_id) == (people.owner, case.customer_id, row.pk)


def test_no_log_no_copy(case, people, monkeypatch):
    row = decide(ask(case, people, RequestKind.COPY), people.manager)

    def broken(**_kwargs):
        raise DatabaseError("no log")

    monkeypatch.setattr("privacy.services.copies.log_access", broken)
    with pytest.raises(DatabaseError):
        copy_take(request_id=row.pk, by=people.owner)

    row.refresh_from_db()
    assert row.state == RequestState.APPROVED


def test_a_copy_waits_for_the_decision_and_only_for_a_day(case, people):
    row = ask(case, people, RequestKind.COPY)
    with pytest.raises(DomainError):
        copy_take(request_id=row.pk, by=people.owner)
    decide(row, people.manager)

    with clock.travel(clock.now() + timedelta(hours=24, minutes=1)), pytest.raises(DomainError) as late:
        copy_take(request_id=row.pk, by=people.owner)

    assert late.value.code == "late"


def test_a_refused_request_changes_nothing(case, people):
    row = decide(ask(case, people), people.manager, approve=False, comment="身份没有核实")

    assert (row.state, row.comment) == (RequestState.REFUSED, "身份没有核实")
    assert Opportunity.objects.get(pk=case.pk).outcome == "open"


def test_a_request_can_be_taken_back_until_it_is_decided(case, people):
    row = ask(case, people)

    assert request_withdraw(request_id=row.pk, by=people.owner).state == RequestState.WITHDRAWN
    with pytest.raises(DomainError):
        request_withdraw(request_id=row.pk, by=people.owner)


def test_a_stranger_asks_for_nobody(case, people):
    with pytest.raises(PermissionDenied):
        request_record(
            customer_id=case.customer_id,
            kind=RequestKind.COPY,
            asked_on=clock.today(),
            asked_how="x",
            by=people.stranger,
        )
