"""`manage.py load_scale --customers N`: N customers with history, by COPY; for benchmarks and EXPLAIN only.

The rows look like what the services write (same columns, same invariants, checked by the same constraints); they are
not made through the services because a million customers would take hours. Deterministic for a given N.
"""

import io
import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from core import clock
from core.pinyin import search_keys
from customers.models import Channel, Customer
from followups.models import Contact, FollowUp, FollowUpRule
from opportunities.models import Opportunity
from opportunities.stages import Stage
from staff.enums import Role
from staff.models import DealerGroup, Store, Team, User
from vehicles.models import Brand, Series
from workbench.demo import cast

SEED = 7
BATCH = 20_000
NAMES = 6_000
STORES = 4
CONSULTANTS_PER_STORE = 12
# Everybody who looks at lists besides: employee numbers scale-<store>-12 and on.
OTHERS = [Role.SALES_MANAGER, Role.SALES_SUPERVISOR, Role.TELESALES_AGENT, Role.GENERAL_MANAGER]
SENTENCE = "问 36 期月供，发了测算"
LEVELS = "HAABBBCCN"


class Command(BaseCommand):
    help = "Write N customers, each with opportunity, two callbacks, two contacts and three journey events, by COPY."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--customers", type=int, default=100_000)

    def handle(self, *args: Any, **options: Any) -> None:
        if Store.objects.exists():
            raise CommandError("There is data already; scale data needs an empty database.")
        wanted: int = options["customers"]
        started = clock.now()
        world = _World(Random(SEED))  # noqa: S311 -- reproducible sample data
        for first in range(0, wanted, BATCH):
            world.write(first, min(BATCH, wanted - first))
            self.stdout.write(f"{min(first + BATCH, wanted):>9,} customers")
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0; ANALYZE")  # takes its time on millions of rows
        self.stdout.write(f"done in {(clock.now() - started).total_seconds():.0f} s")


class _World:
    """Stores, people, and the id ranges to write into."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.now = clock.now()
        self.rule = FollowUpRule.objects.filter(code="cadence", level="", rule_set__state="published").first()
        self.channels = list(Channel.objects.values_list("pk", flat=True))
        brand, _ = Brand.objects.get_or_create(name="远岚")
        self.series = [
            Series.objects.get_or_create(code=code, defaults={"brand": brand, "name": f"远岚 {code.upper()}"})[0].pk
            for code in ("s7", "e5", "v8")
        ]
        group = DealerGroup.objects.create(name="压测集团")
        self.stores = [self._store(group, number) for number in range(STORES)]
        self.owners = {store.pk: self._people(store) for store in self.stores}
        self.desks = {store.pk: self._desk(store) for store in self.stores}
        self.names = [(name, search_keys(name)) for name in self._names(NAMES)]

    def _store(self, group: DealerGroup, number: int) -> Store:
        return Store.objects.create(
            group=group, code=f"scale-{number}", name=f"压测 {number} 店", brand_name="远岚汽车"
        )

    def _people(self, store: Store) -> list[int]:
        team = Team.objects.create(store=store, name="一组")
        pattern = User()
        pattern.set_password(cast.PASSWORD)
        roles = [Role.SALES_CONSULTANT] * CONSULTANTS_PER_STORE + OTHERS
        people = [
            User.objects.create(
                employee_number=f"{store.code}-{number}",
                name=f"顾问{number}",
                roles=[role],
                store=store,
                team=team,
                password=pattern.password,
            ).pk
            for number, role in enumerate(roles)
        ]
        Team.objects.filter(pk=team.pk).update(supervisor=people[CONSULTANTS_PER_STORE + 1])
        return people[:CONSULTANTS_PER_STORE]

    def _desk(self, store: Store) -> int:
        return User.objects.get(store=store, roles__contains=[Role.TELESALES_AGENT]).pk

    def _names(self, count: int) -> Iterator[str]:
        for _ in range(count):
            yield (
                self.rng.choice(cast.SURNAMES) + self.rng.choice(cast.GIVEN) + self.rng.choice(["", "", "", "怡", "远"])
            )

    def write(self, first: int, count: int) -> None:
        """One batch in one transaction; the deferred checks of the database run at its end."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off; SET LOCAL statement_timeout = 0")
            base: dict[type[Any], int] = {model: _reserve(cursor, model, count) for model in (Customer, Opportunity)}
            base |= {Contact: _reserve(cursor, Contact, 2 * count), FollowUp: _reserve(cursor, FollowUp, 2 * count)}
            rows = [_Row(self, first + index, index, base) for index in range(count)]
            _copy(cursor, "customers_customer", (row.customer() for row in rows))
            _copy(cursor, "customers_customerphone", (row.phone() for row in rows))
            _copy(cursor, "opportunities_opportunity", (row.opportunity() for row in rows))
            _copy(cursor, "opportunities_ownership", (row.ownership() for row in rows))
            _copy(cursor, "followups_contact", (contact for row in rows for contact in row.contacts()))
            _copy(cursor, "opportunities_journeyevent", (event for row in rows for event in row.events()))
            _copy(cursor, "followups_followup", (row.first_callback() for row in rows))
            _copy(cursor, "followups_followup", (row.regular_callback() for row in rows))
            _copy(cursor, "notifications_notification", (row.notice() for row in rows if row.is_late))


