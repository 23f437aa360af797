"""`./dev bench` inside `.venv`: measure every page against the unit and append the table to README.md.

Every page is measured between two measurements of the unit in the same run, because machines are noisy and drift:
compare the ratios, not the milliseconds.
"""

import argparse
import http.client
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import django

from benchmarks import background, explain
from benchmarks.database import NOTE, ROOT, prepared
from benchmarks.middleware import HEADER
from benchmarks.servers import Database, Server, database, used

if TYPE_CHECKING:
    from benchmarks.pages import Call, Page

README = Path(__file__).resolve().parent / "README.md"
BLOCK = 10  # requests in a row, then the other server's turn
WARM_UP = 5
CLIENTS = 8
SECONDS = 150  # at most for one page and one concurrency


@dataclass
class Sample:
    """What a number of requests took: seconds each, and CPU seconds of the workers and of the database in all."""

    seconds: list[float] = field(default_factory=list)
    server_cpu: float = 0.0
    database_cpu: float = 0.0
    wall: float = 0.0
    size: int = 0
    statements: int = 0

    @property
    def median_ms(self) -> float:
        return 1000 * statistics.median(self.seconds)

    @property
    def p95_ms(self) -> float:
        return 1000 * statistics.quantiles(self.seconds, n=20)[-1]

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.wall

    @property
    def cpu_ms(self) -> float:
        return 1000 * (self.server_cpu + self.database_cpu) / len(self.seconds)


class Target:
    """A page on its server, asked over connections that stay open, one for each thread."""

    def __init__(self, page: "Page", server: Server, base: Database, cookie: str) -> None:
        self.page, self.server, self.base, self.cookie = page, server, base, cookie
        self.local, self.lock = threading.local(), threading.Lock()

    def ask(self) -> tuple[float, int, int]:
        """Seconds, bytes and statements of one request. Another status than the page's ends the run."""
        with self.lock:
            call = next(self.page.calls)
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            begin, response, body = self._send(call)
        except ConnectionError:  # the server ended an idle connection in this moment
            self.local.connection.close()
            begin, response, body = self._send(call)
        seconds = time.perf_counter() - begin
        if response.status not in self.page.statuses:
            raise SystemExit(f"{self.page.name}: {call.method} {call.path} answered {response.status}")
        return seconds, len(body), int(response.headers[HEADER])

    def _send(self, call: "Call") -> tuple[float, http.client.HTTPResponse, bytes]:
        begin, connection = time.perf_counter(), self.local.connection
        connection.request(call.method, call.path, call.body, {"Cookie": self.cookie, **call.headers})
        response = connection.getresponse()
        return begin, response, response.read()

    def run(self, sample: Sample, requests: int, pool: ThreadPoolExecutor | None = None) -> None:
        """Add so many requests to the sample, with a pool as many at once as it has threads."""
        server_cpu, database_cpu, begin = self.server.cpu(), self.base.cpu(), time.perf_counter()
        asked = pool.map(lambda _: self.ask(), range(requests)) if pool else (self.ask() for _ in range(requests))
        for seconds, size, statements in asked:
            sample.seconds.append(seconds)
            sample.size, sample.statements = max(sample.size, size), max(sample.statements, statements)
        sample.wall += time.perf_counter() - begin
        sample.server_cpu += used(server_cpu, self.server.cpu())
        sample.database_cpu += used(database_cpu, self.base.cpu())


@dataclass(frozen=True)
class Line:
    """A page and the unit beside it, one request at a time and eight at once."""

    page: "Page"
    alone: Sample
    alone_unit: Sample
    many: Sample
    many_unit: Sample

    @property
    def wall_ratio(self) -> float:
        return self.alone.median_ms / self.alone_unit.median_ms

    @property
    def cpu_ratio(self) -> float:
        return self.alone.cpu_ms / self.alone_unit.cpu_ms if self.alone_unit.cpu_ms else 0.0


