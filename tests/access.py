"""The table of who may open what, and the small world it is tried in. Used by test_access and test_bad_input."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from types import SimpleNamespace
from typing import Any, NamedTuple

from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.exceptions import NoReverseMatch

from core import clock
from core.pinyin import search_keys
from leads.enums import LeadKind, LeadResult
from leads.models import Lead, LeadImport
from leads.services import import_map, import_upload
from opportunities.enums import EventKind
from opportunities.models import JourneyEvent, Opportunity
from tests.conftest import NOON, make_people, ship_defaults
from tests.factories import (
    ContactFactory,
    CustomerFactory,
    LeaveFactory,
    NotificationFactory,
    OpportunityFactory,
)

PEOPLE = [
    "anonymous", "stranger", "receptionist", "finance", "dcc", "colleague", "owner", "supervisor", "manager",
    "general_manager", "administrator",
]  # fmt: skip

# Written by hand from requirements ORG and reliability.md 4.3. `L`: to the sign-in page. 404: not visible, so it does
# not exist. 403: visible, but not for this person. 422: allowed, but the request says nothing useful.
#
# URL                                 method  anon strg rcpt  fin  dcc coll  own  sup  mgr   gm admin
MATRIX = """
core:healthz                          GET      200  200  200  200  200  200  200  200  200  200  200
                                      POST     405  405  405  405  405  405  405  405  405  405  405
core:healthz-deep                     GET      503  503  503  503  503  503  503  503  503  503  503
                                      POST     405  405  405  405  405  405  405  405  405  405  405
staff:login                           GET      200  302  302  302  302  302  302  302  302  302  302
                                      POST     422  302  302  302  302  302  302  302  302  302  302
staff:logout                          GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  302  302  302  302  302  302  302  302  302  302
staff:profile                         GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
staff:password-change                 GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  422  422  422  422  422  422  422  422  422  422
staff:theme                           GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  422  422  422  422  422  422  422  422  422  422
staff:language                        GET      405  405  405  405  405  405  405  405  405  405  405
                                      POST     422  422  422  422  422  422  422  422  422  422  422
staff:leave-list                      GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
staff:leave-new                       GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  422  422  422  422  422  422  422  422  422  422
staff:leave-cancel                    GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  302  302  302  302  302
notifications:inbox                   GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
notifications:bell                    GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
notifications:notice-read-all         GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  302  302  302  302  302  302  302  302  302  302
notifications:notice-read             GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  302  404  404  404  404
notifications:notice-done             GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  302  404  404  404  404
notifications:notice-snooze           GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  302  404  404  404  404
followups:contact-log                 GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  404  404  404  404  404  422  422  422  422  404
followups:message-send                GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  404  404  404  404  404  422  422  422  422  404
followups:followup-reschedule         GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  404  404  404  404  404  422  422  422  422  404
followups:contact-undo                GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  302  404  404  404  404
workbench:home                        GET        L  302  302  302  302  302  302  302  302  302  302
                                      POST       L  405  405  405  405  405  405  405  405  405  405
workbench:today                       GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
workbench:today-callbacks             GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
workbench:today-news                  GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
workbench:search                      GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
workbench:opportunity-list            GET        L  200  200  200  200  200  200  200  200  200  200
                                      POST       L  405  405  405  405  405  405  405  405  405  405
workbench:opportunity-assign-many     GET        L  403  403  403  403  403  403  200  200  200  403
                                      POST       L  403  403  403  403  403  403  200  200  200  403
workbench:opportunity-detail          GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  405  405  405  405  405  405  405  405  405  405
workbench:opportunity-timeline        GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  405  405  405  405  405  405  405  405  405  405
workbench:opportunity-note            GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  422  422  422  422  404
workbench:opportunity-facts           GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  404  404  404  404  404  422  422  422  422  404
workbench:opportunity-assign          GET        L  404  404  404  404  404  403  200  200  200  404
                                      POST       L  404  404  404  404  404  403  422  422  422  404
workbench:opportunity-level           GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  404  404  404  404  404  422  422  422  422  404
workbench:opportunity-level-decide    GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  403  302  302  302  404
workbench:opportunity-close           GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  404  404  404  404  404  422  422  422  422  404
workbench:opportunity-close-decide    GET        L  404  404  404  404  404  403  200  200  200  404
                                      POST       L  404  404  404  404  404  403  302  302  302  404
