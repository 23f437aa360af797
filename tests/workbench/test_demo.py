"""The demo store: who works there, and that its story keeps every promise of the database."""

from collections import Counter
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from core import clock
from customers.models import Customer
from followups.models import FollowUp
from opportunities.models import Opportunity
from staff.enums import Role
from staff.models import Store, User

pytestmark = pytest.mark.django_db


def load(customers: int = 25) -> str:
    out = StringIO()
    call_command("load_demo", customers=customers, stdout=out)
    return out.getvalue()


@pytest.mark.req("R-002", "R-033")
def test_demo_store_has_the_planned_headcount_and_the_other_roles() -> None:
    load(customers=5)

    at_work = User.objects.filter(store__code="binjiang", is_active=True)
    people = at_work.exclude(must_change_password=True)  # two are invited and have not come yet
    roles = Counter(role for user in people for role in user.roles)
    assert {
        role: roles[role]
        for role in (Role.SALES_MANAGER, Role.SALES_SUPERVISOR, Role.TELESALES_AGENT, Role.SALES_CONSULTANT)
    } == {
        Role.SALES_MANAGER: 1,
        Role.SALES_SUPERVISOR: 1,
        Role.TELESALES_AGENT: 2,
        Role.SALES_CONSULTANT: 4,
    }
    assert set(roles) == set(Role.values)
    assert User.objects.get(roles=[Role.INSURANCE_PARTNER]).is_external


@pytest.mark.req("R-071")
def test_demo_story_keeps_every_promise_and_has_late_due_and_future_callbacks() -> None:
    printed = load()

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the deferred guards look at every row now
    now = clock.now()
    pending = FollowUp.objects.pending()
    assert pending.filter(deadline_at__lt=now).exists()
    assert pending.filter(deadline_at__gte=now, due_on__lte=clock.today()).exists()
    assert pending.filter(due_on__gt=clock.today()).exists()
    assert not Opportunity.objects.open().exclude(follow_ups__state="pending").exists()
    assert Customer.objects.filter(name="王建国", store__code="binjiang").count() == 1
    assert "linyue" in printed


def test_demo_refuses_a_database_with_data() -> None:
    load(customers=3)

    with pytest.raises(CommandError):
        load(customers=3)

    assert Store.objects.count() == 2
