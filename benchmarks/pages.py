"""What is measured: the pages of the main job, as people open them. Needs a filled database and configured settings."""

import contextlib
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, cycle
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.urls import NoReverseMatch, reverse

from core import clock
from core.pagination import keyset_page
from customers.models import Channel, Customer
from opportunities.models import Opportunity
from staff.enums import Role
from staff.models import User
from staff.sessions import SessionStore
from vehicles.models import Series
from workbench.selectors.lists import list_rows, saved_view
from workbench.views.lists import PAGE_SIZE

CONSULTANT, MANAGER, SUPERVISOR, AGENT = "scale-0-0", "scale-0-12", "scale-0-13", "scale-0-14"
ADMINISTRATOR = "scale-0-admin"
DEEP_SHARE = 0.8  # the deep page begins after so much of the list
TOKEN = secrets.token_hex(16)  # 32 letters: what Django takes for the secret of a CSRF cookie


@dataclass(frozen=True)
class Call:
    """One request. `form`: what is posted; None is a GET."""

    path: str
    is_htmx: bool = False
    form: dict[str, str] | None = None

    @property
    def method(self) -> str:
        return "GET" if self.form is None else "POST"

    @property
    def body(self) -> str | None:
        return None if self.form is None else urlencode(self.form)

    @property
    def headers(self) -> dict[str, str]:
        headers = {"X-CSRFToken": TOKEN, "Content-Type": "application/x-www-form-urlencoded"} if self.form else {}
        return headers | ({"HX-Request": "true"} if self.is_htmx else {})


@dataclass(frozen=True)
class Page:
    """A line of the table: `calls` never ends. `goal`: CPU in units at 1,000,000 customers, None without one."""

    name: str
    who: str
    calls: Iterator[Call]
    goal: float | None = None
    statuses: tuple[int, ...] = field(default=(200,))


def unit() -> Page:
    return Page("unit", CONSULTANT, _always(f"/unit/{Customer.objects.order_by('pk')[0].pk}/"))


def pages() -> list[Page]:
    customers = reverse("workbench:opportunity-list")
    return [
        Page("Today, consultant", CONSULTANT, _always(reverse("workbench:today")), 6),
        Page("Today, supervisor", SUPERVISOR, _always(reverse("workbench:today")), 6),
        Page("list, first page", CONSULTANT, _always(f"{customers}?view=all"), 5),
        Page("list of the store, first page", MANAGER, _always(f"{customers}?view=all"), 5),
        Page("list of the store, deep page", MANAGER, _always(f"{customers}?view=all&cursor={_deep_cursor()}"), 5),
        Page("customer, 360 page", CONSULTANT, _customer_pages(), 6),
        Page("search by surname", MANAGER, _search("王"), 5),
        Page("search by name", MANAGER, _search("李明"), 5),
        Page("search by pinyin", MANAGER, _search("wangjian"), 5),
        Page("search by initials", MANAGER, _search("wjg"), 5),
        Page("search by part of a phone", MANAGER, _search("0420"), 4),
        Page("inbox", CONSULTANT, _always(reverse("notifications:inbox"))),
        Page("approvals, inbox", MANAGER, _always(reverse("approvals:inbox"))),
        *_settings_pages(),
        Page("save a contact", CONSULTANT, _contacts(), None, (204,)),
        Page("register a lead", AGENT, _leads(), 5, (200, 204, 302)),
    ]


# Pages of administrators: those that exist.
SETTINGS = {
    "people": "staff:people",
    "callback rules": "followups:rule-list",
    "audit log": "core:audit-log",
    "outbox": "notifications:outbox",
    "devices": "staff:device-list",
}


def _settings_pages() -> Iterator[Page]:
    store = User.objects.get(employee_number=MANAGER).store
    User.objects.get_or_create(
        employee_number=ADMINISTRATOR, defaults={"name": "管理员", "roles": [Role.ADMINISTRATOR], "store": store}
    )
    for name, url_name in SETTINGS.items():
        with contextlib.suppress(NoReverseMatch):
            yield Page(name, ADMINISTRATOR, _always(reverse(url_name)))


def cookies(who: str) -> str:
    """Cookies of a signed-in person."""
    user = User.objects.get(employee_number=who)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}; {settings.CSRF_COOKIE_NAME}={TOKEN}"


def _always(path: str) -> Iterator[Call]:
    return cycle([Call(path)])


def _search(text: str) -> Iterator[Call]:
    """The palette, as it asks while somebody types."""
    return cycle([Call(f"{reverse('workbench:search')}?{urlencode({'q': text})}", is_htmx=True)])


def _own(limit: int) -> list[int]:
    rows = Opportunity.objects.open().filter(owner__employee_number=CONSULTANT).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def _customer_pages() -> Iterator[Call]:
    return cycle([Call(reverse("workbench:opportunity-detail", args=[pk])) for pk in _own(100)])


def _deep_cursor() -> str:
    user = User.objects.get(employee_number=MANAGER)
    view = saved_view(user, "all")
    rows = list_rows(user, view).order_by("next_action_at", "pk")
    at = rows.values_list("next_action_at", flat=True)[int(rows.count() * DEEP_SHARE)]
    page = keyset_page(rows.filter(next_action_at__gte=at), order=view.order, size=PAGE_SIZE)
    return page.next_cursor or ""


def _contacts() -> Iterator[Call]:
    """A talk with the next callback as the rules say, each on another customer."""
    for pk in cycle(_own(400)):
        form = {"channel": "phone", "outcome": "talked", "sentence": "问 36 期月供，发了测算", "key": str(uuid.uuid4())}
        yield Call(reverse("followups:contact-log", args=[pk]), is_htmx=True, form=form)


def _leads() -> Iterator[Call]:
    """New customers, each with a number of its own, also in the next run on the same database."""
    series, channel = Series.objects.order_by("pk")[0].pk, Channel.objects.order_by("pk")[0].pk
    first = int(clock.now().timestamp()) * 10 % 1_000_000_00
    for number in count(first):
        form = {
            "kind": "call", "key": str(uuid.uuid4()), "phone": f"188{number % 100_000_000:08}", "name": "王小明",
            "gender": "male", "channel": str(channel), "series": str(series), "purchase_window": "30d", "area": "滨江",
        }  # fmt: skip
        yield Call(reverse("leads:lead-register"), is_htmx=True, form=form)