def measure(target: Target, unit: Target, *, requests: int) -> Line:
    for one in (unit, target):
        one.run(Sample(), WARM_UP)
    alone, alone_unit = _alternate(target, unit, requests=requests, size=BLOCK)
    with ThreadPoolExecutor(CLIENTS) as pool:
        for one in (unit, target):
            one.run(Sample(), CLIENTS, pool)
        many, many_unit = _alternate(target, unit, requests=requests, size=max(requests // 4, CLIENTS), pool=pool)
    return Line(target.page, alone, alone_unit, many, many_unit)


def _alternate(
    target: Target, unit: Target, *, requests: int, size: int, pool: ThreadPoolExecutor | None = None
) -> tuple[Sample, Sample]:
    """The unit, the page, the unit, the page …, until there are enough requests or the time is over."""
    sample, unit_sample = Sample(), Sample()
    end = time.monotonic() + SECONDS
    while len(sample.seconds) < requests and time.monotonic() < end:
        unit.run(unit_sample, size, pool)
        target.run(sample, size, pool)
    return sample, unit_sample


COLUMNS = (
    "page", "median ms", "p95 ms", "/s", "/s at 8", "CPU ms server", "CPU ms database", "SQL", "KB", "wall ÷ U",
    "CPU ÷ U", "goal",
)  # fmt: skip
HEAD = f"| {' | '.join(COLUMNS)} |\n|---{'|--:' * (len(COLUMNS) - 1)}|"


def rows(lines: list[Line]) -> Iterator[str]:
    yield HEAD
    unit = lines[0]
    yield _row("unit U", unit.alone_unit, unit.many_unit, "1", "1", "")
    for line in lines:
        goal = f"≤ {line.page.goal:g}" if line.page.goal else ""
        yield _row(line.page.name, line.alone, line.many, f"{line.wall_ratio:.1f}", f"{line.cpu_ratio:.1f}", goal)


def _row(name: str, alone: Sample, many: Sample, wall: str, cpu: str, goal: str) -> str:
    count = len(alone.seconds)
    cells = [
        name, f"{alone.median_ms:.1f}", f"{alone.p95_ms:.1f}", f"{alone.per_second:.0f}", f"{many.per_second:.0f}",
        f"{1000 * alone.server_cpu / count:.1f}", f"{1000 * alone.database_cpu / count:.1f}", str(alone.statements),
        f"{alone.size / 1000:.0f}", wall, cpu, goal,
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def heading(options: argparse.Namespace, *, note: str) -> str:
    """When and what; nothing that names the machine."""
    git = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    rows = 3 * options.customers
    return (
        f"## {datetime.now(UTC):%Y-%m-%d}, commit {commit or 'unknown'}, {options.customers:,} customers,"
        f" {rows:,} journey events\n\n{note}\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--explain", action="store_true")
    parser.add_argument("--background", action="store_true")
    options = parser.parse_args()
    url, filled = prepared(os.environ["DATABASE_URL"], customers=options.customers)
    os.environ |= {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "benchmarks.settings"}
    django.setup()
    _count_days()
    if options.explain:
        explain.main()
        return
    load = f"{os.cpu_count()} cores (load {os.getloadavg()[0]:.1f} at the start), Python {sys.version.split()[0]}, "
    if options.background:
        with database(url) as base:
            note = f"{load}PostgreSQL {base.version()}. In the background:"
        _append(heading(options, note=note), background.main(url))
        return
    with (
        Server("benchmarks.settings", url) as product,
        Server("benchmarks.unit_settings", url) as bare,
        database(url) as base,
    ):
        lines = list(_measure_all(product, bare, base, requests=options.requests))
        count = min(len(line.alone.seconds) for line in lines)
        note = (
            f"{load}PostgreSQL {base.version()}; {count} requests or more each; the largest worker holds"
            f" {product.memory_mb()} MB; {filled.removeprefix(NOTE).partition(' in ')[2] or '?'} to load."
        )
    _append(heading(options, note=note), rows(lines))


def _count_days() -> None:
    """As the worker does at night."""
    from workbench.tasks import tallies  # noqa: PLC0415 -- models, which need a configured Django

    tallies()
    tallies()


def _append(title: str, lines: Iterable[str]) -> None:
    table = "\n".join(lines)
    with README.open("a", encoding="utf-8") as file:
        file.write(f"\n{title}\n{table}\n")
    sys.stdout.write(f"\n{title}\n{table}\n\nAppended to {README.relative_to(ROOT)}.\n")


def _measure_all(product: Server, bare: Server, base: Database, *, requests: int) -> Iterator[Line]:
    from benchmarks.pages import cookies, pages, unit  # noqa: PLC0415 -- models, which need a configured Django

    unit_page = unit()
    unit_target = Target(unit_page, bare, base, cookies(unit_page.who))
    for page in pages():
        line = measure(Target(page, product, base, cookies(page.who)), unit_target, requests=requests)
        sys.stdout.write(f"{page.name}: {line.alone.median_ms:.0f} ms, {line.cpu_ratio:.1f} units of CPU\n")
        sys.stdout.flush()
        yield line


if __name__ == "__main__":
    main()
