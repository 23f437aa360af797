"""What each process counts. /metrics adds up the processes (PROMETHEUS_MULTIPROC_DIR) and asks the database more."""

import os
from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from operations.selectors import Numbers, numbers

# The goals of the pages are 0.2 and 0.3 s (performance.md).
BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 15.0)
OWN = CollectorRegistry()

REQUESTS = Counter("shuncheng_requests", "Requests answered.", ["view", "method", "status"], registry=OWN)
SECONDS = Histogram("shuncheng_request_seconds", "Time to answer.", ["view"], buckets=BUCKETS, registry=OWN)
DB_SECONDS = Counter("shuncheng_request_db_seconds", "Time spent waiting for the database.", ["view"], registry=OWN)
DB_QUERIES = Counter("shuncheng_request_db_queries", "Statements sent to the database.", ["view"], registry=OWN)


class DatabaseCollector(Collector):
    """Numbers of the moment that only the database knows."""

    def collect(self) -> Iterator[Any]:
        found: Numbers = numbers()
        yield _gauge("shuncheng_reminders_due", "Reminder steps that are due and not yet sent.", found.reminders_due)
        yield _gauge("shuncheng_oldest_reminder_seconds", "Age of the oldest of them.", found.oldest_reminder_s)
        yield _gauge("shuncheng_approvals_pending", "Requests that wait for a decision.", found.approvals_pending)
        yield _gauge("shuncheng_failed_sign_ins", "Wrong passwords of the last hour.", found.failed_sign_ins)
        yield _by("shuncheng_heartbeat_age_seconds", "Since the last sign of life.", "sweep", found.heartbeat_ages)
        yield _by("shuncheng_outbox_messages", "Outgoing messages.", "state", found.outbox)


def exposition() -> bytes:
    """Everything in the text format of Prometheus."""
    registry = OWN
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    of_database = CollectorRegistry()
    of_database.register(DatabaseCollector())
    return bytes(generate_latest(registry)) + bytes(generate_latest(of_database))


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _by(name: str, text: str, label: str, values: dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
