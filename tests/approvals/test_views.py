"""The inbox of what waits, one request after the other, and the answer to who asked."""

import pytest
from django.test import Client

from approvals.models import ApprovalRequest
from approvals.services import approval_decide
from core.errors import DomainError
from opportunities.enums import CLOSE, LEVEL
from opportunities.models import Opportunity
from opportunities.services import close_request, facts_update, level_set
from staff.models import User
from tests.approvals.asking import ask, registered
from tests.factories import CustomerFactory, OpportunityFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

INBOX = "/approvals/"


@pytest.fixture
def sign_in(people):
    User.objects.update(language="en")

    def enter(user):
        client = Client()
        user.refresh_from_db()
        client.force_login(user)
        return client

    return enter


def proposal(people, name="王建国", *, kind=LEVEL):
    customer = CustomerFactory(store=people.store, name=name)
    row = OpportunityFactory(customer=customer, owner=people.owner, level="H")
    if kind == LEVEL:
        level_set(opportunity_id=row.pk, level="C", by=people.owner)
    else:
        close_request(opportunity_id=row.pk, outcome="lost", reason="price", note="对方多给 6,000", by=people.owner)
    return ApprovalRequest.objects.get(subject_id=row.pk)


def text_of(response):
    return response.content.decode()


def url(row, verb=""):
    return f"/approvals/{row.pk}/{verb}"


def test_the_inbox_shows_what_waits_the_longest_waiting_first(people, sign_in):
    first, second = proposal(people, "甲"), proposal(people, "乙", kind=CLOSE)
    foreign = OpportunityFactory(customer=CustomerFactory(store=people.store, name="丙"), owner=people.rival, level="H")
    level_set(opportunity_id=foreign.pk, level="C", by=people.rival)

    page = text_of(sign_in(people.supervisor).get(INBOX))

    assert page.index(f'href="{url(first)}"') < page.index(f'href="{url(second)}"')
    assert "丙" not in page  # another team's
    assert "H → C" in page


def test_who_asked_finds_the_own_requests_and_their_answers(people, sign_in):
    row = proposal(people)
    client = sign_in(people.owner)
    before = text_of(client.get(INBOX))
    approval_decide(request_id=row.pk, approve=False, comment="再谈谈", by=people.supervisor)

    after = text_of(client.get(INBOX))
    answer = text_of(client.get(url(row)))

    assert ("Waiting" in before, "Sent back" in after) == (True, True)
    assert "再谈谈" in answer
    assert "decide=approve" not in answer


@pytest.mark.parametrize(("who", "view"), [("supervisor", "waiting"), ("owner", "mine"), ("manager", "done")])
def test_an_empty_inbox_says_what_it_is_for(people, sign_in, who, view):
    page = text_of(sign_in(getattr(people, who)).get(f"{INBOX}?view={view}"))

    assert 'class="emp"' in page


def test_one_request_says_what_it_is_bound_to_and_what_approving_does(people, sign_in):
    proposal(people, "甲")
    row = proposal(people)

    page = text_of(sign_in(people.supervisor).get(url(row)))

    assert "2 of 2" in page
    assert "Only valid for 王建国 v1; any change makes it void" in page
    assert "Approve H → C" in page


def test_the_decision_is_asked_twice_because_it_cannot_be_taken_back(people, sign_in):
    row = proposal(people, kind=CLOSE)
    client = sign_in(people.supervisor)

    question = text_of(client.get(url(row) + "?decide=approve"))

    assert "It takes effect at once and cannot be taken back." in question
    assert f'action="{url(row, "decide/")}"' in question
    assert ApprovalRequest.objects.get(pk=row.pk).is_pending  # a GET decides nothing


def test_after_a_decision_comes_the_next_one(people, sign_in):
    first, second = proposal(people, "甲"), proposal(people, "乙")
    client = sign_in(people.supervisor)

    one = client.post(url(first, "decide/"), {"decision": "approve"})
    two = client.post(url(second, "decide/"), {"decision": "reject", "comment": "再跟一跟"})

    assert (one["Location"], two["Location"]) == (url(second), INBOX)
    assert list(ApprovalRequest.objects.order_by("pk").values_list("state", flat=True)) == ["approved", "rejected"]
    assert list(Opportunity.objects.order_by("pk").values_list("level", flat=True)) == ["C", "H"]


