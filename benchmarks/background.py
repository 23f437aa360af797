"""`./dev bench --background`: reminders, planning and the memory of a worker, at a filled database; see README.md.

`python -m benchmarks.background sweep LIMIT` is one worker process: it reminds until nothing is due and tells how many,
in how many seconds and with how much memory.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

import django
from django.db import connection, transaction

from benchmarks.database import ROOT
from benchmarks.servers import Server, database, memory_kb

DUE_AT_ONCE = 100_000
WARM_UP = 2_000
PLANNED = 50_000
PAGE_EVERY_S = 0.5

_MAKE_DUE = """
WITH chosen AS (
  SELECT id FROM followups_followup WHERE state = 'pending' ORDER BY id LIMIT %s
)
UPDATE followups_followup SET remind_step = 'due', remind_at = now() - interval '1 second', attempts = 0,
  due_at = now() - interval '1 second', deadline_at = now() + interval '1 day', generation = generation + 1
WHERE id IN (SELECT id FROM chosen)
"""
_STILL_DUE = "SELECT count(*) FROM followups_followup WHERE remind_at <= now()"


def make_due(count: int) -> int:
    """So many callbacks are due now, and nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("UPDATE followups_followup SET remind_at = NULL, remind_step = '' WHERE remind_at IS NOT NULL")
        cursor.execute(_MAKE_DUE, [count])
        made = int(cursor.rowcount)
        cursor.execute("VACUUM ANALYZE followups_followup")
    return made


def sweep(limit: int) -> dict[str, float]:
    from followups.services import followup_remind_next  # noqa: PLC0415 -- models, which need a configured Django

    done, begin, cpu = 0, time.perf_counter(), time.process_time()
    while done < limit and followup_remind_next():
        done += 1
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    return {"done": done, "seconds": seconds, "cpu": cpu, "memory_mb": memory_kb(os.getpid()) / 1024}


def workers(count: int) -> list["subprocess.Popen[str]"]:
    argv = [sys.executable, "-m", "benchmarks.background", "sweep", str(10**9)]
    return [subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _number in range(count)]


def plan() -> tuple[int, float]:
    """Callbacks of so many opportunities that were just opened; taken back afterwards."""
    from core import clock  # noqa: PLC0415 -- as above
    from followups.enums import Trigger  # noqa: PLC0415
    from followups.services import followups_plan_many  # noqa: PLC0415
    from staff.models import Store  # noqa: PLC0415

    store_id = Store.objects.order_by("pk")[0].pk
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(
            "SELECT id FROM opportunities_opportunity WHERE store_id = %s AND outcome = 'open' ORDER BY id LIMIT %s",
            [store_id, PLANNED],
        )
        ids = [row[0] for row in cursor.fetchall()]
        cursor.execute("DELETE FROM followups_followup WHERE opportunity_id = ANY(%s)", [ids])
        begin = time.perf_counter()
        planned = followups_plan_many(opportunity_ids=ids, store_id=store_id, trigger=Trigger.OPENED, at=clock.now())
        seconds = time.perf_counter() - begin
        transaction.set_rollback(True)
    return planned, seconds


def main(url: str) -> Iterator[str]:
    """The lines of the report."""
    from benchmarks.pages import cookies, pages  # noqa: PLC0415 -- as above
    from benchmarks.run import Target  # noqa: PLC0415

    due = make_due(DUE_AT_ONCE)
    with Server("benchmarks.settings", url) as product, database(url) as base:
        page = next(page for page in pages() if page.name == "list, first page")
        target = Target(page, product, base, cookies(page.who))
        quiet = [target.ask()[0] for _time in range(40)][10:]
        one = sweep(WARM_UP)
        speed, cost = one["done"] / one["seconds"], 1000 * one["cpu"] / one["done"]
        yield f"- one worker process: {speed:.0f} reminders/s, {cost:.2f} ms of its CPU each, one transaction each"
        begin, running, busy = time.perf_counter(), workers(2), []
        while any(worker.poll() is None for worker in running):
            busy.append(target.ask()[0])
            time.sleep(PAGE_EVERY_S)
        seconds = time.perf_counter() - begin
        told = [json.loads((worker.communicate()[0] or "{}").splitlines()[-1]) for worker in running]
    with connection.cursor() as cursor:
        cursor.execute(_STILL_DUE)
        left = cursor.fetchone()[0]
    done = sum(int(worker["done"]) for worker in told)
    before_ms, busy_ms = 1000 * statistics.median(quiet), 1000 * statistics.median(busy)
    yield f"- {due:,} due at once, two workers: {done:,} in {seconds:.0f} s ({done / seconds:.0f}/s), {left} left"
    yield f"- the first page of the list meanwhile: {busy_ms:.0f} ms, {before_ms:.0f} ms before (medians)"
    largest = max(worker["memory_mb"] for worker in told)
    yield f"- memory of a worker after {max(int(worker['done']) for worker in told):,} reminders: {largest:.0f} MB"
    planned, took = plan()
    yield f"- callbacks of {PLANNED:,} imported leads planned in {took:.1f} s ({planned:,} rows)"


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(sweep(int(sys.argv[2]))) + "\n")