workbench:phone-reveal                GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  200  200  200  200  404
workbench:phone-add                   GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  404  404  404  404  404  422  422  422  422  404
workbench:opportunity-profile         GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  404  404  404  404  404  422  422  422  422  404
workbench:opportunity-contactable     GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  404  404  302  302  302  302  404
leads:lead-register                   GET        L  200  200  403  200  200  200  200  200  403  403
                                      POST       L  422  422  403  422  422  422  422  422  403  403
leads:lead-lookup                     GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  200  200  403  200  200  200  200  200  403  403
leads:lead-registered                 GET        L  404  404  404  404  404  200  200  200  200  404
                                      POST       L  405  405  405  405  405  405  405  405  405  405
leads:import-list                     GET        L  403  403  403  200  403  403  200  200  403  403
                                      POST       L  405  405  405  405  405  405  405  405  405  405
leads:import-upload                   GET        L  403  403  403  302  403  403  302  302  403  403
                                      POST       L  403  403  403  422  403  403  422  422  403  403
leads:import-mapping                  GET        L  404  404  404  200  404  404  404  200  404  404
                                      POST       L  404  404  404  422  404  404  404  422  404  404
leads:import-check                    GET        L  404  404  404  200  404  404  404  200  404  404
                                      POST       L  405  405  405  405  405  405  405  405  405  405
leads:import-row                      GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  302  404  404  404  302  404  404
leads:import-confirm                  GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  422  404  404  404  422  404  404
leads:import-progress                 GET        L  404  404  404  302  404  404  404  302  404  404
                                      POST       L  405  405  405  405  405  405  405  405  405  405
leads:import-report                   GET        L  404  404  404  200  404  404  404  200  404  404
                                      POST       L  405  405  405  405  405  405  405  405  405  405
leads:import-undo                     GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  302  404  404  404  302  404  404
leads:import-discard                  GET        L  405  405  405  405  405  405  405  405  405  405
                                      POST       L  404  404  404  302  404  404  404  302  404  404
