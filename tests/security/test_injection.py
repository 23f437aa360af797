"""Text of users is shown, never executed (reliability.md 33): no words change the shape of a page."""

from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, models, transaction

from tests.access import address, ask, open_world, rows

pytestmark = pytest.mark.django_db

HARMLESS = "qwertz"
PAYLOADS = [
    "<script>qx()</script>", "<ScRiPt>qx()</sCrIpT>", "<script src=//q.x>", "<script\t>qx()</script\t>",
    "<script/x>qx()</script>", "</script><script>qx()//", "<<script>qx()//<</script>", "<img src=x onerror=qx()>",
    "<img/src=x onerror=qx()>", "<img src=x:qx onerror=eval(src)>", '"><img src=x onerror=qx()>',
    "'><img src=x onerror=qx()>", "<svg onload=qx()>", "<svg/onload=qx()>", "<svg><script>qx()</script>",
    "<svg><a xlink:href=javascript:qx()>", "<math href=javascript:qx()>x", "<body onload=qx()>",
    "<body onpageshow=qx()>", "<input autofocus onfocus=qx()>", "<select autofocus onfocus=qx()>",
    "<textarea autofocus onfocus=qx()>", "<details open ontoggle=qx()>", "<video src=x onerror=qx()>",
    "<audio src=x onerror=qx()>", "<video><source onerror=qx()>", "<marquee onstart=qx()>x",
    "<iframe src=javascript:qx()>", "<iframe srcdoc='<script>qx()'>", "<object data=javascript:qx()>",
    "<embed src=javascript:qx()>", "<a href=javascript:qx()>x</a>", "<a href='&#106;avascript:qx()'>x",
    "<form action=javascript:qx()><button>", "<button formaction=javascript:qx()>", "<base href=//q.x/>",
    "<link rel=stylesheet href=//q.x>", "<style>@import'//q.x'</style>", "<meta http-equiv=refresh content=0>",
    '" onmouseover=qx() x="', "' onmouseover=qx() x='", '" autofocus onfocus=qx() "', "` onmouseover=qx()",
    "x onmouseover=qx()", '"style="x:expression(qx())', "javascript:qx()", "JaVaScRiPt:qx()", "java\tscript:qx()",
    "data:text/html,<script>qx()", "vbscript:qx()", "--><script>qx()</script>", "<!--><img src=x onerror=qx()>",
    "]]><script>qx()</script>", "</title><script>qx()", "</textarea><script>qx()", "</select><img onerror=qx()>",
    "</template><script>qx()", "</noscript><script>qx()", "%3Cscript%3Eqx()",
    "&lt;script&gt;qx()", "&#60;script&#62;qx()", "{{ qx }}", "{% debug %}", "${qx()}", "#{qx()}", "<%= qx %>",
    '<p hx-get="/" hx-trigger=load>', '<div x-data x-init="qx()">', "<q hx-on::load=qx()>", "\u2028qx()//",
    "\uff1cscript\uff1eqx()", "<\x0bscript>qx()", "'-qx()-'", "\\';qx()//",
]  # fmt: skip
# Keys, not words: with another value there is another page, or none.
KEPT = {
    "session_data",
    "session_key",
    "password",
    "language",
    "theme",
    "code",
    "channel_code",
    "rule_code",
    "idempotency_key",
    "dedupe_key",
    "url",
    "subject",
    "cursor",
    "number",
}


# Lists of what was changed: the filling itself makes them longer, so only the kinds of their elements are compared.
GROWING = {"core:setting-changes"}


