"""The main job, walked by three people in a real browser: a lead comes in, the callbacks happen, a miss is seen."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import translation
from playwright.sync_api import Page, expect

from core import clock
from customers.models import Channel
from followups.enums import FollowUpState, RuleCode
from followups.models import Contact, FollowUp
from followups.tasks import remind_due
from tests.browser.conftest import violations
from tests.conftest import NOON
from tests.factories import SeriesFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CUSTOMER = "宁晓峰"
PHONE = "199 0000 7788"


@pytest.fixture
def at() -> Iterator[Callable[[datetime], None]]:
    """Move the clock of the whole process; the live server sees the same time."""
    travels: list[Any] = []

    def go(moment: datetime) -> None:
        while travels:
            travels.pop().__exit__(None, None, None)
        travel = clock.travel(moment)
        travel.__enter__()
        travels.append(travel)

    yield go
    while travels:
        travels.pop().__exit__(None, None, None)


def choose(page: Page, name: str, value: str) -> None:
    """Tap the label of a radio."""
    page.locator(f"label:has(input[name={name}][value='{value}'])").click()


def register_call(page: Page, people: SimpleNamespace) -> None:
    page.goto("/leads/new/?kind=call")
    page.fill("#id_phone", PHONE)
    page.fill("#id_name", CUSTOMER)
    choose(page, "gender", "male")
    page.select_option("#id_channel", str(Channel.objects.get(code="phone_in").pk))
    page.select_option("#id_series", index=1)
    page.fill("#id_area", "滨江")
    choose(page, "purchase_window", "30d")
    page.select_option("#id_owner", str(people.owner.pk))
    page.locator("form:has(#id_phone) button[type=submit].btn-primary").click()
    page.wait_for_load_state("networkidle")


def assert_planned_for(people: SimpleNamespace) -> None:
    planned = FollowUp.objects.order_by("due_at").values_list("rule_code", "assignee")
    assert list(planned) == [
        (RuleCode.SAME_DAY_SMS, people.owner.pk),
        (RuleCode.FIRST_CALLBACK, people.owner.pk),
        (RuleCode.SECOND_CALLBACK, people.owner.pk),
    ]


def record_in_three_taps(page: Page, people: SimpleNamespace) -> None:
    """Day two: the callback stands on Today."""
    first = FollowUp.objects.get(rule_code=RuleCode.FIRST_CALLBACK)
    row = page.locator(f"#task-{first.pk}")
    expect(row).to_contain_text(CUSTOMER)
    row.locator("a[href*='/contact/']").click()  # tap 1
    choose(page, "outcome", "talked")  # tap 2
    page.locator("#sheet button[type=submit].btn-primary").click()  # tap 3
    expect(page.locator(".sc-toast").first).to_be_visible()
    expect(page.locator(f"#task-{first.pk}")).to_have_count(0)
    first.refresh_from_db()
    contact = Contact.objects.get()
    assert (first.state, first.is_late) == (FollowUpState.DONE, False)
    assert (first.contact_id, contact.by) == (contact.pk, people.owner)


def the_next_one_stands_on_the_page(page: Page) -> None:
    second = FollowUp.objects.get(rule_code=RuleCode.SECOND_CALLBACK)
    page.goto(f"/opportunities/{second.opportunity_id}/")
    assert second.state == FollowUpState.PENDING
    with translation.override("zh-hans"):
        expect(page.locator(".c-next")).to_contain_text(second.get_rule_code_display())


def the_supervisor_sees_the_miss(page: Page) -> None:
    """Day nine: nobody called. The sweep told the owner, then the supervisor."""
    page.goto("/notifications/")
    expect(page.locator("main")).to_contain_text(CUSTOMER)
    page.goto("/today/?scope=team")
    expect(page.locator("main")).to_contain_text(CUSTOMER)
    expect(page.locator("main")).to_contain_text("林悦")


@pytest.mark.req("R-070", "R-071", "R-077")
def test_a_lead_comes_in_and_the_callbacks_happen(
    people: SimpleNamespace,
    open_page: Callable[..., Page],
    log_in: Callable[[Page, str], None],
    at: Callable[[datetime], None],
) -> None:
    SeriesFactory()
    at(NOON)
    desk = open_page("desktop")
    log_in(desk, "dcc")

    register_call(desk, people)

    assert_planned_for(people)
    at(NOON + timedelta(days=2))
    tablet = open_page("tablet")
    log_in(tablet, "owner")
    record_in_three_taps(tablet, people)
    the_next_one_stands_on_the_page(tablet)
    at(NOON + timedelta(days=9))
    assert remind_due() > 0
    supervisor = open_page("tablet")
    log_in(supervisor, "supervisor")
    the_supervisor_sees_the_miss(supervisor)


@pytest.mark.parametrize("size", ["tablet", "phone", "desktop"])
def test_the_main_pages_are_clean_at_every_size(
    size: str,
    people: SimpleNamespace,
    open_page: Callable[..., Page],
    log_in: Callable[[Page, str], None],
    at: Callable[[datetime], None],
) -> None:
    SeriesFactory()
    at(NOON)
    desk = open_page("desktop")
    log_in(desk, "dcc")
    register_call(desk, people)
    opportunity_id = FollowUp.objects.values_list("opportunity", flat=True)[0]
    page = open_page(size)
    found = {}
    page.goto("/staff/login/")
    found["login"] = violations(page)
    log_in(page, "owner")
    for path in (
        "/today/",
        "/customers/",
        f"/opportunities/{opportunity_id}/",
        f"/followups/opportunities/{opportunity_id}/contact/",
        f"/followups/opportunities/{opportunity_id}/message/",
        "/leads/new/?kind=walk_in",
        "/notifications/",
        "/staff/profile/",
    ):
        page.goto(path)
        found[path] = violations(page)
        too_wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        if too_wide:
            found[path].append("scrolls sideways")

    assert {path: list_ for path, list_ in found.items() if list_} == {}
