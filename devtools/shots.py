"""Pictures of the main pages of a running demo in var/shots. Runs inside `.venv`; `./dev shots [NAME…]` calls it.

ADDRESS names the demo, SHUNCHENG_CHROMIUM the browser. A new page is a new row of SHOTS.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import django
from django.urls import NoReverseMatch, reverse
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from devtools.base import VAR

FOLDER = VAR / "shots"
PASSWORD = "shuncheng-demo"  # noqa: S105 -- the demo store's, printed by ./dev demo
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TABLET, PHONE, DESKTOP = "1180x820", "390x844", "1440x900"
ALL_SIZES = (TABLET, PHONE, DESKTOP)
TOUCH_SIZES = {TABLET, PHONE}
THEMES = ("light", "dark")

CONSULTANT, TELESALES, MANAGER, NOBODY = "linyue", "xujingyi", "shenlifeng", ""
ADMINISTRATOR, SUPERVISOR = "xujing", "qianwenbo"


@dataclass(frozen=True)
class Shot:
    """One page: its URL name (and query), who looks, at which sizes.

    `follow` opens the first link that matches, with `ending` behind its address; `then` a link of that page.
    """

    name: str
    url: str
    who: str
    query: str = ""
    follow: str = ""
    ending: str = ""
    then: str = ""
    sizes: tuple[str, ...] = ALL_SIZES


SHOTS = (
    Shot("login", "staff:login", NOBODY),
    Shot("today", "workbench:today", CONSULTANT),
    Shot("customers", "workbench:opportunity-list", CONSULTANT),
    Shot("customer-360", "workbench:opportunity-list", CONSULTANT, follow="main a[href*='/opportunities/']"),
    Shot("register", "leads:lead-register", TELESALES, query="?kind=call"),
    Shot("import", "leads:import-list", TELESALES),
    Shot("inbox", "notifications:inbox", CONSULTANT),
    Shot("today-manager", "workbench:today", MANAGER),
    Shot("approvals", "approvals:inbox", SUPERVISOR),
    Shot("approval", "approvals:inbox", SUPERVISOR, follow=".apv-row a"),
    Shot("approval-export", "approvals:inbox", MANAGER, follow=".apv-row:last-child a"),
    Shot("my-requests", "approvals:inbox", CONSULTANT, query="?view=mine"),
    Shot("export-new", "workbench:export-new", MANAGER, query="?view=all"),
    Shot("exports", "workbench:export-list", CONSULTANT),
    Shot("export", "workbench:export-list", CONSULTANT, follow=".apv-row a"),
    Shot(
        "customer-data",
        "workbench:search",
        CONSULTANT,
        query="?q=wangjianguo",
        follow="main a[href*='/opportunities/']",
        ending="?tab=profile",
    ),
    Shot(
        "consents",
        "workbench:search",
        CONSULTANT,
        query="?q=wangjianguo",
        follow="main a[href*='/opportunities/']",
        then="a[href*='/privacy/customers/']",
    ),
    Shot("audit-log", "workbench:audit-log", MANAGER),
    Shot("retention", "privacy:retention-list", ADMINISTRATOR, query="?preview=notices"),
    Shot("people", "staff:people", ADMINISTRATOR),
    Shot("roles", "staff:role-list", ADMINISTRATOR),
    Shot("store", "staff:people", ADMINISTRATOR, follow=".us-add[href*='/stores/']"),
    Shot("roster", "staff:roster", CONSULTANT),
    Shot("rules", "followups:rule-list", ADMINISTRATOR),
    Shot("rules-read", "followups:rule-list", ADMINISTRATOR, query="?v=2", follow="main a[href$='/read/']"),
    Shot("calendar", "core:calendar", ADMINISTRATOR),
    Shot("channels", "customers:channel-list", ADMINISTRATOR),
    Shot("security-events", "staff:security-events", ADMINISTRATOR),
    Shot("protection", "customers:protection", ADMINISTRATOR),
    Shot("export-rules", "workbench:export-rules", ADMINISTRATOR),
    Shot("templates", "notifications:template-list", ADMINISTRATOR, query="?code=thanks_call"),
    Shot("setting-changes", "core:setting-changes", ADMINISTRATOR),
    Shot("outbox", "notifications:outbox", ADMINISTRATOR),
    Shot("outbox-message", "notifications:outbox", ADMINISTRATOR, follow=".ob-row a.ob-what"),
    Shot("integrations", "notifications:integration-list", ADMINISTRATOR),
    Shot("integration", "notifications:integration-list", ADMINISTRATOR, follow=".in-row a.ob-what"),
    Shot("security", "staff:security", CONSULTANT),
    Shot("second-factor", "staff:second-factor", MANAGER),
    Shot("pin", "staff:pin-set", CONSULTANT),
    Shot("devices", "staff:device-list", ADMINISTRATOR),
    Shot("pair-tablet", "staff:device-pair", NOBODY),
)


def chosen(names: list[str]) -> list[Shot]:
    """The rows with these names, or all; SystemExit for an unknown name."""
    unknown = set(names) - {shot.name for shot in SHOTS}
    if unknown:
        sys.exit(
            f"There is no picture named {', '.join(sorted(unknown))}; there are: {', '.join(s.name for s in SHOTS)}"
        )
    return [shot for shot in SHOTS if not names or shot.name in names]


def contexts(browser: Browser, address: str, shots: list[Shot]) -> Iterator[tuple[BrowserContext, list[Shot], str]]:
    """One signed-in browser context per person, size and theme, with the rows to be taken in it."""
    for who in dict.fromkeys(shot.who for shot in shots):
        cookies = _sign_in(browser, address, who) if who else None
        for size in ALL_SIZES:
            rows = [shot for shot in shots if shot.who == who and size in shot.sizes]
            for theme in THEMES if rows else ():
                width, height = map(int, size.split("x"))
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    has_touch=size in TOUCH_SIZES,
                    is_mobile=size in TOUCH_SIZES,  # gives a coarse pointer
                    device_scale_factor=2 if size in TOUCH_SIZES else 1,
                    color_scheme="dark" if theme == "dark" else "light",
                    locale="zh-CN",
                    timezone_id="Asia/Shanghai",
                    reduced_motion="reduce",
                    storage_state=cookies,
                )
                yield context, rows, f"{size}-{theme}"
                context.close()


def _sign_in(browser: Browser, address: str, who: str) -> Path:
    """The cookies of this person, kept in a file for the contexts to come."""
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(address + reverse("staff:login"))
    page.fill("input[name=username]", who)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_load_state("networkidle")
    if urlsplit(page.url).path == reverse("staff:login"):
        sys.exit(f"{who} cannot sign in with the demo password.")
    path = FOLDER / f".{who}.json"
    context.storage_state(path=path)
    context.close()
    return path


def take(page: Page, address: str, shot: Shot, path: Path) -> str:
    """Save the picture; returns what is wrong with the page, or ""."""
    try:
        target = address + reverse(shot.url) + shot.query
    except NoReverseMatch:
        return f"there is no URL named {shot.url}"
    answer = page.goto(target)
    for wanted in filter(None, (shot.follow, shot.then)):
        link = page.locator(wanted).first
        if link.count() == 0:
            return f"no link matches {wanted}"
        answer = page.goto(address + (link.get_attribute("href") or "") + (shot.ending if not shot.then else ""))
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    page.screenshot(path=path)
    return "" if answer and answer.ok else f"answered {answer.status if answer else 'nothing'}"


def main(names: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dealership.settings.trial")
    django.setup()
    FOLDER.mkdir(parents=True, exist_ok=True)
    shots, address, problems = chosen(names), os.environ["ADDRESS"].rstrip("/"), []
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else [*FLAGS]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["SHUNCHENG_CHROMIUM"], args=flags)
        try:
            for context, rows, suffix in contexts(browser, address, shots):
                for shot in rows:
                    page = context.new_page()
                    problem = take(page, address, shot, FOLDER / f"{shot.name}-{suffix}.png")
                    problems += [f"{shot.name}-{suffix}: {problem}"] if problem else []
                    page.close()
        finally:
            browser.close()
            for path in FOLDER.glob(".*.json"):
                path.unlink()
    sys.stdout.write("\n".join([*problems, f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}"]) + "\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
