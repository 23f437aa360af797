"""What must not grow with the data: statements and bytes. No timings; `./dev bench` measures those.

That the pages of the main job take the same number of statements, at most 12, with one row and with three is asserted
beside their other tests: Today, list, 360 page and search in tests/workbench, the save of a contact in tests/followups,
registering in tests/leads, the inbox in tests/notifications.
"""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core import clock
from followups.enums import FollowUpState, Step
from followups.models import FollowUp
from followups.services import followup_remind_next
from notifications.models import Notification
from opportunities.models import JourneyEvent, Opportunity
from opportunities.services import journey_record
from tests.factories import CustomerFactory, OpportunityFactory
from workbench.selectors.search import PAGE_LIMIT
from workbench.selectors.timeline import PAGE_SIZE as TIMELINE_SIZE
from workbench.selectors.today import ROWS_LIMIT
from workbench.views.lists import PAGE_SIZE as LIST_SIZE

pytestmark = pytest.mark.django_db

HTML_LIMIT = 120_000  # bytes of a first response (performance.md)
LONG_NAME = "杭州滨江区某某建筑装饰工程有限公司采购部"
FULL = max(ROWS_LIMIT, LIST_SIZE, PAGE_LIMIT) + 2
PAGES = {
    "today": lambda row: reverse("workbench:today"),
    "list": lambda row: f"{reverse('workbench:opportunity-list')}?view=all",
    "customer": lambda row: reverse("workbench:opportunity-detail", args=[row.pk]),
    "search": lambda row: f"{reverse('workbench:search')}?q=杭州",
}


@pytest.fixture
def full_house(people) -> Opportunity:
    """More late customers with long names than a page shows, and one with a long past."""
    late = clock.now() - timedelta(days=2)
    rows = []
    for number in range(FULL):
        customer = CustomerFactory(store=people.store, name=f"{LONG_NAME}{number}", search_terms=["杭州"])
        rows.append(
            OpportunityFactory(store=people.store, customer=customer, owner=people.owner, last_note=LONG_NAME * 4)
        )
    FollowUp.objects.update(due_at=late, due_on=clock.local_date(late), deadline_at=late, note=LONG_NAME * 4)
    Opportunity.objects.update(next_action_at=late)
    events = [journey_record(rows[0], "note", by=people.owner, text=LONG_NAME * 8) for _n in range(TIMELINE_SIZE + 2)]
    JourneyEvent.objects.bulk_create(events)
    return rows[0]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("person", ["owner", "manager"])
def test_a_full_page_stays_small(client, people, full_house, page, person):
    client.force_login(getattr(people, person))

    response = client.get(PAGES[page](full_house), follow=True)

    assert response.status_code == 200
    assert LONG_NAME in response.text
    assert len(response.content) <= HTML_LIMIT


@pytest.mark.parametrize("page", PAGES)
def test_no_page_skips_rows_by_counting_them(client, people, full_house, page):
    client.force_login(people.manager)

    with CaptureQueriesContext(connection) as sent:
        client.get(PAGES[page](full_house))

    assert [query["sql"] for query in sent if " OFFSET " in query["sql"]] == []


# Claim, read, write the notice (which also clears the older ones), point to the next step; and the savepoint, which
# stands for BEGIN and COMMIT. A miss is also written into the log. The last call finds nothing: one claim.
NOTHING_DUE = 3
STATEMENTS = {Step.SOON: 6, Step.DUE: 6, Step.OVERDUE: 7}


@pytest.mark.parametrize("callbacks", [1, 3])
@pytest.mark.parametrize("step", STATEMENTS)
def test_a_reminder_takes_the_same_statements_however_many_are_due(
    people, noon, django_assert_num_queries, step, callbacks
):
    for _n in range(callbacks):
        OpportunityFactory(store=people.store, customer__store=people.store, owner=people.owner)
    due = noon if step == Step.DUE else noon - timedelta(days=1) if step == Step.OVERDUE else noon + timedelta(hours=1)
    deadline = noon - timedelta(seconds=1) if step == Step.OVERDUE else due + timedelta(days=1)
    FollowUp.objects.update(due_at=due, deadline_at=deadline, remind_step=step, remind_at=noon)

    with django_assert_num_queries(callbacks * STATEMENTS[step] + NOTHING_DUE):
        while followup_remind_next():
            pass

    assert Notification.objects.count() == callbacks
    assert FollowUp.objects.filter(state=FollowUpState.PENDING, remind_at__gt=noon).count() == callbacks
