"""Writes due callbacks while everything around is killed: `python -m tests.chaos.writer COUNT SECONDS`.

May be killed and started again: it goes on behind the last one that was committed. Every fifth callback is already late
as well, so two steps of its ladder are due.
"""

import sys
import time
from datetime import timedelta

import django
from django.db import Error, connection, transaction

django.setup()

from core import clock  # noqa: E402 -- models need the set-up above
from followups.enums import RuleCode, Step  # noqa: E402
from followups.models import FollowUp  # noqa: E402
from opportunities.models import Opportunity  # noqa: E402
from tests.factories import OpportunityFactory, UserFactory  # noqa: E402

BATCH = 10
STORIES = 20
LATE_EVERY = 5


def stories() -> list[Opportunity]:
    """The opportunities that the callbacks belong to, made once."""
    with transaction.atomic():
        found = list(Opportunity.objects.order_by("pk"))
        if found:
            return found
        owner = UserFactory(employee_number="chaos", name="林悦")
        return [
            OpportunityFactory(owner=owner, store=owner.store, customer__store=owner.store) for _n in range(STORIES)
        ]


def callback(opportunities: list[Opportunity], number: int) -> FollowUp:
    opportunity = opportunities[number % STORIES]
    due_at = clock.now()
    is_late = number % LATE_EVERY == 0
    return FollowUp(
        opportunity=opportunity,
        store_id=opportunity.store_id,
        customer_id=opportunity.customer_id,
        assignee_id=opportunity.owner_id,
        rule_code=RuleCode.MANUAL,
        occurrence=number,
        due_at=due_at,
        due_on=clock.local_date(due_at),
        deadline_at=due_at if is_late else due_at + timedelta(days=1),
        original_due_at=due_at,
        remind_step=Step.DUE,
        remind_at=due_at,
    )


def write(count: int, seconds: float) -> None:
    """All callbacks from 1 to `count`, spread over the time."""
    opportunities = stories()
    pause = seconds * BATCH / count
    while True:
        with transaction.atomic():
            last = FollowUp.objects.filter(rule_code=RuleCode.MANUAL).order_by("-occurrence").first()
            first = last.occurrence + 1 if last else 1
            if first > count:
                return
            numbers = range(first, min(first + BATCH, count + 1))
            FollowUp.objects.bulk_create([callback(opportunities, number) for number in numbers])
        time.sleep(pause)


if __name__ == "__main__":
    while True:
        try:
            write(int(sys.argv[1]), float(sys.argv[2]))
            break
        except Error:  # the database restarts: nothing was committed, so the same ones again
            connection.close()
            time.sleep(0.3)
