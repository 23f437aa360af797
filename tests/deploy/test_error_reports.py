"""What an error report may hold, and that none is sent unless somebody wants it."""

import importlib.util
import json
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from dealership import error_reports
from dealership.error_reports import scrubbed

PHONE, ID_CARD, NAME, COOKIE = "13971234567", "330106199001011234", "皮蓬洛", "sessionid-7f3a21b0"
EVENT = {
    "message": f"failed for {PHONE}",
    "level": "error",
    "logentry": {"message": "failed for %s", "params": [NAME], "formatted": f"failed for {NAME}"},
    "user": {"id": "4711", "username": NAME, "ip_address": "10.1.2.3"},
    "request": {
        "method": "POST",
        "url": f"https://crm.example.cn/search/?q={NAME}",
        "query_string": f"q={NAME}",
        "cookies": {"__Host-sid": COOKIE},
        "headers": {"Cookie": COOKIE},
        "data": {"name": NAME},
    },
    "exception": {
        "values": [
            {
                "type": "IntegrityError",
                "value": f"DETAIL:  Failing row contains (7, {NAME}, {ID_CARD}).",
                "stacktrace": {"frames": [{"function": "save", "lineno": 3, "vars": {"name": NAME}}]},
            }
        ]
    },
    "breadcrumbs": {"values": [{"message": NAME}]},
    "extra": {"row": NAME},
    "server_name": "crm-1",
    "tags": {"phone": PHONE},
}


def test_a_report_names_the_error_and_nobody():
    clean = scrubbed(EVENT, {})
    text = json.dumps(clean, ensure_ascii=False)

    assert [secret for secret in (PHONE, ID_CARD, NAME, COOKIE, "10.1.2.3", "crm-1") if secret in text] == []
    assert clean["exception"]["values"][0]["type"] == "IntegrityError"
    assert clean["exception"]["values"][0]["stacktrace"]["frames"] == [{"function": "save", "lineno": 3}]
    assert clean["logentry"] == {"message": "failed for %s"}
    assert clean["request"] == {"method": "POST"}
    assert clean["tags"]["request_id"] == "-"


def test_an_event_without_request_and_exception_passes():
    assert scrubbed({"message": "x"})["message"] == "x"


@pytest.mark.skipif(importlib.util.find_spec("sentry_sdk") is not None, reason="the extra is installed here")
def test_without_the_package_the_start_says_what_to_do():
    with pytest.raises(ImproperlyConfigured, match="WITH_SENTRY=1"):
        error_reports.start("https://key@sentry.example.cn/1")


def test_the_start_switches_everything_personal_off(monkeypatch):
    given = {}
    package = type(sys)("sentry_sdk")
    package.init = lambda **options: given.update(options)
    monkeypatch.setitem(sys.modules, "sentry_sdk", package)
    monkeypatch.setattr(error_reports.importlib.util, "find_spec", lambda name: True)

    error_reports.start("https://key@sentry.example.cn/1")

    assert given["send_default_pii"] is False
    assert given["include_local_variables"] is False
    assert given["max_request_body_size"] == "never"
    assert given["before_send"] is scrubbed
