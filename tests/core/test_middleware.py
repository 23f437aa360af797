import logging
import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpResponse, HttpResponseRedirect
from django.test import RequestFactory, override_settings

from core.logs import PersonalDataFilter, RequestIdFilter, current_request_id, mask_phones
from core.middleware import HtmxResponseMiddleware, RequestIdMiddleware

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/customers/?q=wang"}


class Member:
    is_authenticated = True


def answer(response, *, headers=None, user=None, is_session_read=False):
    """Send a response through the middleware, as the answer to a request of the user."""
    request = RequestFactory().get("/customers/rows/", headers=headers or {})
    request.user = user or AnonymousUser()
    request.session = SessionBase()
    request.session.accessed = is_session_read
    return HtmxResponseMiddleware(lambda _request: response)(request)


def log_record(message, *args):
    return logging.LogRecord("shuncheng", logging.INFO, __file__, 1, message, args, None)


def test_request_id_is_in_log_and_header_and_gone_afterwards():
    seen = []

    def view(_request):
        record = log_record("hello")
        RequestIdFilter().filter(record)
        seen.append(record.request_id)
        return HttpResponse()

    request = RequestFactory().get("/", headers={"X-Request-ID": "FAKE"})
    response = RequestIdMiddleware(view)(request)

    assert re.fullmatch("[0-9A-F]{4}-[0-9A-F]{4}", seen[0])
    assert response["X-Request-ID"] == seen[0]
    assert current_request_id() == "-"


@pytest.fixture
def _login_url():
    with override_settings(LOGIN_URL="/login/"):
        yield


@pytest.mark.usefixtures("_login_url")
def test_htmx_call_of_a_lost_session_moves_the_whole_page_to_the_login():
    response = answer(HttpResponseRedirect("/login/?next=/customers/rows/"), headers=HTMX)

    assert response.status_code == 204
    assert response["HX-Redirect"] == "/login/?next=%2Fcustomers%2F%3Fq%3Dwang"


@pytest.mark.usefixtures("_login_url")
@pytest.mark.parametrize(
    "current",
    ["", "/x", "https://evil.example/x", "http://testserver//evil.example/x", "javascript:alert(1)", "http://[/"],
)
def test_htmx_call_of_a_lost_session_comes_back_only_to_our_pages(current):
    headers = {**HTMX, "HX-Current-URL": current}
    response = answer(HttpResponseRedirect("/login/?next=/customers/rows/"), headers=headers)

    assert response["HX-Redirect"] == "/login/?next=%2Fcustomers%2Frows%2F"


@pytest.mark.usefixtures("_login_url")
def test_other_redirects_stay_redirects():
    plain = answer(HttpResponseRedirect("/login/?next=/customers/"))
    elsewhere = answer(HttpResponseRedirect("/customers/"), headers=HTMX)

    assert (plain.status_code, elsewhere.status_code) == (302, 302)


@pytest.mark.usefixtures("_login_url")
def test_cookies_of_a_login_redirect_survive():
    redirect = HttpResponseRedirect("/login/")
    redirect.delete_cookie("sessionid")

    response = answer(redirect, headers=HTMX)

    assert "sessionid" in response.cookies
    assert response["HX-Redirect"] == "/login/"


def test_every_answer_varies_by_htmx():
    assert answer(HttpResponse())["Vary"] == "HX-Request"


def test_pages_of_a_user_are_never_stored():
    private = answer(HttpResponse(), user=Member(), is_session_read=True)
    public = answer(HttpResponse(), is_session_read=True)
    untouched = answer(HttpResponse(), user=Member())
    own_rule = answer(HttpResponse(headers={"Cache-Control": "max-age=60"}), user=Member(), is_session_read=True)
    broken = answer(HttpResponse(status=500))

    assert set(private["Cache-Control"].split(", ")) == {"no-store", "private"}
    assert not public.has_header("Cache-Control")
    assert not untouched.has_header("Cache-Control")
    assert own_rule["Cache-Control"] == "max-age=60"
    assert "no-store" in broken["Cache-Control"]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("call 13800135621 now", "call 138****5621 now"),
        ("Key (number)=(+8613800135621) exists", "Key (number)=(+86138****5621) exists"),
        ("138-0013-5621", "138****5621"),
        ("13800135621,13900135622", "138****5621,139****5622"),
        ("row 9138001356210 took 1763600000123 ns", "row 9138001356210 took 1763600000123 ns"),
    ],
)
def test_mask_phones_hides_mobiles_in_text(text, masked):
    assert mask_phones(text) == masked


def test_personal_data_filter_hides_arguments_and_tracebacks():
    record = log_record("sent to %s after %d tries", "13800135621", 2)
    try:
        raise ValueError("duplicate 13800135621")
    except ValueError as error:
        record.exc_info = (type(error), error, error.__traceback__)

    assert PersonalDataFilter().filter(record)

    line = logging.Formatter("%(message)s").format(record)
    assert "13800135621" not in line
    assert line.startswith("sent to 138****5621 after 2 tries")
    assert "duplicate 138****5621" in line


def test_personal_data_filter_leaves_other_records_alone():
    record = log_record("took %d ms", 12)

    PersonalDataFilter().filter(record)

    assert (record.msg, record.args) == ("took %d ms", (12,))
