"""The limits of protected data and of exports in a real browser: clean at every size and theme."""

from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from tests.browser.conftest import violations
from tests.factories import FollowUpFactory, OpportunityFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("size", ["tablet", "phone", "desktop"])
def test_the_pages_are_clean_at_every_size(
    size: str,
    people: SimpleNamespace,
    open_page: Callable[..., Page],
    log_in: Callable[[Page, str], None],
    noon: datetime,
) -> None:
    page = open_page(size)
    log_in(page, "administrator")
    found = {}
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for path in ("/customers/protection/", "/settings/exports/"):
            page.goto(path)
            found[theme, path] = violations(page)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide == 0, path

    assert found == dict.fromkeys(found, [])


def test_the_time_of_an_agreed_visit_opens_into_view(
    people: SimpleNamespace, open_page: Callable[..., Page], log_in: Callable[[Page, str], None], noon: datetime
) -> None:
    with transaction.atomic():  # an open opportunity always has a next action, at the latest at the commit
        opportunity = OpportunityFactory(owner=people.owner)
        FollowUpFactory(opportunity=opportunity)
    page = open_page("tablet")
    log_in(page, people.owner.employee_number)
    page.goto(f"/followups/opportunities/{opportunity.pk}/contact/")

    page.locator("input[name=outcome][value=invited]").check(force=True)

    expect(page.locator("#id_next_at")).to_be_in_viewport(ratio=1)
