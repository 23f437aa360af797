"""Today: whose callbacks, in which order, and what a leader sees of the team."""

from datetime import timedelta

import pytest
from django.urls import reverse

from core import clock
from followups.enums import ContactChannel, FollowUpState, RuleCode, Step
from followups.models import FollowUp
from notifications.enums import NoticeKind
from staff.models import User
from tests.factories import ContactFactory, FollowUpFactory, LeaveFactory, NotificationFactory, OpportunityFactory
from tests.workbench.conftest import HTMX, callback_of
from workbench.selectors.today import callbacks, month, news_count

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
TODAY = "/today/"


def test_home_leads_everybody_to_the_day(people, sign_in):
    for person in (people.owner, people.dcc, people.supervisor, people.administrator, people.finance):
        assert sign_in(person).get("/").headers["Location"] == TODAY


@pytest.mark.req("R-070")
def test_today_shows_own_late_callbacks_first_and_nobody_elses(people, sign_in, customer_of):
    customer_of(people.owner, "张伟强")
    customer_of(people.owner, "李雪梅", late=timedelta(days=1))
    customer_of(people.owner, "赵明天", due=timedelta(days=1))
    customer_of(people.colleague, "同事客")
    customer_of(people.stranger, "外店客")

    html = sign_in(people.owner).get(TODAY).content.decode()

    assert html.index("李雪梅") < html.index("张伟强")
    assert "1 overdue" in html
    assert "1 day overdue" in html
    for name in ("赵明天", "同事客", "外店客"):
        assert name not in html


def test_today_works_without_any_customer(people, sign_in):
    html = sign_in(people.owner).get(TODAY).content.decode()

    assert "All callbacks of today are done" in html


def test_today_tells_about_tomorrow_when_the_day_is_done(people, sign_in, customer_of):
    customer_of(people.owner, due=timedelta(days=1))

    html = sign_in(people.owner).get(TODAY).content.decode()

    assert "1 tomorrow, the first by 12:00" in html


def test_segments_narrow_the_card_and_work_as_page_and_fragment(people, sign_in, customer_of):
    customer_of(people.owner, "张伟强")
    customer_of(people.owner, "李雪梅", late=timedelta(days=1))
    client = sign_in(people.owner)
    url = reverse("workbench:today-callbacks")

    page = client.get(url, {"segment": "overdue"})
    card = client.get(url, {"segment": "overdue"}, headers=HTMX)

    assert [template.name for template in card.templates][0] == "workbench/_callbacks.html"
    assert "workbench/today.html" in [template.name for template in page.templates]
    for answer in (page, card):
        assert "李雪梅" in answer.content.decode()
        assert "张伟强" not in answer.content.decode()


def test_a_message_of_the_day_offers_writing_and_no_call(people, sign_in, customer_of):
    row = customer_of(people.owner)
    FollowUp.objects.update(rule_code=RuleCode.SAME_DAY_SMS, channel=ContactChannel.SMS)

    html = sign_in(people.owner).get(TODAY).content.decode()

    assert reverse("followups:message-send", args=[row.pk]) in html
    assert reverse("workbench:phone-reveal", args=[row.pk]) not in html


def test_stand_in_sees_the_callbacks_of_the_colleague_with_the_name(people, sign_in, customer_of):
    customer_of(people.colleague, "代看客户")
    LeaveFactory(user=people.colleague, stand_in=people.owner)

    html = sign_in(people.owner).get(TODAY).content.decode()

    assert "代看客户" in html
    assert "for 赵启明" in html


@pytest.mark.req("R-053")
def test_dcc_keeps_the_callbacks_of_customers_that_nobody_owns_yet(people, sign_in, customer_of):
    customer_of(None, "待分配客", registered_by=people.dcc)
    customer_of(None, "别人登记", registered_by=people.receptionist)

    html = sign_in(people.dcc).get(TODAY).content.decode()

    assert "待分配客" in html
    assert "别人登记" not in html


@pytest.mark.req("R-007")
def test_supervisor_sees_the_misses_of_the_team_by_person(people, sign_in, customer_of):
    customer_of(people.owner, "李雪梅", late=timedelta(days=2))
    customer_of(people.rival, "二组客户", late=timedelta(days=2))

    html = sign_in(people.supervisor).get(TODAY).content.decode()

    assert "林悦" in html
    assert "2 days overdue" in html
    assert "李雪梅" in html
    assert "二组客户" not in html
    assert "周子昂" not in html


def test_supervisor_narrows_to_one_person(people, sign_in, customer_of):
    customer_of(people.owner, "李雪梅", late=timedelta(days=2))
    customer_of(people.colleague, "同事客", late=timedelta(days=1))
    params = {"view": "team", "person": people.colleague.pk}

    html = sign_in(people.supervisor).get(reverse("workbench:today-callbacks"), params, headers=HTMX).content.decode()

    assert "同事客" in html
    assert "李雪梅" not in html


@pytest.mark.req("R-094")
def test_leader_sees_who_waits_for_an_owner(people, sign_in, customer_of):
    customer_of(None, "待分配客", registered_by=people.dcc)

    html = sign_in(people.manager).get(TODAY).content.decode()

    assert "Waiting for an owner" in html
    assert "待分配客" in html


def test_a_leader_narrowed_to_own_customers_counts_nobody_elses(people, customer_of):
    customer_of(people.owner)
    wide = month(people.manager, view="team").customers
    people.manager.scope_override = "own"

    assert (wide, month(people.manager, view="team").customers) == (1, 0)


