"""A full day: the first rows come with the page, the others when somebody scrolls there, or all of them on one page."""

import re
from datetime import timedelta

import pytest

from core import clock
from followups.models import FollowUp
from tests.workbench.conftest import HTMX
from workbench.selectors.today import FIRST_ROWS, ROWS_LIMIT

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
TODAY = "/today/"
ROW = re.compile(r'id="task-(\d+)"')
REST = re.compile(r'hx-get="([^"]+after=\d+[^"]*)"')


@pytest.fixture
def many(people, customer_of) -> list[str]:
    """Numbers of more callbacks than are shown at all, in the order in which they are due; three are not late yet."""
    now = clock.now()
    for number in range(ROWS_LIMIT + 2):
        customer_of(people.owner, f"客{number}")
    rows = list(FollowUp.objects.pending().order_by("id"))
    for number, row in enumerate(rows):
        row.due_at = now - timedelta(hours=100) + timedelta(minutes=number)
        row.deadline_at = row.due_at if number > 2 else now + timedelta(hours=1)
        row.remind_step = "" if number < 20 else "overdue"
    FollowUp.objects.bulk_update(rows, ["due_at", "deadline_at", "remind_step"])
    return [str(row.pk) for row in rows]


def rest_of(html: str) -> str:
    return REST.search(html)[1].replace("&amp;", "&")


def test_the_first_rows_come_with_the_page_and_the_others_behind_them(people, sign_in, many):
    client = sign_in(people.owner)
    first = client.get(TODAY).text
    rest = client.get(rest_of(first), headers=HTMX).text

    shown = ROW.findall(first)
    assert sorted(shown) == sorted(many[:FIRST_ROWS])
    assert sorted(ROW.findall(rest)) == sorted(many[FIRST_ROWS:ROWS_LIMIT])
    assert f"{len(many) - 3} overdue" in first
    assert "Your supervisor knows of 17 of them" in first  # all of them, not only those shown
    assert "The oldest are shown" in rest
    assert REST.search(rest) is None


def test_without_a_script_all_of_them_come_on_one_page(people, sign_in, many):
    html = sign_in(people.owner).get(TODAY, {"rows": "all"}).text

    assert sorted(ROW.findall(html)) == sorted(many[:ROWS_LIMIT])
    assert REST.search(html) is None


def test_a_few_rows_have_no_rest(people, sign_in, customer_of):
    customer_of(people.owner)

    assert REST.search(sign_in(people.owner).get(TODAY).text) is None


def test_the_schedule_counts_what_the_first_rows_do_not_show(people, sign_in, customer_of):
    for number in range(FIRST_ROWS + 2):
        customer_of(people.owner, f"客{number}", due=timedelta(hours=1))

    assert f"{FIRST_ROWS + 2} callbacks due" in sign_in(people.owner).get(TODAY).text


def test_the_row_of_somebody_else_opens_nothing(people, sign_in, many):
    """The place in the list is only a place: what stands behind it is still what the person may see."""
    html = sign_in(people.stranger).get(f"/today/callbacks/?after={many[0]}", headers=HTMX).text

    assert ROW.findall(html) == []