"""

# What stands in the address of a URL with a number, by the names of its arguments.
PARAMETERS: dict[str, Callable[[SimpleNamespace], dict[str, int]]] = {
    "staff:leave-cancel": lambda world: {"pk": world.leave.pk},
    "notifications:notice-read": lambda world: {"pk": world.notice.pk},
    "notifications:notice-done": lambda world: {"pk": world.notice.pk},
    "notifications:notice-snooze": lambda world: {"pk": world.notice.pk},
    "followups:contact-log": lambda world: {"opportunity_pk": world.own.pk},
    "followups:message-send": lambda world: {"opportunity_pk": world.own.pk},
    "followups:followup-reschedule": lambda world: {"pk": world.follow_up.pk},
    "followups:contact-undo": lambda world: {"pk": world.contact.pk},
    "leads:lead-registered": lambda world: {"pk": world.lead.pk},
    "leads:import-row": lambda world: {"pk": world.lead_import.pk, "row_no": 2},
}


class Row(NamedTuple):
    name: str
    method: str
    expected: dict[str, str]


def rows() -> list[Row]:
    """The table, one row per URL and method; expected: person -> status or "L"."""
    table, name = [], ""
    for line in MATRIX.strip().splitlines():
        words = line.split()
        if ":" in words[0]:
            name = words.pop(0)
        method, *statuses = words
        table.append(Row(name, method, dict(zip(PEOPLE, statuses, strict=True))))
    return table


def url_names() -> set[str]:
    """Every URL of the project but the support pages, whose rule is tried in tests/staff/test_admin.py."""
    return set(_names(get_resolver(), ""))


def _names(resolver: URLResolver, prefix: str) -> list[str]:
    found: list[str] = []
    for part in resolver.url_patterns:
        if isinstance(part, URLPattern):
            found.append(f"{prefix}{part.name}")
        elif part.namespace != "admin":
            found += _names(part, f"{prefix}{part.namespace}:" if part.namespace else prefix)
    return found


def address(name: str, world: SimpleNamespace) -> str:
    if name in PARAMETERS:
        return reverse(name, kwargs=PARAMETERS[name](world))
    try:
        return reverse(name)
    except NoReverseMatch:
        row = world.lead_import if name.startswith("leads:import-") else world.own
        return reverse(name, kwargs={"pk": row.pk})


def make_world() -> SimpleNamespace:
    """Two stores, four customers whose every word is a token nobody else may read, and one thing of each kind."""
    ship_defaults()
    world = make_people()
    world.cases = {}
    for number, (key, owner) in enumerate(
        {"own": world.owner, "rival": world.rival, "free": None, "foreign": world.stranger}.items(), start=1
    ):
        world.cases[key] = _customer_of(world, key, owner, number)
    world.cases["desk"] = _customer_of(world, "desk", world.rival, 5, registered_by=world.dcc)
    world.own = world.cases["own"]
    world.follow_up = world.own.follow_ups.get()
    before = {"last_contact_at": None, "last_note": "", "level": world.own.level}
    world.contact = ContactFactory(
        opportunity=world.own, sentence=token(world, "own", "spoken"), evidence={"before": before}
    )
    world.notice = NotificationFactory(
        recipient=world.owner, data={"customer": token(world, "own", "notice"), "code": "first_callback"}
    )
    world.leave = LeaveFactory(user=world.owner, note=token(world, "own", "leave"))
    world.lead = _lead_of(world, world.own)
    world.lead_import = _import_of(world)
    return world


def token(world: SimpleNamespace, key: str, what: str) -> str:
    """A word that occurs nowhere else; remembered with whose customer it belongs to."""
    word = f"tk{key}{what}tk"
    world.tokens = getattr(world, "tokens", {})
    world.tokens.setdefault(key, set()).add(word)
    return word


def _customer_of(world: SimpleNamespace, key: str, owner: Any, number: int, **fields: Any) -> Opportunity:
    store = owner.store if owner else world.store
    surname = "金雀"  # found by everybody's search
    name = f"{surname}{token(world, key, 'name')}"
    keys = search_keys(name)
    phone = f"199{number}{number}{number}05550"
    world.tokens[key].add(phone)
    customer = CustomerFactory(
        store=store, name=name, phone=f"+86{phone}", area=token(world, key, "area"),
        pinyin=keys.pinyin[:300], search_terms=list(keys.terms),
    )  # fmt: skip
    opportunity = OpportunityFactory(
        customer=customer, owner=owner, model_text=token(world, key, "model"), last_note=token(world, key, "note"),
        colour=token(world, key, "colour"), **fields,
    )  # fmt: skip
    JourneyEvent.objects.create(
        opportunity=opportunity, customer=customer, store=store, kind=EventKind.NOTE, stage=opportunity.stage,
        actor=owner, owner=owner, occurred_at=NOON, data={"text": token(world, key, "event")},
    )  # fmt: skip
    return opportunity


def _lead_of(world: SimpleNamespace, opportunity: Opportunity) -> Lead:
    return Lead.objects.create(
        store=opportunity.store, kind=LeadKind.CALL, result=LeadResult.CREATED, customer=opportunity.customer,
        opportunity=opportunity, phone="+8619911105550", name=opportunity.customer.name, occurred_at=NOON,
        registered_by=world.owner, note=token(world, "own", "lead"),
    )  # fmt: skip


def _import_of(world: SimpleNamespace) -> LeadImport:
    """A checked list of one row, by the telesales agent."""
    content = f"姓名,手机\n{token(world, 'list', 'row')},19955505550\n".encode()
    made = import_upload(store_id=world.store.pk, name="list.csv", content=content, by=world.dcc)
    return import_map(import_id=made.pk, mapping={"0": "name", "1": "phone"}, by=world.dcc)


@contextmanager
def open_world() -> Iterator[SimpleNamespace]:
    """The world with its clients, for a fixture of a whole module; at the end nothing of it was ever there."""
    with clock.travel(NOON), transaction.atomic():
        world = make_world()
        world.clients = clients_of(world)
        yield world
        transaction.set_rollback(True)


def ask(
    client: Client, method: str, url: str, data: Any = None, look: Callable[[], None] = lambda: None, **extra: Any
) -> Any:
    """One request whose writes and cookies are forgotten, after a `look` at what it did. Bytes go out as they are."""
    cookies = deepcopy(client.cookies)
    with transaction.atomic():
        if method in ("GET", "POST") and not isinstance(data, bytes):
            response = getattr(client, method.lower())(url, data or {}, **extra)
        else:
            response = client.generic(method, url, data or b"", **extra)
        look()
        transaction.set_rollback(True)
    client.cookies = cookies
    return response


def clients_of(world: SimpleNamespace, **options: Any) -> dict[str, Client]:
    """One signed-in client for every column of the table."""
    clients = {}
    for person in PEOPLE:
        clients[person] = Client(raise_request_exception=False, **options)
        if person != "anonymous":
            clients[person].force_login(getattr(world, person))
    return clients
