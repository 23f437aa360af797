"""Eight leaders, one decision: exactly one winner for every request (reliability.md 2.2, 22).

APPROVAL_RACES says how many requests (500 here; the larger figure is 20,000).
"""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection, connections

from approvals.models import ApprovalRequest
from approvals.querysets import ApprovalRequestQuerySet
from approvals.services import approval_decide
from notifications.models import Notification
from staff.enums import Role
from tests.approvals.asking import CODE, SUBJECT, registered
from tests.factories import UserFactory

RACES = int(os.environ.get("APPROVAL_RACES", "500"))
CONTROL_RACES = 10
DECIDERS = 8

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def leaders(people, noon) -> Iterator[list]:
    with registered(version=None):
        yield [UserFactory(name=f"经理{number}", roles=[Role.SALES_MANAGER]) for number in range(DECIDERS)]


def requests(people, count: int) -> list[int]:
    rows = [
        ApprovalRequest(kind=CODE, store=people.store, subject_type=SUBJECT, subject_id=n, requested_by=people.owner)
        for n in range(count)
    ]
    return [row.pk for row in ApprovalRequest.objects.bulk_create(rows)]


def decide_all(leaders: list, pks: list[int]) -> dict[int, list[bool | str]]:
    """Everybody decides every request at the same moment: half of them approve, half send back."""
    outcomes: dict[int, list[bool | str]] = {pk: [] for pk in pks}
    start = threading.Barrier(len(leaders))

    def one(person, approve: bool) -> None:
        try:
            for pk in pks:
                start.wait(timeout=60)
                outcomes[pk].append(_try(person, pk, approve))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(leaders)) as pool:
        jobs = [pool.submit(one, person, number % 2 == 0) for number, person in enumerate(leaders)]
        for job in jobs:
            job.result()
    return outcomes


def _try(person, pk: int, approve: bool) -> bool | str:
    try:
        approval_decide(request_id=pk, approve=approve, comment="好", by=person)
    except Exception as error:  # noqa: BLE001 -- the test counts what it was
        return type(error).__name__
    return approve


@contextmanager
def without_triggers() -> Iterator[None]:
    table = "approvals_approvalrequest"
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def winners(outcomes: dict[int, list[bool | str]]) -> set[int]:
    """How many won, over all requests."""
    return {sum(not isinstance(one, str) for one in each) for each in outcomes.values()}


@pytest.mark.slow
@pytest.mark.req("R-875")
def test_every_request_has_exactly_one_winner(people, leaders):
    pks = requests(people, RACES)

    outcomes = decide_all(leaders, pks)

    assert winners(outcomes) == {1}
    assert {one for each in outcomes.values() for one in each if isinstance(one, str)} == {"Conflict"}
    stored = dict(ApprovalRequest.objects.values_list("pk", "state"))
    won = {pk: next(one for one in each if not isinstance(one, str)) for pk, each in outcomes.items()}
    assert stored == {pk: "approved" if won[pk] else "rejected" for pk in pks}
    assert Notification.objects.filter(recipient=people.owner).count() == RACES  # one answer each


def test_control_without_the_comparison_the_trigger_stops_the_second(people, leaders, monkeypatch):
    pks = requests(people, CONTROL_RACES)
    monkeypatch.setattr(ApprovalRequestQuerySet, "pending", lambda self: self.all())

    outcomes = decide_all(leaders, pks)

    assert winners(outcomes) == {1}
    assert {one for each in outcomes.values() for one in each if isinstance(one, str)} == {"InternalError"}


def test_control_without_comparison_and_trigger_everybody_wins(people, leaders, monkeypatch):
    pks = requests(people, CONTROL_RACES)
    monkeypatch.setattr(ApprovalRequestQuerySet, "pending", lambda self: self.all())

    with without_triggers():
        outcomes = decide_all(leaders, pks)

    assert winners(outcomes) == {DECIDERS}
