"""Every answer carries the headers that keep a browser from doing more than it should (reliability.md 38, 4.4)."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from tests.access import address, ask, open_world, rows, url_names

pytestmark = pytest.mark.django_db

NEEDED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Nothing from elsewhere, nothing inline without the nonce of this very answer.
POLICY = {
    "default-src": {"'none'"},
    "style-src": {"'self'"},
    "img-src": {"'self'", "data:", "blob:"},
    "connect-src": {"'self'"},
    "font-src": {"'self'"},
    "form-action": {"'self'"},
    "frame-ancestors": {"'none'"},
    "base-uri": {"'none'"},
    "object-src": {"'none'"},
    "report-uri": {"/csp-report/"},
}
SHOWN_TO_ALL = {row.name for row in rows() if row.method == "GET" and row.expected["anonymous"] == "200"}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: object) -> Iterator[SimpleNamespace]:
    with django_db_blocker.unblock(), open_world() as made:  # type: ignore[attr-defined]
        yield made


def policy_of(response) -> dict[str, set[str]]:
    parts = (part.split() for part in response["Content-Security-Policy"].split(";") if part.strip())
    return {name: set(values) for name, *values in parts}


@pytest.mark.parametrize("method", ["GET", "POST", "BREW"])
@pytest.mark.parametrize("name", sorted(url_names()))
def test_every_answer_of_every_url_carries_them(world: SimpleNamespace, name: str, method: str):
    for person in ("anonymous", "stranger", "manager", "administrator"):
        response = ask(world.clients[person], method, address(name, world))

        where = f"{person}: {response.status_code}"
        assert {key: response.get(key) for key in NEEDED} == NEEDED, where
        policy = policy_of(response)
        # A page may be stricter (a private file is shown in a sandbox), never more open.
        assert all(policy.get(key, {"'none'"}) <= allowed for key, allowed in POLICY.items()), where
        assert {value for value in policy["script-src"] if not value.startswith("'nonce-")} <= {"'self'"}, where
        assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "http:", "https:"} & set().union(*policy.values()), where
        assert "Access-Control-Allow-Origin" not in response, where
        assert not {"Server", "X-Powered-By"} & set(response.headers), where
        if response.content if not response.streaming else True:
            assert response.status_code in {204, 301, 302, 304} or response.get("Content-Type"), where
        if response.get("Content-Type", "").startswith("text/"):
            assert "charset=utf-8" in response["Content-Type"].lower(), where
        if person != "anonymous" and name not in SHOWN_TO_ALL and response.status_code == 200:
            assert "no-store" in response["Cache-Control"], where


def test_an_address_that_does_not_exist_carries_them_too(world: SimpleNamespace):
    for person in ("anonymous", "manager"):
        response = ask(world.clients[person], "GET", "/no/such/page/")

        assert response.status_code in {302, 404}
        assert {key: response.get(key) for key in NEEDED} == NEEDED
        assert policy_of(response)["frame-ancestors"] == {"'none'"}
