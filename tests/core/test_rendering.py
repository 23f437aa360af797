"""Prepared templates write what Django writes, to the byte: piece by piece, and every page of the table of who may open
what (tests/access.py)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.template import Engine, RequestContext, Template, engines
from django.test import RequestFactory
from django.utils import translation
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import mark_safe

from core.rendering import expressions
from core.rendering.nodes import PreparedNodeList, prepared
from tests.access import PEOPLE, Row, address, ask, open_world, rows

CHANGING = re.compile(
    r"[A-Za-z0-9]{64}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9A-F]{4}-[0-9A-F]{4}"
)


class Thing:
    """What templates meet: attributes, methods, errors."""

    name, number, nothing, price = "<王>", 7, None, 1234.5
    at = datetime(2026, 11, 17, 4, 0, tzinfo=UTC)
    safe = mark_safe("<b>ok</b>")
    table = {"key": "<v>", "items": "taken", 3: "three"}
    rows = ["a", "<b>", "c"]
    pairs = [("x", 1), ("y", 2)]

    def method(self) -> str:
        return "<called>"

    def destroy(self) -> str:
        raise AssertionError("never called from a template")

    destroy.alters_data = True  # type: ignore[attr-defined]

    def needs(self, argument: str) -> str:
        return argument

    @property
    def broken(self) -> str:
        raise AttributeError("inside")

    def __str__(self) -> str:
        return "thing & co"


class Quiet(Exception):
    silent_variable_failure = True


class Missing:
    @property
    def row(self) -> str:
        raise Quiet


PIECES = (Path(__file__).parents[1] / "data" / "template_pieces.txt").read_text(encoding="utf-8").splitlines()


def context() -> RequestContext:
    values = {
        "thing": Thing(),
        "missing": Missing(),
        "function": lambda: "<made>",
        "kind": Thing,
        "name": "<name>",
        "lazy": SimpleLazyObject(Thing),
        "template_name": "core/_toast.html",
    }
    return RequestContext(RequestFactory().get("/x/"), values)


def both(source: str) -> tuple[str, str]:
    """What Django writes and what the prepared template writes."""
    engine: Engine = engines["django"].engine
    plain, other = Template(source, engine=engine), Template(source, engine=engine)
    other.nodelist = prepared(other.nodelist)
    return plain.render(context()), other.render(context())


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("source", PIECES)
def test_every_piece_of_the_language_is_written_alike(source, language):
    with translation.override(language):
        by_django, by_us = both(source)

    assert CHANGING.sub("*", by_us) == CHANGING.sub("*", by_django)


def test_one_template_speaks_the_language_of_the_moment():
    source = "{% load i18n %}{% get_current_language as a %}{{ a }}{% trans 'Save' %}{% trans 'Save' as b %}{{ b }}"
    template = Template(source, engine=engines["django"].engine)
    template.nodelist = prepared(template.nodelist)

    shown = []
    for language in ("en", "zh-hans", "en"):
        with translation.override(language):
            shown.append(template.render(context()))

    assert shown[0] == shown[2] == "enSaveSave"
    assert shown[1] == "zh-hans保存保存"


@pytest.mark.parametrize(
    "source",
    [
        "{{ thing.broken }}",
        "{{ thing.name|default:nobody }}",
        "{% for a, b in thing.rows %}{% endfor %}",
        "{% url 'no:one' %}",
    ],
)
def test_what_is_an_error_stays_one(source):
    kinds = []
    for prepare in (False, True):
        template = Template(source, engine=engines["django"].engine)
        if prepare:
            template.nodelist = prepared(template.nodelist)
        with pytest.raises(Exception) as caught:  # noqa: PT011 -- which one is compared
            template.render(context())
        kinds.append(type(caught.value))

    assert kinds[0] is kinds[1]


def test_a_node_that_is_not_known_is_left_to_django(monkeypatch):
    monkeypatch.setattr("core.rendering.nodes._MAKERS", {})
    monkeypatch.setattr(expressions, "_OPERATORS", {})

    by_django, by_us = both("{% if thing.name %}{% for row in thing.rows %}{{ row }}{% endfor %}{% endif %}")

    assert by_us == by_django


def test_templates_are_prepared_unless_the_setting_says_no(settings):
    loader = engines["django"].engine.template_loaders[0]

    assert isinstance(loader.get_template("core/base.html").nodelist, PreparedNodeList)
    loader.reset()
    settings.PREPARED_TEMPLATES = False
    assert not isinstance(loader.get_template("core/base.html").nodelist, PreparedNodeList)
    loader.reset()


# ---- every page ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: object) -> Iterator[SimpleNamespace]:
    with django_db_blocker.unblock(), open_world() as made:  # type: ignore[attr-defined]
        yield made


# A download, and answers that show a fresh password, link or code.
OTHERS = {"staff:roster-export", "staff:person-password", "staff:person-invite", "staff:device-code"}
WRITTEN = [row for row in rows() if {"200", "422"} & set(row.expected.values()) and row.name not in OTHERS]


@pytest.mark.django_db
@pytest.mark.parametrize("row", WRITTEN, ids=lambda row: f"{row.name}-{row.method}")
def test_every_page_is_written_alike(world, row: Row, settings):
    """As the first and the last person of the table who may open it, whole and as a fragment."""
    allowed = [person for person in PEOPLE if row.expected[person] in ("200", "422")]
    people = {allowed[0], allowed[-1], *({"manager"} & set(allowed))}
    loader = engines["django"].engine.template_loaders[0]

    seen: list[dict[object, str]] = []
    for settings.PREPARED_TEMPLATES in (True, False):
        loader.reset()
        pages = {}
        for person in people:
            for headers in ({}, {"HX-Request": "true"}):
                with transaction.atomic():
                    response = ask(world.clients[person], row.method, address(row.name, world), headers=headers)
                    transaction.set_rollback(True)
                pages[person, bool(headers)] = CHANGING.sub("*", response.text) if not response.streaming else ""
        seen.append(pages)
    loader.reset()

    assert seen[0] == seen[1]