def test_team_view_is_not_for_consultants(people, sign_in, customer_of):
    customer_of(people.colleague, "同事客", late=timedelta(days=1))

    html = sign_in(people.owner).get(TODAY, {"view": "team"}).content.decode()

    assert "同事客" not in html


def test_administrator_finds_the_support_pages_and_no_customers(people, sign_in, customer_of):
    customer_of(people.owner)
    User.objects.filter(pk=people.administrator.pk).update(is_staff=True)

    html = sign_in(people.administrator).get(TODAY).content.decode()

    assert "Open the support pages" in html
    assert "王建国" not in html


def test_escalated_miss_says_that_the_supervisor_knows(people, sign_in, customer_of):
    customer_of(people.owner, late=timedelta(days=1))
    client = sign_in(people.owner)

    before = client.get(TODAY).content.decode()
    FollowUp.objects.update(remind_step=Step.NONE, remind_at=None)
    after = client.get(TODAY).content.decode()

    assert "Your supervisor will be told next" in before
    assert "Your supervisor knows of 1 of them" in after


def test_news_counts_what_came_since_the_list_was_shown(people, sign_in, customer_of):
    customer_of(people.owner)
    shown = callbacks(people.owner, view="mine", segment="all")
    customer_of(people.owner, "新来客")
    seen = {"view": "mine", "seen_count": shown.total, "seen_last_id": shown.last_id}

    assert news_count(people.owner, **seen) == 1
    params = {"count": shown.total, "last": shown.last_id}
    html = sign_in(people.owner).get(reverse("workbench:today-news"), params, headers=HTMX).content.decode()
    assert "1 new callback" in html


def test_news_are_silent_when_rows_only_went_away(people, sign_in, customer_of):
    customer_of(people.owner)
    shown = callbacks(people.owner, view="mine", segment="all")
    later = clock.now() + timedelta(days=2)
    FollowUp.objects.update(due_at=later, deadline_at=later)
    params = {"count": shown.total, "last": shown.last_id}

    answer = sign_in(people.owner).get(reverse("workbench:today-news"), params, headers=HTMX)

    assert answer.content.decode().strip() == ""


def test_month_counts_punctual_late_and_overdue(people, customer_of):
    row = customer_of(people.owner, late=timedelta(hours=3))
    now = clock.now()
    for is_late in (False, False, True):
        FollowUpFactory(
            opportunity=row, state=FollowUpState.DONE, done_at=now, is_late=is_late, remind_at=None, remind_step=""
        )
    ContactFactory(opportunity=row, by=people.owner)

    figures = month(people.owner, view="mine")

    assert (figures.in_time, figures.late, figures.overdue, figures.percent) == (2, 1, 1, 50)
    assert figures.customers == 1
    assert [day.contacts for day in figures.week] == [0, 1, 0, 0, 0, 0, 0]


def test_month_does_not_count_what_was_void(people, customer_of):
    customer_of(people.owner)
    void = OpportunityFactory(customer__store=people.store, owner=people.owner, outcome="void", closed_at=clock.now())

    assert month(people.owner, view="mine").customers == 1
    assert void.opened_at == clock.now()


def test_schedule_holds_visits_and_marks_the_next(people, sign_in, customer_of):
    customer_of(people.owner, "到店客", due=timedelta(hours=2))
    FollowUp.objects.update(channel=ContactChannel.VISIT)

    html = sign_in(people.owner).get(TODAY).content.decode()

    assert "Now, 12:00" in html
    assert "sched-i is-next" in html


def test_unread_notice_is_shown_as_a_sentence(people, sign_in):
    data = {"customer": "王建国", "code": "first_callback"}
    NotificationFactory(recipient=people.owner, kind=NoticeKind.FOLLOW_UP_OVERDUE, data=data)

    html = sign_in(people.owner).get(TODAY).content.decode()

    assert "王建国: First callback is overdue" in html


@pytest.mark.parametrize("customers", [1, 3])
@pytest.mark.parametrize(("person", "queries"), [("owner", 11), ("supervisor", 11)])
def test_today_takes_the_same_queries_however_many_rows(
    people, sign_in, customer_of, django_assert_num_queries, customers, person, queries
):
    for number in range(customers):
        row = customer_of(people.owner, f"客户{number}", late=timedelta(days=1))
        NotificationFactory(recipient=getattr(people, person))
        ContactFactory(opportunity=row)
        customer_of(None, f"待分配{number}")
    client = sign_in(getattr(people, person))
    client.get(TODAY)

    with django_assert_num_queries(queries):
        client.get(TODAY)


def test_somebody_on_leave_reads_who_stands_in(people, sign_in):
    LeaveFactory(user=people.owner, stand_in=people.colleague)

    html = sign_in(people.owner).get(TODAY).content.decode()

    assert "You are on leave until" in html
    assert "赵启明 stands in" in html
    assert "You are on leave" not in sign_in(people.colleague).get(TODAY).content.decode()


def test_call_button_names_the_customer(people, sign_in, customer_of):
    row = customer_of(people.owner)

    html = sign_in(people.owner).get(TODAY).content.decode()

    assert 'aria-label="Call 王建国"' in html
    assert f'id="task-{callback_of(row).pk}"' in html
    assert "tel:" not in html