def test_sending_back_without_a_word_is_refused_and_nothing_is_decided(people, sign_in):
    row = proposal(people)

    answer = sign_in(people.supervisor).post(url(row, "decide/"), {"decision": "reject", "comment": " "})

    assert answer.status_code == 422
    assert "Say why you send it back." in text_of(answer)
    assert ApprovalRequest.objects.get(pk=row.pk).is_pending


def test_a_comment_that_is_too_long_stays_on_the_page(people, sign_in):
    row = proposal(people)

    answer = sign_in(people.supervisor).post(url(row, "decide/"), {"decision": "approve", "comment": "很" * 501})

    assert answer.status_code == 422
    assert "很" * 501 in text_of(answer)


def test_a_decision_without_a_meaning_is_refused(people, sign_in):
    row = proposal(people)

    assert sign_in(people.supervisor).post(url(row, "decide/"), {"decision": "maybe"}).status_code == 422


def test_whoever_comes_second_reads_who_decided(people, sign_in):
    row = proposal(people)
    client = sign_in(people.manager)
    approval_decide(request_id=row.pk, approve=True, by=people.supervisor)

    answer = client.post(url(row, "decide/"), {"decision": "reject", "comment": "不"})

    assert answer.status_code == 409
    assert "This was decided already." in text_of(answer)
    assert "钱文博" in text_of(answer)


def test_what_changed_meanwhile_is_not_approved(people, sign_in):
    row = proposal(people)
    facts_update(opportunity_id=row.subject_id, version=1, by=people.owner, colour="白")

    answer = sign_in(people.supervisor).post(url(row, "decide/"), {"decision": "approve"})

    assert answer.status_code == 409
    assert "What it was about has changed." in text_of(answer)
    assert Opportunity.objects.get(pk=row.subject_id).level == "H"


def test_taking_it_back_twice_says_so(people, sign_in):
    row = proposal(people)
    client = sign_in(people.owner)

    first, second = (client.post(url(row, "withdraw/")) for _time in range(2))

    assert (first.status_code, second.status_code) == (302, 409)


def test_earlier_requests_about_the_same_customer_are_shown(people, sign_in):
    first = proposal(people)
    approval_decide(request_id=first.pk, approve=False, comment="下周再看", by=people.supervisor)
    level_set(opportunity_id=first.subject_id, level="B", by=people.owner)

    page = text_of(sign_in(people.supervisor).get(url(ApprovalRequest.objects.latest("pk"))))

    assert "Earlier requests" in page
    assert "下周再看" in page


def test_a_kind_without_a_template_of_its_own_is_shown_too(people, sign_in):
    with registered(cards=None):
        row = ask(people.owner)
        page = text_of(sign_in(people.manager).get(url(row)))

    assert "对手让了一千" in page


def test_a_refusal_of_the_asking_app_stands_on_the_page(people, sign_in, monkeypatch):
    row = proposal(people)

    def refuse(**kwargs):
        raise DomainError("月底前不降级")

    monkeypatch.setattr("opportunities.handlers.level_decided", refuse)
    answer = sign_in(people.supervisor).post(url(row, "decide/"), {"decision": "approve"})

    assert answer.status_code == 422
    assert "月底前不降级" in text_of(answer)
    assert ApprovalRequest.objects.get(pk=row.pk).is_pending


@pytest.mark.parametrize("rows", [1, 3])
def test_the_inbox_takes_the_same_queries_however_many_rows(people, sign_in, django_assert_num_queries, rows):
    for number in range(rows):
        proposal(people, f"客户{number}")
        proposal(people, f"战败{number}", kind=CLOSE)
    client = sign_in(people.supervisor)
    client.get(INBOX)

    with django_assert_num_queries(6):
        client.get(INBOX)


@pytest.mark.parametrize("rows", [1, 3])
def test_one_request_takes_the_same_queries_however_many_wait(people, sign_in, django_assert_num_queries, rows):
    for number in range(rows):
        proposal(people, f"客户{number}")
    row = proposal(people)
    client = sign_in(people.supervisor)
    client.get(url(row))

    with django_assert_num_queries(10):
        client.get(url(row))
