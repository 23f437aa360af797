"""Registering and importing in a real browser: look-up while typing, what is missing, a row put right in place."""

import pytest
from django.db import transaction

from leads.models import Lead, LeadImport
from tests.browser.conftest import SIZES, violations
from tests.factories import CustomerFactory, OpportunityFactory, SeriesFactory
from tests.leads.conftest import SAMPLE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(people):
    with transaction.atomic():
        SeriesFactory()
        customer = CustomerFactory(store=people.store, phone="+8613605717788", name="宁晓峰")
        OpportunityFactory(customer=customer, owner=people.owner)
    return people


def is_too_wide(page):
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


@pytest.mark.parametrize("size", SIZES)
def test_a_call_is_registered_phone_first(desk, open_page, log_in, size):
    page = open_page(size)
    log_in(page, "dcc")
    page.goto("/leads/new/?kind=call")

    page.fill("#id_phone", "136 0571 7788")
    page.wait_for_selector(".ld-prot")
    assert "宁晓峰" not in page.content()
    page.fill("#id_phone", "139 0571 0011")
    page.wait_for_selector(".ld-prot", state="detached")
    page.fill("#id_name", "陆女士")
    page.click("label:has(input[name=gender][value=female])")
    page.click('label:has(input[name=purchase_window][value="15d"])')

    assert page.text_content("[data-six-count]") == "3"
    assert page.get_attribute("#id_channel", "class") == "form-select ld-miss"
    assert [violations(page), is_too_wide(page)] == [[], False]
    page.reload()
    assert page.input_value("#id_name") == "陆女士"  # kept in this tab
    page.click("main button.btn-primary")
    page.wait_for_url("**/leads/*/")
    assert [violations(page), is_too_wide(page)] == [[], False]
    page.goto("/leads/new/?kind=call")
    assert page.input_value("#id_name") == ""


def test_the_sheet_registers_and_tells_the_promises(desk, open_page, log_in):
    page = open_page("tablet")
    log_in(page, "dcc")
    page.goto("/leads/imports/")
    page.evaluate("htmx.ajax('GET', '/leads/new/?kind=online', {target: '#sheet'})")
    page.wait_for_selector("#sheet.show")

    page.click("#sheet button.btn-primary")
    page.wait_for_selector("#sheet .alert-sum")
    page.fill("#id_phone", "13905710012")
    page.fill("#id_name", "卢建平")
    assert violations(page) == []
    page.click("#sheet button.btn-primary")

    page.wait_for_selector("#toasts .sc-toast")
    page.wait_for_selector("#sheet.show", state="detached")
    assert Lead.objects.get().name == "卢建平"


@pytest.mark.parametrize("size", SIZES)
def test_the_real_export_is_imported_step_by_step(desk, open_page, log_in, size):
    page = open_page(size)
    log_in(page, "dcc")
    found = []

    def look():
        found.extend([*violations(page), *(["too wide"] if is_too_wide(page) else [])])

    page.goto("/leads/imports/")
    look()
    page.set_input_files("#id_file", str(SAMPLE))
    page.click("main button.btn-primary")
    page.wait_for_url("**/mapping/")
    look()
    page.click("main button.btn-primary")
    page.wait_for_url("**/check/")
    look()
    page.fill("#row-7 input[name=phone]", "139057100")
    page.press("#row-7 input[name=phone]", "Enter")
    page.wait_for_selector("#row-7 .im-err")
    page.fill("#row-7 input[name=phone]", "13905710099")
    page.press("#row-7 input[name=phone]", "Enter")
    page.wait_for_selector("#row-7.is-created")
    assert "303" in (page.text_content("#im-sum") or "")
    look()
    page.click("#im-button button")
    page.wait_for_url("**/progress/")
    look()

    assert found == []
    assert [LeadImport.objects.get().counts["created"], Lead.objects.count()] == [303, 303]