class _Row:
    """One customer and everything around."""

    def __init__(self, world: _World, number: int, index: int, base: dict[type[Any], int]) -> None:
        rng = world.rng
        self.number = number
        self.customer_id, self.opportunity_id = base[Customer] + index, base[Opportunity] + index
        self.contact_id, self.follow_up_id = base[Contact] + 2 * index, base[FollowUp] + 2 * index
        self.store = world.stores[number % STORES].pk
        self.owner = world.owners[self.store][number // STORES % CONSULTANTS_PER_STORE]
        self.registrar = rng.choice([self.owner, world.desks[self.store]])
        self.name, self.keys = world.names[number % len(world.names)]
        self.channel, self.series = rng.choice(world.channels), rng.choice(world.series)
        self.rule = world.rule.pk if world.rule else None
        self.opened = world.now - timedelta(minutes=rng.randint(60, 1_000_000))
        self.is_open = rng.random() < 0.2  # most of a big base is history
        self.due = world.now + timedelta(minutes=rng.randint(-2_000, 40_000)) if self.is_open else self.opened
        self.is_late = self.is_open and self.due < world.now - timedelta(days=1)
        self.level = rng.choice(LEVELS)
        self.stage = rng.choice([Stage.LEAD, Stage.RECEIVED]).value
        self.now, self.rng = world.now, rng

    def _base(self) -> dict[str, Any]:
        return {
            "uid": uuid.UUID(int=self.rng.getrandbits(128), version=4),
            "created_at": self.opened,
            "updated_at": self.opened,
        }

    def customer(self) -> dict[str, Any]:
        return self._base() | {
            "id": self.customer_id, "store_id": self.store, "kind": "person", "name": self.name, "contact_person": "",
            "gender": "male", "area": "滨江", "channel_id": self.channel, "grade": "other", "preferred_time": "",
            "is_do_not_contact": False, "registered_by_id": self.registrar, "pinyin": self.keys.pinyin,
            "search_terms": list(self.keys.terms), "version": 1,
        }  # fmt: skip

    def phone(self) -> dict[str, Any]:
        return self._base() | {
            "store_id": self.store, "customer_id": self.customer_id, "number": f"+86199{self.number:08}",
            "kind": "MOBILE", "label": "", "is_primary": True,
        }  # fmt: skip

    def opportunity(self) -> dict[str, Any]:
        closed = None if self.is_open else self.opened + timedelta(days=20)
        return self._base() | {
            "id": self.opportunity_id, "store_id": self.store, "customer_id": self.customer_id, "owner_id": self.owner,
            "registered_by_id": self.registrar, "stage": self.stage, "stage_at": self.opened,
            "outcome": "open" if self.is_open else "lost", "level": self.level, "requested_level": "",
            "channel_id": self.channel, "sales_mode": "in_store", "series_id": self.series, "model_text": "",
            "colour": "", "usage": "", "payment_method": "", "purchase_window": "30d", "trade_in": "", "competitor": "",
            "concerns": [], "close_requested": "", "close_reason": "", "close_note": "", "closed_at": closed,
            "opened_at": self.opened, "last_contact_at": self.opened,
            "next_action_at": self.due if self.is_open else None,
            "next_action_label": "cadence" if self.is_open else "", "last_note": SENTENCE, "is_parallel": False,
            "version": 1,
        }  # fmt: skip

    def ownership(self) -> dict[str, Any]:
        return self._base() | {
            "opportunity_id": self.opportunity_id, "owner_id": self.owner, "rule": "registered", "reason": "",
            "actor_id": self.owner, "from_at": self.opened,
        }  # fmt: skip

    def events(self) -> Iterator[dict[str, Any]]:
        data: list[tuple[str, dict[str, Any]]] = [
            ("registered", {"trigger": "online", "rule": "registered"}),
            ("contacted", {"channel": "phone", "outcome": "talked", "sentence": SENTENCE, "tags": []}),
            ("contacted", {"channel": "phone", "outcome": "no_answer", "sentence": "", "tags": []}),
        ]
        for day, (kind, detail) in enumerate(data):
            at = self.opened + timedelta(days=day)
            yield {
                "opportunity_id": self.opportunity_id, "customer_id": self.customer_id, "store_id": self.store,
                "kind": kind, "stage": self.stage, "actor_id": self.owner, "owner_id": self.owner,
                "channel_id": self.channel, "series_id": self.series, "occurred_at": at, "recorded_at": at,
                "subject": "", "data": detail,
            }  # fmt: skip

    def contacts(self) -> Iterator[dict[str, Any]]:
        for number, (outcome, sentence) in enumerate([("talked", SENTENCE), ("no_answer", "")]):
            at = self.opened + timedelta(days=number + 1)
            yield self._base() | {
                "id": self.contact_id + number, "created_at": at, "store_id": self.store,
                "opportunity_id": self.opportunity_id, "customer_id": self.customer_id, "by_id": self.owner,
                "channel": "phone", "outcome": outcome, "sentence": sentence, "tags": [], "duration_s": 120,
                "is_effective": outcome == "talked", "is_suspicious": False, "occurred_at": at,
                "evidence": {"source": "page"}, "idempotency_key": f"scale-{self.number}-{number}",
            }  # fmt: skip

    def first_callback(self) -> dict[str, Any]:
        at = self.opened + timedelta(days=1)
        return self._callback(self.follow_up_id, "first_callback", at, done_at=at, contact_id=self.contact_id)

    def regular_callback(self) -> dict[str, Any]:
        done_at = None if self.is_open else self.due
        return self._callback(self.follow_up_id + 1, "cadence", self.due, done_at=done_at, contact_id=None)

    def _callback(
        self, pk: int, code: str, due: datetime, *, done_at: datetime | None, contact_id: int | None
    ) -> dict[str, Any]:
        deadline = clock.end_of_day(clock.local_date(due))
        remind_at = deadline + timedelta(seconds=1)
        is_ahead = done_at is None and remind_at > self.now
        return self._base() | {
            "id": pk, "store_id": self.store, "opportunity_id": self.opportunity_id, "customer_id": self.customer_id,
            "assignee_id": self.owner, "rule_id": self.rule, "rule_code": code, "occurrence": 1, "channel": "phone",
            "note": SENTENCE, "state": "done" if done_at else "pending", "due_at": due,
            "due_on": clock.local_date(due), "deadline_at": deadline, "original_due_at": due, "moved_times": 0,
            "generation": 1, "remind_step": "overdue" if is_ahead else "",
            "remind_at": remind_at if is_ahead else None, "attempts": 0, "last_error": "", "excused": "",
            "done_at": done_at, "done_by_id": self.owner if done_at else None, "is_late": False if done_at else None,
            "contact_id": contact_id, "cancel_reason": "",
            "due_notified_at": due, "missed_at": deadline if done_at is None and not is_ahead else None,
        }  # fmt: skip

    def notice(self) -> dict[str, Any]:
        subject = f"followups.FollowUp:{self.follow_up_id + 1}"
        return self._base() | {
            "created_at": self.due, "recipient_id": self.owner, "kind": "follow_up_overdue",
            "data": {"customer": self.name, "code": "cadence", "due_at": self.due.isoformat()},
            "url": f"/opportunities/{self.opportunity_id}/", "subject": subject, "dedupe_key": f"{subject}:1:overdue",
        }  # fmt: skip


def _reserve(cursor: Any, model: type[Any], count: int) -> int:
    """Take `count` ids out of the table's sequence at once; returns the first."""
    table = model._meta.db_table
    cursor.execute(f"SELECT pg_get_serial_sequence('{table}', 'id')")  # noqa: S608 -- a table name of our own
    sequence = cursor.fetchone()[0]
    cursor.execute(f"SELECT nextval('{sequence}')")  # noqa: S608
    first: int = cursor.fetchone()[0]
    cursor.execute(f"SELECT setval('{sequence}', {first + count - 1})")  # noqa: S608
    return first


def _copy(cursor: Any, table: str, rows: Iterable[dict[str, Any]]) -> None:
    """Write the rows; all of them have the same keys, the names of the columns."""
    buffer = io.StringIO()
    columns: list[str] = []
    for row in rows:
        columns = columns or list(row)
        buffer.write("\t".join(map(_cell, row.values())) + "\n")
    if not columns:
        return
    buffer.seek(0)
    names = ", ".join(f'"{column}"' for column in columns)
    cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN", buffer)


_TEXT: dict[type, Callable[[Any], str]] = {
    bool: lambda value: "t" if value else "f",
    datetime: lambda value: value.isoformat(),
    dict: lambda value: json.dumps(value, ensure_ascii=False).replace("\\", "\\\\"),
    list: lambda value: "{" + ",".join('"' + item.replace('"', '\\\\"') + '"' for item in value) + "}",
}


def _cell(value: Any) -> str:
    if value is None:
        return "\\N"
    return _TEXT.get(type(value), str)(value)
