"""The main job, walked by three people in a real browser: a lead comes in, the callbacks happen, a miss is seen."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
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

    planned = FollowUp.objects.order_by("due_at").values_list("rule_code", "assignee")
    assert list(planned) == [
        (RuleCode.SAME_DAY_SMS, people.owner.pk),
        (RuleCode.FIRST_CALLBACK, people.owner.pk),
        (RuleCode.SECOND_CALLBACK, people.owner.pk),
    ]

    # Day two: the owner finds the callback on Today and records it in three taps.
    at(NOON + timedelta(days=2))
    tablet = open_page("tablet")
    log_in(tablet, "owner")
    first = FollowUp.objects.get(rule_code=RuleCode.FIRST_CALLBACK)
    row = tablet.locator(f"#task-{first.pk}")
    expect(row).to_contain_text(CUSTOMER)
    row.locator("a[href*='/contact/']").click()  # tap 1
    choose(tablet, "outcome", "talked")  # tap 2
    tablet.locator("#sheet button[type=submit].btn-primary").click()  # tap 3
    expect(tablet.locator(".sc-toast").first).to_be_visible()
    expect(tablet.locator(f"#task-{first.pk}")).to_have_count(0)
    first.refresh_from_db()
    contact = Contact.objects.get()
    assert (first.state, first.is_late, first.contact_id, contact.by) == (
        FollowUpState.DONE,
        False,
        contact.pk,
        people.owner,
    )

    # The next one stands on the customer's page.
    tablet.goto(f"/opportunities/{first.opportunity_id}/")
    second = FollowUp.objects.get(rule_code=RuleCode.SECOND_CALLBACK)
    assert second.state == FollowUpState.PENDING
    expect(tablet.locator(".c-next")).to_contain_text(second.get_rule_code_display())

    # Day nine: nobody called. The sweep tells the owner, then the supervisor, who sees it on Today.
    at(NOON + timedelta(days=9))
    assert remind_due() > 0
    supervisor = open_page("tablet")
    log_in(supervisor, "supervisor")
    supervisor.goto("/notifications/")
    expect(supervisor.locator("main")).to_contain_text(CUSTOMER)
    supervisor.goto("/today/?scope=team")
    expect(supervisor.locator("main")).to_contain_text(CUSTOMER)
    expect(supervisor.locator("main")).to_contain_text("林悦")


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
