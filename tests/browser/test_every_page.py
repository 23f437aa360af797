"""Every page of the access table at six widths, light and dark: axe clean, nothing scrolls sideways, nothing is cut.

The pages are answered by the test client inside the one transaction of the small world, not by a live server: the
browser asks, the route hands the answer over. So the world is made once, and nothing has to be committed or truncated.
"""

import mimetypes
from collections.abc import Iterator
from contextvars import copy_context
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from playwright.sync_api import Browser, CDPSession, Page, Route

from tests.access import Row, address, ask, open_world, rows
from tests.browser.conftest import AXE, AXE_TAGS

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

ORIGIN = "http://localhost"  # a name that the browser trusts as it would trust HTTPS
# Touch below 1280, as the tablets and phones of the store; from there on a mouse.
WIDTHS = ((390, 844), (820, 1180), (1024, 768), (1180, 820), (1280, 800), (1440, 900))
FIRST_FINE = 1280
READERS = ("owner", "administrator", "manager", "dcc", "receptionist", "finance", "anonymous")
# What looks different for everybody is looked at by everybody.
OF_EVERYBODY = (
    "workbench:today",
    "workbench:opportunity-list",
    "approvals:inbox",
    "staff:leave-list",
    "staff:roster",
)  # fmt: skip
# The further faces of a page, and the pages of an error.
MORE = {
    "owner": [
        ("workbench:opportunity-detail", "?tab=profile"),
        ("approvals:inbox", "?view=mine"),
        ("workbench:search", "?q=jinque"),
        ("workbench:opportunity-list", "?q=nobody"),
    ],
    "manager": [("workbench:opportunity-detail", ""), ("workbench:opportunity-list", "?scope=all&outcome=all")],
    "administrator": [
        ("notifications:template-list", "?code=thanks_call"),
        ("privacy:retention-list", "?preview=notices"),
        ("followups:rule-list", "?v=1"),
        ("notifications:outbox", "?state=cancelled"),
    ],
}
PIECE = 8
COLOUR_RULES = ["color-contrast", "link-in-text-block"]

# Text of a button that reaches out of it, unless it is cut on purpose with an ellipsis.
CUT_JS = """() => [...document.querySelectorAll('button, .btn, [role=button]')].filter(b => {
    if (!b.checkVisibility()) return false;
    const box = b.getBoundingClientRect();
    const walker = document.createTreeWalker(b, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode());) {
      if (!node.textContent.trim()) continue;
      const style = getComputedStyle(node.parentElement);
      if (style.textOverflow === 'ellipsis' || style.position === 'absolute') continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const text = range.getBoundingClientRect();
      if (text.width && (text.left < box.left - 1 || text.right > box.right + 1
          || text.top < box.top - 1 || text.bottom > box.bottom + 1)) return true;
    }
    return false;
  }).map(b => `text leaves the button ${b.className}: ${b.textContent.trim()}`)"""
WIDE_JS = """() => {
    const root = document.documentElement;
    return root.scrollWidth > root.clientWidth ? [`scrolls sideways: ${root.scrollWidth} in ${root.clientWidth}`] : [];
  }"""
# All that axe judges by and a width can change: what is there, in which colours and sizes, and what scrolls. Two widths
# with the same answer get the same verdict.
LOOK_JS = """() => [...document.body.querySelectorAll('*')].map(e => {
    if (!e.checkVisibility({visibilityProperty: true})) return '';
    const s = getComputedStyle(e);
    const moves = [s.overflowX, s.overflowY].some(o => o === 'auto' || o === 'scroll')
      && [e.scrollWidth > e.clientWidth, e.scrollHeight > e.clientHeight].join();
    return [s.color, s.backgroundColor, s.opacity, s.fontSize, s.fontWeight, s.clip, moves].join();
  }).join(';')"""
AXE_JS = """options => axe.run(document, {resultTypes: ['violations'], preload: false, ...options})
  .then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).slice(0, 3).join(' | ')))"""


def readable(row: Row, reader: str) -> bool:
    return row.method == "GET" and row.expected[reader] == "200" and not row.name.startswith("core:healthz")


def pages_of(reader: str) -> list[tuple[str, str]]:
    """URL names and queries this reader looks at: what nobody before looked at, and what is different for everybody."""
    before = READERS[: READERS.index(reader)]
    mine = [
        (row.name, "")
        for row in rows()
        if readable(row, reader) and (row.name in OF_EVERYBODY or not any(readable(row, other) for other in before))
    ]
    return mine + MORE.get(reader, [])


def pieces() -> list[Any]:
    """(reader, number of the piece): small enough to be spread over several processes."""
    return [
        pytest.param(reader, pages_of(reader)[start : start + PIECE], id=f"{reader}-{start // PIECE + 1}")
        for reader in READERS
        for start in range(0, len(pages_of(reader)), PIECE)
    ]


def is_page(answer: Any) -> bool:
    return answer.headers["Content-Type"].startswith("text/html") and "<html" in answer.text


@cache
def static_file(path: str) -> tuple[bytes, str]:
    found = finders.find(path)
    assert found, path
    return Path(found).read_bytes(), mimetypes.guess_type(path)[0] or "application/octet-stream"


