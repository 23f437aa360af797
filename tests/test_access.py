"""Who may open what (reliability.md 28, 29, 32); the table is in tests/access.py. A URL without rows fails."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from tests.access import CANARIES, PEOPLE, Row, address, ask, clients_of, open_world, rows, url_names

pytestmark = pytest.mark.django_db

LOGIN = "/staff/login/"
METHODS = ("GET", "POST")
READABLE = [
    row.name
    for row in rows()
    if row.method == "GET" and "200" in row.expected.values() and not row.name.startswith("core:")
]
# Whose customers a person may read about; "list" are the rows of an import.
SIGHT: dict[str, set[str]] = {
    "anonymous": set(),
    "stranger": {"foreign"},
    "receptionist": set(),
    "finance": set(),
    "dcc": {"desk", "list"},
    "colleague": set(),
    "owner": {"own"},
    "supervisor": {"own", "free"},
    "manager": {"own", "rival", "free", "desk", "list"},
    "general_manager": {"own", "rival", "free", "desk"},
    "administrator": set(),
}
# The note of a leave is read by whoever records the leave, also without seeing customers.
LEAVE_NOTE = "tkownleavetk"


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: object) -> Iterator[SimpleNamespace]:
    """Made once for the whole module; every request is rolled back."""
    with django_db_blocker.unblock(), open_world() as made:  # type: ignore[attr-defined]
        made.strict = clients_of(made, enforce_csrf_checks=True)
        yield made


def told(response) -> str:
    is_sign_in = response.status_code == 302 and response["Location"].startswith(LOGIN + "?next=")
    return "L" if is_sign_in else str(response.status_code)


def test_every_url_has_a_row_for_every_method():
    listed = [(row.name, row.method) for row in rows()]

    assert sorted(listed) == sorted((name, method) for name in url_names() for method in METHODS)


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.name}-{row.method}")
def test_everybody_gets_what_the_table_says(world: SimpleNamespace, row: Row):
    url = address(row.name, world)

    seen = {person: told(ask(world.clients[person], row.method, url)) for person in PEOPLE}

    wrong = {
        person: f"{status}, not {row.expected[person]}"
        for person, status in seen.items()
        if status != row.expected[person]
    }
    assert not wrong


# Browsers send it by themselves; it writes one line of the log (tests/security/test_csp_reports.py).
WITHOUT_TOKEN = {"core:csp-report"}


@pytest.mark.parametrize("name", sorted(set(url_names()) - WITHOUT_TOKEN))
def test_a_post_without_the_token_of_the_form_is_refused(world: SimpleNamespace, name: str):
    response = ask(world.strict["manager"], "POST", address(name, world))

    assert response.status_code == 403


UNCOUNTED = {"staff_usersession", "core_ratecounter", "core_accesslogentry"}


def fingerprint() -> dict[str, tuple[int, int]]:
    """Number and sum of the hashed rows of every table but sessions, rate limits and the log of looks."""
    tables = set(connection.introspection.table_names()) - UNCOUNTED
    prints = {}
    with connection.cursor() as cursor:
        for table in sorted(tables):
            cursor.execute(f'SELECT count(*), coalesce(sum(hashtext(t::text)::bigint), 0) FROM "{table}" t')  # noqa: S608
            prints[table] = cursor.fetchone()
    return prints


QUERIES = {
    "workbench:search": ["?q=金雀", "?q=jinque", "?q=05550", "?q=0555", "?q=tk"],
    "workbench:opportunity-list": ["", "?q=金雀", "?q=05550", "?scope=all", "?team=1", "?outcome=all"],
    "workbench:today-callbacks": ["", "?scope=store", "?scope=team"],
}


FRAGMENT = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("person", "headers"),
    [(person, {}) for person in PEOPLE]
    + [(person, FRAGMENT) for person in ("stranger", "colleague", "owner", "supervisor")],
)
def test_reading_tells_only_what_the_person_may_know_and_writes_nothing(world, person, headers):
    forbidden = {word for key, words in world.tokens.items() if key not in SIGHT[person] for word in words}
    before, leaks, seen = fingerprint(), [], set()

    with transaction.atomic():
        for name in READABLE:
            for query in QUERIES.get(name, [""]):
                url = address(name, world) + query
                text = words_of(world.clients[person].get(url, headers=headers))
                leaks += [f"{url}: {word}" for word in forbidden - {LEAVE_NOTE} if word in text]
                seen |= {key for key, words in world.tokens.items() if any(word in text for word in words)}
        after = fingerprint()
        transaction.set_rollback(True)

    assert leaks == []
    assert seen >= SIGHT[person]
    assert after == before


@pytest.mark.req("R-877")
@pytest.mark.parametrize("person", ["owner", "manager"])
def test_no_page_shows_a_whole_number(world, person):
    """Every page that answers, also the tabs; masked numbers are there, so the pages were really about them."""
    leaks, masked = [], 0
    with transaction.atomic():
        for name in READABLE:
            for query in ("?tab=profile", "") if name == "workbench:opportunity-detail" else ("",):
                url = address(name, world) + query
                text = words_of(world.clients[person].get(url))
                leaks += [f"{url}: {number}" for number in {*CANARIES.values(), "19911105550"} if number in text]
                masked += "330106********0015" in text
        transaction.set_rollback(True)

    assert leaks == []
    assert masked > 0


def words_of(response) -> str:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    return body.decode("utf-8", "replace") + str(response.headers)


@pytest.mark.parametrize("person", [person for person in PEOPLE if person not in {"anonymous", "finance"}])
@pytest.mark.parametrize("phone", ["19922205550", "19944405550"])
def test_the_look_up_of_a_phone_tells_who_holds_it_and_nothing_else(world: SimpleNamespace, person: str, phone: str):
    forbidden = {word for key, words in world.tokens.items() if key not in SIGHT[person] for word in words}

    with transaction.atomic():
        response = world.clients[person].post(address("leads:lead-lookup", world), {"phone": phone})
        transaction.set_rollback(True)

    assert [word for word in forbidden - {phone} if word in response.text] == []


def test_a_stranger_is_told_the_same_about_hidden_and_missing_things(world: SimpleNamespace):
    hidden = ask(world.clients["stranger"], "GET", f"/opportunities/{world.own.pk}/")
    missing = ask(world.clients["stranger"], "GET", "/opportunities/987654321/")

    def body(response):
        return response.text.split("<small")[0]

    assert hidden.status_code == missing.status_code == 404
    assert body(hidden) == body(missing)
