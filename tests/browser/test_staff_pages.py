"""Signing in, profile, leave and the support pages in a real browser."""

import os
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SIZES, violations
from tests.factories import PASSWORD, LeaveFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def look(page: Page, name: str) -> None:
    """Keep a picture when somebody wants to look at it."""
    folder = os.environ.get("STAFF_SHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png")


@pytest.mark.parametrize("size", SIZES)
def test_sign_in_profile_password_and_leave(open_page: Callable[..., Page], people: SimpleNamespace, size: str) -> None:
    LeaveFactory(user=people.owner, stand_in=people.colleague, note="回家")
    page = open_page(size)
    page.goto("/staff/leaves/")
    page.fill("#id_username", "owner")
    page.fill("#id_password", "wrong")
    page.click("button[type=submit]")

    expect(page.locator("#pw_err")).to_be_visible()
    assert violations(page) == []
    look(page, f"login-{size}")

    page.fill("#id_password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url("**/staff/leaves/")
    for name in ("leaves", "leaves/new", "profile", "password"):
        page.goto(f"/staff/{name}/")
        look(page, f"{name.replace('/', '-')}-{size}")
        assert violations(page) == [], name


def test_a_refused_leave_keeps_what_was_typed(
    open_page: Callable[..., Page], log_in: Callable[[Page, str], None], people: SimpleNamespace
) -> None:
    page = open_page("tablet")
    log_in(page, "owner")
    page.goto("/staff/leaves/new/")
    page.fill("#id_starts_at", "2026-01-02T08:00")
    page.fill("#id_ends_at", "2026-01-01T08:00")
    page.fill("#id_note", "回家")
    page.locator("form:has(#id_note) button[type=submit]").click()

    expect(page.locator("main .alert-sum")).to_be_focused()
    expect(page.locator("#id_note")).to_have_value("回家")
    expect(page.locator("#id_ends_at")).to_have_attribute("aria-invalid", "true")
    look(page, "leave-refused")
    assert violations(page) == []


def test_the_support_pages_work_under_the_strict_policy(
    open_page: Callable[..., Page], log_in: Callable[[Page, str], None], people: SimpleNamespace
) -> None:
    people.administrator.is_staff = True
    people.administrator.save()
    page = open_page("desktop")
    log_in(page, "administrator")

    person = f"/admin/staff/user/{people.owner.pk}/change/"
    for url in ("/admin/", "/admin/staff/user/", "/admin/staff/user/add/", person):
        page.goto(url)
        page.wait_for_load_state("networkidle")
        look(page, "admin" + url.replace("/", "-"))
    expect(page.locator("input[name=roles]").first).to_be_visible()
