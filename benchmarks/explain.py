"""`./dev bench --explain`: the plans of the hottest queries, as the pages send them, into explain/*.txt.

For each page the statement that carries the fragment is taken out of a real request and explained with ANALYZE and
BUFFERS. Watch the buffers and the rows, not the milliseconds: they stay the same on every machine.
"""

import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
from django.db import connection

FOLDER = Path(__file__).resolve().parent / "explain"


@dataclass(frozen=True)
class Hot:
    """A file, the page it comes from, a piece of the statement, and what to look at."""

    file: str
    page: str
    fragment: str
    remark: str


HOTTEST = (
    Hot(
        "01-today-callbacks", "Today, consultant", 'ORDER BY "followups_followup"."due_at" ASC',
        "Late and due callbacks of one consultant: a range of followup_mine, one look-up a row for customer and car.",
    ),
    Hot(
        "02-today-month", "Today, consultant", '"in_time"',
        "The figures of the days that are not counted yet, as a rule today; those before: 12-today-counted.",
    ),
    Hot(
        "03-today-team", "Today, supervisor", 'ORDER BY "followups_followup"."due_at" ASC',
        "The same for a team: own customers, those without owner, those registered; not the store's past.",
    ),
    Hot(
        "12-today-counted", "Today, supervisor", "workbench_daytally",
        "The days of the month that are over: some rows for each person, and the contacts of today.",
    ),
    Hot(
        "13-today-late-of-team", "Today, supervisor", '"oldest_at"',
        "How much is late and due for each person of a team: counted in followup_store_work alone.",
    ),
    Hot(
        "14-search-found", "search by surname", 'DISTINCT ON',
        "What is shown of the customers found: their opportunity in the person's sight, owner and car.",
    ),
    Hot(
        "04-list-own", "list, first page", 'ORDER BY "opportunities_opportunity"."next_action_at" ASC',
        "The open customers of one consultant: an index for each branch of the OR, sorted afterwards.",
    ),
    Hot(
        "05-list-store", "list of the store, first page", 'ORDER BY "opportunities_opportunity"."next_action_at" ASC',
        "The first page of a store: read in order from opp_store_next, ends after the page; no sort.",
    ),
    Hot(
        "06-list-deep", "list of the store, deep page", 'ORDER BY "opportunities_opportunity"."next_action_at" ASC',
        "A page far down: the index is entered at the cursor, so it costs what the first page costs.",
    ),
    Hot(
        "07-customer", "customer, 360 page", '"contact_count"',
        "Head of the 360 page: one row by its key, small ranges for the number, the contacts and the stages.",
    ),
    Hot(
        "08-timeline", "customer, 360 page", 'ORDER BY "opportunities_journeyevent"."occurred_at" DESC',
        "The last entries of one opportunity in the order of journey_opportunity.",
    ),
    Hot(
        "09-search-surname", "search by surname", "array_agg",
        "One character, the worst case: among the newest thousand of the store there are enough.",
    ),
    Hot(
        "10-search-phone", "search by part of a phone", 'FROM "customers_customerphone" WHERE',
        "Four digits anywhere in a number: the trigram index, then the store, and only then customer and opportunity.",
    ),
)  # fmt: skip


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
    django.setup()
    from benchmarks.pages import pages  # noqa: PLC0415 -- models, which need a configured Django

    by_name = {page.name: page for page in pages()}
    for hot in HOTTEST:
        statement, values = _statement(by_name[hot.page], hot.fragment)
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", values)
            plan = "\n".join(row[0] for row in cursor.fetchall())
        text = f"-- {hot.remark}\n-- {_shortened(statement)}\n\n{plan}\n"
        (FOLDER / f"{hot.file}.txt").write_text(text, encoding="utf-8")
        sys.stdout.write(f"{hot.file}: {plan.splitlines()[-1].strip()}\n")


def _statement(page: Any, fragment: str) -> tuple[str, Any]:
    """The statement of a page with that fragment; of several the longest."""
    from django.test import Client  # noqa: PLC0415 -- as above

    from staff.models import User  # noqa: PLC0415 -- as above

    client, call, sent = Client(), next(page.calls), []
    client.force_login(User.objects.get(employee_number=page.who))

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        client.get(call.path, headers=call.headers, SERVER_NAME="localhost")
    found = [(sql, params) for sql, params in sent if fragment in sql]
    if not found:
        raise SystemExit(f"{page.name}: no statement with {fragment}")
    return max(found, key=lambda pair: len(pair[0]))


def _shortened(statement: str) -> str:
    """Without the long lists of columns."""
    return re.sub(r"SELECT (?:(?!SELECT ).){200,}? FROM ", "SELECT … FROM ", " ".join(statement.split()))


if __name__ == "__main__":
    main()
