"""The shared templates render on their own: no page data, no database, nothing that the content policy would block."""

import re
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from django import forms
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.template import Context
from django.template.loader import get_template
from django.test import RequestFactory
from django.urls import include, path
from django.utils import translation

from core.pagination import KeysetPage


def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


staff = [
    path(f"{name}/", nothing, name=name)
    for name in (
        "login",
        "logout",
        "profile",
        "password-change",
        "theme",
        "language",
        "presence",
        "security",
        "lock",
        "lock-screen",
    )
]
urlpatterns = [
    path("staff/", include((staff, "staff"))),
    path("notifications/", include(([path("", nothing, name="inbox")], "notifications"))),
    path("", include(([path("", nothing, name="home"), path("search/", nothing, name="search")], "workbench"))),
]
pytestmark = pytest.mark.urls(__name__)

LIN_YUE = SimpleNamespace(
    pk=8, name="林悦", role_label="Sales consultant", avatar_colour=8, theme="dark", is_authenticated=True
)
TODAY = {"key": "today", "short": "Today", "full": "Today", "icon": "calendar-check", "url": "/", "hot": 3, "count": 0}
SHELL = {
    "nav": [
        {"label": "", "items": [TODAY, {**TODAY, "key": "customers", "url": "/customers/", "hot": 0, "count": 218}]}
    ],
    "tabs": [TODAY],
    "quick": [{"icon": "door-enter", "label": "Register a visit", "url": "/leads/new/", "sheet": True}],
    "unread": 4,
    "store_name": "远岚汽车 · 杭州滨江店",
}
ERROR_PAGES = [f"core/{code}.html" for code in (400, 403, 404, 500)]


class Page(HTMLParser):
    """Collects what the tests ask about: ids, attributes, inline scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.attributes: list[str] = []
        self.inline_scripts = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.attributes += found
        self.ids += [found["id"]] if found.get("id") else []
        self.inline_scripts += tag == "style" or (tag == "script" and "src" not in found)


class SignInForm(forms.Form):
    username = forms.CharField()
    password = forms.CharField()
    remember = forms.BooleanField(required=False)


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def render(name: str, *, user: object = LIN_YUE, url: str = "/", **context: object) -> str:
    request = RequestFactory().get(url)
    request.user = user
    page = Context({"request": request, "shell": SHELL, "csrf_token": "x", **context})
    page.request = request  # {% querystring %} looks here; a RequestContext would ask the database for the shell
    return get_template(name).template.render(page)


@pytest.mark.parametrize("name", ["core/components.html", "core/sheet_page.html", "staff/login.html", *ERROR_PAGES])
def test_page_has_nothing_inline_and_no_id_twice(name):
    page = Page(render(name))

    assert page.inline_scripts == 0
    assert [name for name in page.attributes if name == "style" or re.match(r"on[a-z]+$|hx-on", name)] == []
    assert sorted(page.ids) == sorted(set(page.ids))


def test_shell_marks_the_active_page_and_counts_what_needs_me():
    html = render("core/base.html", active="today")

    assert html.count('aria-current="page"') == 2  # side navigation and tab bar
    assert 'aria-label="3 items need you"' in html
    assert 'aria-label="Notifications, 4 unread"' in html
    assert 'data-bs-theme="dark"' in html
    assert 'hx-target="#sheet"' in html


def test_shell_of_nobody_has_no_account_menu():
    html = render("core/base.html", user=AnonymousUser(), shell={})

    assert "account-menu" not in html
    assert 'data-theme="auto"' in html


def test_messages_become_toasts_and_errors_interrupt():
    saved, failed = SimpleNamespace(level_tag="success"), SimpleNamespace(level_tag="error")

    html = render("core/base.html", messages=[saved, failed])
    stack = html.split('id="toasts"')[1].split("<template")[0]

    assert stack.count('role="status"') == 1
    assert stack.count('role="alert"') == 1


@pytest.mark.parametrize("name", ERROR_PAGES)
def test_error_page_needs_no_context_at_all(name):
    assert "To the start page" in get_template(name).template.render(Context({}))


def test_refusal_says_why_when_a_reason_is_given():
    assert "Not your store" in render("core/403.html", reason="Not your store")


def test_login_shows_the_error_at_its_field():
    form = SignInForm({"username": "linyue", "password": "wrong", "remember": "on"})
    form.add_error("password", "Wrong password, 4 tries left")

    html = render("staff/login.html", form=form, store_name="滨江店", next="/customers/")

    assert '<p id="pw_err" class="invalid-feedback d-block">Wrong password, 4 tries left</p>' in html
    assert 'value="linyue"' in html
    assert 'name="next" value="/customers/"' in html
    assert re.search(r'id="id_remember" checked', html)
    assert "wrong" not in re.search(r'<input type="password".*?>', html)[0]


def test_error_summary_leads_to_the_fields():
    form = SignInForm({"username": "linyue"})

    html = render("core/_alert_sum.html", form=form)

    assert "1 thing to correct" in html
    assert '<a href="#id_password">Password: This field is required.</a>' in html
    assert render("core/_alert_sum.html", form=SignInForm()).strip() == ""


def test_pager_keeps_the_filters_and_says_where_the_list_is():
    page = KeysetPage(items=list(range(50)), next_cursor="later", previous_cursor=None, first_no=1)

    html = render("core/_pager.html", url="/customers/?level=H", page=page)

    assert "1–50, more follow" in html
    assert 'href="?level=H&amp;cursor=later"' in html
    assert html.count("disabled") == 1


def test_phone_is_shown_with_a_way_back_to_the_mask():
    masked = render("core/_phone.html", phone="+8613800135621", reveal_url="/reveal/", revealed=False)
    shown = render("core/_phone.html", phone="+8613800135621", reveal_url="/reveal/", revealed=True)

    assert "138****5621" in masked
    assert "13800135621" not in masked
    assert 'data-remask="138****5621"' in shown
    assert "13800135621" in shown


def test_sheet_is_a_bare_form_that_posts_back_to_itself():
    html = render("core/_sheet.html", action="/followups/1/log/")

    assert 'hx-post="/followups/1/log/" hx-target="#sheet"' in html
    assert 'action="/followups/1/log/"' in html
    assert "<html" not in html
