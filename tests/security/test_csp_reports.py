"""Reports of browsers about the Content-Security-Policy: few, small, and without anything about a person."""

import json
import logging

import pytest
from django.test import Client

from core.models import RateCounter

pytestmark = pytest.mark.django_db
URL = "/csp-report/"


def report(**values):
    known = {
        "document-uri": "https://shop.example/opportunities/4711/?q=王建国",
        "effective-directive": "script-src-elem",
        "blocked-uri": "https://evil.example/x.js?token=geheim",
        "script-sample": "alert('13805715621')",
    }
    return json.dumps({"csp-report": known | values})


def send(body, **headers):
    browser = Client(enforce_csrf_checks=True)
    return browser.post(URL, body, content_type="application/csp-report", **headers)


def test_a_page_names_where_to_report_to(client):
    policy = client.get("/staff/login/").headers["Content-Security-Policy"]

    assert f"report-uri {URL}" in policy


def test_one_line_says_what_and_where_and_nothing_about_a_person(caplog):
    caplog.set_level(logging.WARNING, "core.csp")

    answer = send(report())

    assert answer.status_code == 204
    assert [record.getMessage() for record in caplog.records if record.name == "core.csp"] == [
        "csp directive=script-src-elem blocked=evil.example page=workbench:opportunity-detail"
    ]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"blocked-uri": "inline"}, "csp directive=script-src-elem blocked=inline page=workbench:opportunity-detail"),
        ({"document-uri": "https://x/activate/secret"}, "csp directive=script-src-elem blocked=evil.example page="),
        ({"effective-directive": "a\nFAKE", "document-uri": ""}, "csp directive=a blocked=evil.example page="),
        ({"blocked-uri": "http://[", "document-uri": 7}, "csp directive=script-src-elem blocked= page="),
    ],
)  # fmt: skip
def test_nothing_of_a_report_forges_a_line(caplog, values, line):
    caplog.set_level(logging.WARNING, "core.csp")

    assert send(report(**values)).status_code == 204

    assert [record.getMessage() for record in caplog.records if record.name == "core.csp"] == [line]


@pytest.mark.parametrize(
    ("body", "status"),
    [("x", 400), ("[]", 400), ('{"csp-report": 1}', 400), ("[" * 8_000, 400), ("x" * 9_000, 413)],
)
def test_what_is_no_report_is_refused_and_not_logged(caplog, body, status):
    caplog.set_level(logging.WARNING, "core.csp")

    assert send(body).status_code == status

    assert not [record for record in caplog.records if record.name == "core.csp"]


def test_one_address_reports_thirty_times_an_hour(settings):
    answers = [send(report()).status_code for _number in range(31)]

    assert answers == [204] * 30 + [429]
    assert RateCounter.objects.get(scope="csp_report").hits == 31
