"""A signed-in person who reads English, and customers with callbacks at given distances from now."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from core import clock
from followups.enums import Step
from followups.models import FollowUp
from opportunities.models import Opportunity
from staff.models import User
from tests.factories import CustomerFactory, OpportunityFactory

HTMX = {"HX-Request": "true"}


@pytest.fixture
def sign_in(people: Any) -> Callable[[User], Client]:
    User.objects.update(language="en")

    def enter(user: User) -> Client:
        client = Client()
        user.refresh_from_db()
        client.force_login(user)
        return client

    return enter


@pytest.fixture
def customer_of(people: Any) -> Callable[..., Opportunity]:
    """Make a customer of somebody; `due`: when the callback is due, `late`: how long it is late, both from now."""

    def make(
        owner: User | None,
        name: str = "王建国",
        *,
        due: timedelta = timedelta(hours=1),
        late: timedelta | None = None,
        **fields: Any,
    ) -> Opportunity:
        store = owner.store if owner else people.store
        customer = CustomerFactory(name=name, store=store)
        row = OpportunityFactory(customer=customer, store=store, owner=owner, **fields)
        task = row.follow_ups.get()
        now = clock.now()
        task.due_at = now - late - timedelta(hours=4) if late else now + due
        task.due_on = clock.local_date(task.due_at)
        task.deadline_at = now - late if late else max(clock.end_of_day(task.due_on), task.due_at)
        task.remind_step = Step.ESCALATE if late else Step.DUE
        task.save()
        Opportunity.objects.filter(pk=row.pk).update(next_action_at=task.due_at)
        row.refresh_from_db()
        return row

    return make


def callback_of(opportunity: Opportunity) -> FollowUp:
    return opportunity.follow_ups.get()
