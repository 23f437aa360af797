"""A shared tablet locks, keeps what was typed, and changes hands; the pages about signing in."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from staff.services.devices import device_register, pin_set
from tests.browser.conftest import SIZES, violations
from tests.factories import PASSWORD
from tests.staff.signing_in import PIN, app_code, switch_on

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OTHER_PIN = "604173"


def sign_in(page: Page, who: str) -> None:
    page.goto("/staff/login/?by=password")
    page.fill("#id_username", who)
    page.fill("#id_password", PASSWORD)
    page.locator("form.lg-form button[type=submit]").last.click()
    page.wait_for_selector(".app")


def lock(page: Page) -> None:
    page.evaluate("document.querySelector('form[data-lock]').requestSubmit()")
    page.wait_for_selector("[name=pin]")


@pytest.fixture
def tablet(people: SimpleNamespace) -> Callable[[Page], None]:
    made = device_register(store_id=people.store.pk, name="展厅 1 号", by=people.administrator)
    pin_set(by=people.owner, pin=PIN)
    pin_set(by=people.colleague, pin=OTHER_PIN)

    def pair(page: Page) -> None:
        page.goto(f"/staff/devices/pair/?code={made.code}")
        assert violations(page) == []
        page.locator("form.lg-form button").click()
        page.wait_for_url("**/staff/login/")

    return pair


@pytest.mark.parametrize(("size", "theme"), [("tablet", "light"), ("phone", "dark")])
def test_the_lock_hides_the_page_and_gives_it_back_to_the_same_person(
    open_page: Callable[..., Page], tablet: Callable[[Page], None], size: str, theme: str
) -> None:
    page = open_page(size, theme)
    tablet(page)
    sign_in(page, "owner")
    page.goto("/staff/leaves/new/")
    page.fill("#id_note", "打到一半的话")
    title = page.title()

    lock(page)
    hidden = (page.locator("#id_note").count(), page.title())
    found = violations(page)
    page.fill("[name=pin]", "999999")
    expect(page.locator(".alert-sum")).to_be_visible()
    page.fill("[name=pin]", PIN)

    expect(page.locator("#id_note")).to_have_value("打到一半的话")
    assert hidden[0] == 0
    assert hidden[1] != title == page.title()
    assert found == []
    with page.expect_response(lambda answer: answer.request.method == "POST") as sent:
        page.evaluate("document.querySelector('main form').requestSubmit()")
    assert sent.value.status in (302, 422)  # the form's token is still good: not 403


def test_somebody_else_finds_nothing_of_the_page_before(
    open_page: Callable[..., Page], tablet: Callable[[Page], None], people: SimpleNamespace
) -> None:
    page = open_page()
    tablet(page)
    sign_in(page, "colleague")
    lock(page)
    sign_in(page, "owner")
    page.goto("/staff/leaves/new/")
    page.fill("#id_note", "打到一半的话")
    page.evaluate("sessionStorage.setItem('draft', 'x')")
    lock(page)

    page.locator(".lock-people label", has_text=people.colleague.name).click()
    page.fill("[name=pin]", OTHER_PIN)

    page.wait_for_selector(f"body[data-user='{people.colleague.pk}']")
    assert "打到一半的话" not in page.content()
    assert page.evaluate("sessionStorage.getItem('draft')") is None


def test_all_pages_of_the_tablet_lock_and_come_back_together(
    open_page: Callable[..., Page], tablet: Callable[[Page], None]
) -> None:
    page = open_page()
    tablet(page)
    sign_in(page, "owner")
    other = page.context.new_page()
    other.goto("/staff/leaves/new/")
    other.fill("#id_note", "打到一半的话")

    lock(page)
    other.wait_for_selector("[name=pin]")
    page.fill("[name=pin]", PIN)

    expect(other.locator("#id_note")).to_have_value("打到一半的话")


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_about_signing_in(open_page: Callable[..., Page], people: SimpleNamespace, size: str) -> None:
    page = open_page(size)
    sign_in(page, "administrator")
    for name in ("security", "security/pin", "security/second-factor", "devices", "devices/new"):
        page.goto(f"/staff/{name}/")
        assert violations(page) == [], name
    page.goto("/staff/security/second-factor/")
    page.locator("main form button").first.click()
    page.wait_for_selector("svg.qr")
    assert violations(page) == []
    page.fill("#id_code", app_code(people.administrator))
    page.locator("main form button.btn-primary").click()
    page.wait_for_selector(".sec-codes")
    assert violations(page) == []


def test_the_code_after_the_password(open_page: Callable[..., Page], people: SimpleNamespace) -> None:
    codes = switch_on(people.manager)
    page = open_page("phone", "dark")
    page.goto("/staff/login/")
    page.fill("#id_username", "manager")
    page.fill("#id_password", PASSWORD)
    page.locator("form.lg-form button[type=submit]").last.click()
    page.wait_for_url("**/staff/login/code/")
    page.fill("#id_code", "000000")
    page.locator("form.lg-form button").click()

    expect(page.locator("#code_err")).to_be_visible()
    assert violations(page) == []
    page.fill("#id_code", codes[0])
    page.locator("form.lg-form button").click()
    page.wait_for_selector(".app")
