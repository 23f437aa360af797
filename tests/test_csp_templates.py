"""The pages as they are sent: what the browser's content policy would block never gets there (reliability.md 33)."""

import re
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from tests.access import address, ask, open_world, rows
from tests.test_architecture import faults_of

pytestmark = pytest.mark.django_db
PAGES = sorted({row.name for row in rows() if row.method == "GET" and "200" in row.expected.values()})


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: object) -> Iterator[SimpleNamespace]:
    with django_db_blocker.unblock(), open_world() as made:  # type: ignore[attr-defined]
        yield made


def directives(response) -> dict[str, list[str]]:
    parts = [part.split() for part in response["Content-Security-Policy"].split(";")]
    return {name: values for name, *values in parts}


@pytest.mark.parametrize("person", ["anonymous", "owner", "manager", "dcc", "administrator"])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_and_fragment_obeys_the_policy(world: SimpleNamespace, name: str, person: str):
    for headers in ({}, {"HX-Request": "true"}):
        response = ask(world.clients[person], "GET", address(name, world), headers=headers)

        if "text/html" not in response.get("Content-Type", ""):
            continue
        policy = directives(response)
        assert policy["script-src"][0] == "'self'"
        assert policy["style-src"] == ["'self'"]
        assert "unsafe" not in response["Content-Security-Policy"]
        assert policy["default-src"] == policy["frame-ancestors"] == policy["object-src"] == ["'none'"]
        assert faults_of(response.text) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_form_that_writes_carries_its_token(world: SimpleNamespace, name: str):
    response = ask(world.clients["manager"], "GET", address(name, world))
    text = response.text if "html" in response.get("Content-Type", "") else ""

    forms = re.findall(r"<form\b[^>]*method=\"post\".*?</form>", text, re.DOTALL | re.IGNORECASE)

    assert [form[:120] for form in forms if "csrfmiddlewaretoken" not in form] == []


@pytest.mark.parametrize("name", PAGES)
def test_private_pages_are_never_stored_and_say_so(world: SimpleNamespace, name: str):
    response = ask(world.clients["manager"], "GET", address(name, world))

    if not name.startswith("core:"):
        assert "no-store" in response["Cache-Control"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("url", ["/nothing/", "/opportunities/1/", "/customers/assign/"])
def test_error_pages_obey_it_too(world: SimpleNamespace, url: str):
    response = ask(world.clients["finance"], "GET", url)

    assert response.status_code in {403, 404}
    assert faults_of(response.text) == []
    assert "unsafe" not in response["Content-Security-Policy"]