class Shape(HTMLParser):
    """The elements of a page with the names of their attributes, and where its links lead by their scheme."""

    def __init__(self, text: str, *, is_growing: bool = False) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self.schemes: Counter[str] = Counter()
        self.is_growing = is_growing
        self.feed(text)
        if is_growing:
            self.elements, self.schemes = Counter(set(self.elements)), Counter(set(self.schemes))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag, tuple(sorted(name for name, _ in attrs))] += 1
        for name, value in attrs:
            if name in {"href", "src", "action", "formaction", "data", "xlink:href"}:
                scheme, colon, _ = (value or "").strip().partition(":")
                self.schemes[scheme.lower() if colon and "/" not in scheme else ""] += 1


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: object) -> Iterator[SimpleNamespace]:
    with django_db_blocker.unblock(), open_world() as made:  # type: ignore[attr-defined]
        made.fields = writable_fields()
        made.pages = []
        fill(made, HARMLESS[:2])
        fill(made, HARMLESS)  # twice: what was changed has an old and a new value
        for row in rows():
            if row.method == "GET" and "200" in row.expected.values():
                made.pages += pages_with_text(made, row.name, row.expected)
        yield made


def writable_fields() -> list[tuple[type[models.Model], str]]:
    """Every free text of every table of ours that takes any words."""
    found = []
    for label in settings.LOCAL_APPS:
        for model in apps.get_app_config(label).get_models():
            if "Event" in model.__name__ and label != "opportunities":
                continue  # history tables repeat their table
            for field in model._meta.concrete_fields:
                is_text = isinstance(field, models.CharField | models.TextField) and type(field).__module__.startswith(
                    "django.db"
                )
                if is_text and not (field.choices or field.unique or field.name in KEPT) and takes(model, field.name):
                    found.append((model, field.name))
    return found


def takes(model: type[models.Model], name: str) -> bool:
    try:
        with transaction.atomic():
            return model._default_manager.update(**{name: HARMLESS[:2]}) > 0
    except DatabaseError:
        return False


def fill(world: SimpleNamespace, *texts: str) -> None:
    """All of the texts into every field; into one that is too short for that, the longest that fits."""
    for model, name in world.fields:
        limit = model._meta.get_field(name).max_length or 10_000
        fitting = [text for text in (" ".join(texts), *sorted(texts, key=len, reverse=True)) if len(text) <= limit]
        if fitting:
            model._default_manager.update(**{name: fitting[0]})


def pages_with_text(world: SimpleNamespace, name: str, expected: dict[str, str]) -> list[tuple[str, str, Shape]]:
    """(person, address, shape) for the first person who sees the words on that page."""
    for person in ("manager", "owner", "administrator", "dcc", "finance"):
        if expected[person] != "200":
            continue
        url = address(name, world)
        response = ask(world.clients[person], "GET", url)
        is_page = not response.streaming and "html" in response.get("Content-Type", "")
        if is_page and HARMLESS in response.text:
            return [(person, url, Shape(response.text, is_growing=name in GROWING))]
    return []


def test_there_is_something_to_attack(world: SimpleNamespace):
    names = {f"{model._meta.label}.{name}" for model, name in world.fields}

    assert len(PAYLOADS) == len(set(PAYLOADS)) >= 60
    assert {"customers.Customer.name", "opportunities.Opportunity.last_note", "staff.User.name"} <= names
    assert len(world.pages) >= 10


# Three at a time: where one were executed, the shape would differ whatever the other two do.
@pytest.mark.parametrize("first", range(0, len(PAYLOADS), 3))
def test_a_page_keeps_its_shape_whatever_the_words_are(world: SimpleNamespace, first: int):
    fill(world, *PAYLOADS[first : first + 3])
    changed: list[Any] = []

    for person, url, before in world.pages:
        after = Shape(ask(world.clients[person], "GET", url).text, is_growing=before.is_growing)
        if after.elements != before.elements:
            changed.append((url, after.elements - before.elements, before.elements - after.elements))
        if after.schemes != before.schemes:
            changed.append((url, after.schemes - before.schemes))

    assert changed == []


def test_the_check_sees_what_a_hole_would_do():
    """Negative control: the same words without escaping change the shape."""
    page = "<p title='{0}'>{0}</p><a href='{0}'>x</a>"
    before = Shape(page.format(HARMLESS))

    unseen = [text for text in PAYLOADS if is_same(Shape(page.format(text)), before)]

    assert len(unseen) < len(PAYLOADS) / 3


def is_same(one: Shape, other: Shape) -> bool:
    return one.elements == other.elements and one.schemes == other.schemes