class Reader:
    """One person with a browser; `complaints` are what the console said."""

    def __init__(self, browser: Browser, world: SimpleNamespace, who: str) -> None:
        self.here = copy_context()
        self.client = world.clients[who]
        self.complaints: list[str] = []
        self.status = 0
        self.context = browser.new_context(
            base_url=ORIGIN, locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce"
        )
        self.page: Page = self.context.new_page()
        self.touch: CDPSession = self.context.new_cdp_session(self.page)
        self.page.route("**/*", self._answer)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        self.page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)

    def _answer(self, route: Route) -> None:
        url = urlsplit(route.request.url)
        assert route.request.url.startswith(ORIGIN), f"asked elsewhere: {route.request.url}"
        if url.path.startswith("/static/"):
            body, kind = static_file(url.path.removeprefix("/static/"))
            route.fulfill(body=body, content_type=kind)
            return
        headers = {"HX-Request": "true"} if "hx-request" in route.request.headers else {}
        target = f"{url.path}?{url.query}" if url.query else url.path
        # The driver calls from a greenlet of its own, to which the connection of the test would be unknown.
        answer = self.here.copy().run(ask, self.client, route.request.method, target, headers=headers)
        if route.request.is_navigation_request():
            self.status = answer.status_code
        kept = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
        route.fulfill(status=answer.status_code, headers=kept, body=b"".join(answer))

    def open(self, url: str, status: int = 200) -> None:
        self.page.emulate_media(color_scheme="light")
        self.page.goto(url)
        assert self.status == status, url
        if status != 200:  # the browser says so itself
            self.complaints.clear()
        self.page.evaluate("document.fonts.ready")
        self.page.evaluate(AXE.read_text(encoding="utf-8"))

    def faults(self) -> list[str]:
        """What is wrong with the open page, each fault with its widths."""
        found: dict[str, list[str]] = {}
        seen: set[str] = set()
        for width, height in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": height})
            self.touch.send("Emulation.setTouchEmulationEnabled", {"enabled": width < FIRST_FINE})
            faults = [*self.page.evaluate(WIDE_JS), *self.page.evaluate(CUT_JS)]
            looks = self.page.evaluate(LOOK_JS)
            if looks not in seen:
                faults += [f"{theme}: {fault}" for theme in ("light", "dark") for fault in self._axe(theme)]
            seen.add(looks)
            for fault in faults:
                found.setdefault(fault, []).append(str(width))
        for complaint in self.complaints:
            found.setdefault(complaint, []).append("console")
        self.complaints.clear()
        return [f"{fault} ({', '.join(where)})" for fault, where in found.items()]

    def _axe(self, theme: Literal["light", "dark"]) -> list[str]:
        self._colours(theme)
        # Dark, the elements are the same and only the colours are others.
        only = AXE_TAGS if theme == "light" else {"type": "rule", "values": COLOUR_RULES}
        found: list[str] = self.page.evaluate(AXE_JS, {"runOnly": only})
        self._colours("light")
        return found

    def _colours(self, theme: Literal["light", "dark"]) -> None:
        self.page.emulate_media(color_scheme=theme)
        self.page.wait_for_function("theme => document.documentElement.dataset.bsTheme === theme", arg=theme)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: object) -> Iterator[SimpleNamespace]:
    with django_db_blocker.unblock(), open_world() as made:  # type: ignore[attr-defined]
        yield made


@pytest.fixture
def look(browser: Browser, world: SimpleNamespace) -> Iterator[Any]:
    readers: list[Reader] = []

    def as_(who: str) -> Reader:
        readers.append(Reader(browser, world, who))
        return readers[-1]

    yield as_
    for reader in readers:
        reader.context.close()


@pytest.mark.parametrize(("who", "pages"), pieces())
def test_every_page_is_clean_at_every_width_in_both_themes(look, world, who: str, pages: list[tuple[str, str]]):
    reader, found = look(who), []
    for name, query in pages:
        url = address(name, world) + query
        if not is_page(ask(reader.client, "GET", url)):
            continue  # a picture, a spreadsheet, a piece of a page
        reader.open(url)
        found += [f"{url}: {fault}" for fault in reader.faults()]

    assert not found, "\n".join(found)


@pytest.mark.parametrize("who", ["owner", "anonymous"])
def test_the_page_that_does_not_exist_is_clean(look, who: str):
    reader = look(who)
    reader.open("/nowhere/", status=404)

    assert reader.faults() == []


def test_the_refusal_is_clean(look):
    reader = look("finance")
    reader.open("/notifications/outbox/", status=403)

    assert reader.faults() == []


def test_the_look_sees_what_is_wrong(look, world):
    """The control: a word nobody can read in dark, a row too wide for the phone, a cut button, a script that fails."""
    reader = look("owner")
    reader.open(address("staff:profile", world))
    reader.page.evaluate("""() => {
      const add = (tag, textContent) =>
        document.querySelector('main').appendChild(Object.assign(document.createElement(tag), {textContent}));
      add('p', 'faint').style.color = 'light-dark(#222, #222)';
      Object.assign(add('div', 'wide').style, {width: '600px'});
      Object.assign(add('button', 'much too long for it').style, {width: '20px', whiteSpace: 'nowrap', padding: 0});
      add('img', '').src = '/nowhere/';
      setTimeout(() => { throw new Error('broken'); });
    }""")

    found = reader.faults()

    assert [fault for fault in found if fault.startswith("dark: color-contrast")]
    assert [fault for fault in found if fault.startswith("scrolls sideways: ") and fault.endswith("in 390 (390)")]
    assert [fault for fault in found if fault.startswith("text leaves the button")]
    assert [fault for fault in found if fault.endswith("broken (console)")]
    assert [fault for fault in found if "image-alt" in fault and fault.startswith("light: ")]
