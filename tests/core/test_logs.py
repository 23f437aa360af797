"""Log lines: readable in the trial, JSON in production, and in neither a number of a person."""

import json
import logging
import sys

import pytest
from django.db import IntegrityError, connection
from django.http import HttpResponse
from django.test import RequestFactory

from core.logs import json_formatter, mask_personal, request_var, task_var
from core.middleware import RequestIdMiddleware
from dealership.celery import app as celery_app
from tests.factories import CustomerFactory, UserFactory

PHONE, ID_CARD, BANK_CARD, NAME = "13971234567", "330106199001011234", "6222021234567890123", "皮蓬洛"


def line_of(message, *args, extra=None, error=None):
    """One line as production writes it, parsed."""
    record = logging.LogRecord("shuncheng.test", logging.WARNING, __file__, 1, message, args, None)
    for name, value in (extra or {}).items():
        setattr(record, name, value)
    if error is not None:
        record.exc_info = (type(error), error, error.__traceback__)
    return json.loads(json_formatter().format(record))


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"id {ID_CARD}", "id 330106********"),
        ("id 11010119900101001X.", "id 110101********."),
        ("id 110101900101001", "id 110101********"),
        (f"card {BANK_CARD}", "card 622202********"),
        (f"tel {PHONE}", "tel 139****4567"),
        ("took 1763600000123 ns", "took 1763600000123 ns"),
        ("uid 7f3a21b0-0000-4000-8000-123456789012", "uid 7f3a21b0-0000-4000-8000-123456789012"),
        ("DETAIL:  Failing row contains (7, 张三, null, 杭州).", "DETAIL:  Failing row contains (…)."),
        ("DETAIL:  Key (name)=(张三(先生)) already exists.", "DETAIL:  Key (name)=(…) already exists."),
    ],
)
def test_numbers_of_people_and_quoted_rows_are_hidden(text, clean):
    assert mask_personal(text) == clean


def test_a_line_is_one_json_object_with_level_logger_time_and_extras():
    line = line_of("import %s done", "list-7", extra={"rows": 12, "names": ["a", PHONE], "by": {"id": int(PHONE)}})

    assert line["event"] == "import list-7 done"
    assert (line["level"], line["logger"], line["request_id"]) == ("warning", "shuncheng.test", "-")
    assert line["timestamp"].endswith("Z")
    assert (line["rows"], line["names"], line["by"]) == (12, ["a", "139****4567"], {"id": "139****4567"})


def test_the_line_names_request_and_person_without_asking_who_it_is(django_assert_num_queries):
    lines = []

    def view(request):
        lines.append(line_of("before"))
        request._cached_user = UserFactory.build(pk=4711)
        lines.append(line_of("after", extra={"request": request}))
        return HttpResponse()

    response = RequestIdMiddleware(view)(RequestFactory().get(f"/customers/?q={NAME}"))

    assert {line["request_id"] for line in lines} == {response["X-Request-ID"]}
    assert [line.get("user_id") for line in lines] == [None, 4711]
    assert NAME not in str(lines)
    assert request_var.get() is None


def test_a_task_names_its_lines():
    seen = []

    @celery_app.task(name="tests.speak")
    def speak():
        seen.append(line_of("speaking"))

    speak.apply(task_id="abcdef01-2345")

    assert (seen[0]["request_id"], seen[0]["task"]) == ("T-ABCDEF01", "tests.speak")
    assert (task_var.get(), line_of("later")["request_id"]) == ("", "-")


@pytest.mark.django_db
def test_what_postgresql_quotes_of_a_row_reaches_no_line():
    customer = CustomerFactory(name=NAME)
    try:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE customers_customer SET store_id = NULL WHERE id = %s", [customer.pk])
    except IntegrityError as caught:
        error = caught

    raw, clean = str(error), line_of("failed", error=error)

    assert NAME in raw  # PostgreSQL does quote it
    assert "IntegrityError" in clean["exception"]
    assert NAME not in str(clean)


def test_the_trial_writes_readable_lines_without_numbers(capsys):
    logger = logging.getLogger("shuncheng.readable")
    stream = next(handler for handler in logging.getLogger().handlers if "personal_data" in str(handler.filters) or
                  any(type(item).__name__ == "PersonalDataFilter" for item in handler.filters))  # fmt: skip
    before, stream.stream = stream.stream, sys.stdout
    try:
        logger.warning("tel %s id %s", PHONE, ID_CARD)
    finally:
        stream.stream = before

    assert "WARNING shuncheng.readable [-] tel 139****4567 id 330106********" in capsys.readouterr().out
