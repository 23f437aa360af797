"""Invariant 1: no open opportunity without a next action, at commit; the daily run repairs what slipped in."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from core import clock
from core.models import JobRun
from followups.models import FollowUp
from followups.services import followups_reconcile
from followups.services import reconcile as reconcile_module
from opportunities.models import Opportunity
from tests.factories import OpportunityFactory
from tests.journeys import open_one


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def orphan(**fields):
    """What a restore or a bulk load with triggers off may leave behind."""
    sql("SET LOCAL session_replication_role = replica")
    opportunity = OpportunityFactory(follow_up=False, **fields)
    sql("SET LOCAL session_replication_role = origin")
    return opportunity


@pytest.mark.django_db
def test_an_orphan_gets_a_callback_for_today(people, noon):
    healthy = open_one(people)
    lost = orphan(store=people.store, customer__store=people.store, owner=people.owner)
    closed = OpportunityFactory(outcome="lost", closed_at=noon)

    assert followups_reconcile() == 1

    row = FollowUp.objects.get(opportunity=lost)
    assert (row.rule_code, row.due_on, row.assignee) == ("cadence", noon.date(), people.owner)
    lost.refresh_from_db()
    assert (lost.next_action_at, lost.next_action_label) == (clock.end_of_day(noon.date()), "cadence")
    assert FollowUp.objects.filter(opportunity=healthy).count() == 3
    assert not FollowUp.objects.filter(opportunity=closed).exists()


@pytest.mark.django_db
def test_a_day_is_done_once_and_the_next_day_again(people, noon):
    assert [followups_reconcile(), followups_reconcile()] == [0, None]
    with clock.travel(clock.end_of_day(noon.date())):
        assert followups_reconcile() is None
    with clock.travel(clock.end_of_day(noon.date()) + timedelta(seconds=1)):
        assert followups_reconcile() == 0

    assert JobRun.objects.filter(job="followups.reconcile").count() == 2


@pytest.mark.django_db
def test_what_one_run_leaves_the_next_one_repairs(people, noon, monkeypatch):
    monkeypatch.setattr(reconcile_module, "LIMIT", 2)
    for _n in range(3):
        orphan(store=people.store, customer__store=people.store, owner=people.owner)

    assert [followups_reconcile(), followups_reconcile(), followups_reconcile()] == [2, 1, None]

    assert FollowUp.objects.count() == 3


@pytest.mark.django_db
def test_a_callback_that_appeared_meanwhile_is_left_alone(people, noon, monkeypatch):
    """The statement saw an orphan, the lock came later: here the statement is made to see too much."""
    opportunity = open_one(people)
    monkeypatch.setattr(reconcile_module, "Exists", lambda pending: Q(pk__lt=0))

    assert reconcile_module._repair_next() is True

    assert FollowUp.objects.filter(opportunity=opportunity).count() == 3


REFUSED = "has no next action"


@pytest.mark.django_db(transaction=True)
class TestDatabase:
    """At commit, whoever writes."""

    @pytest.fixture
    def opportunity(self, people, noon):
        with transaction.atomic():
            return OpportunityFactory(store=people.store, customer__store=people.store, owner=people.owner)

    def test_an_open_opportunity_without_a_callback_is_refused(self, people, noon):
        with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
            OpportunityFactory(follow_up=False)

        assert not Opportunity.objects.exists()

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM followups_followup",
            "UPDATE followups_followup SET state = 'cancelled', remind_at = NULL",
            "UPDATE followups_followup SET state = 'done', done_at = now(), remind_at = NULL",
        ],
    )
    def test_the_last_callback_is_not_taken_away(self, opportunity, statement):
        with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
            sql(statement)

        assert FollowUp.objects.pending().count() == 1

    def test_a_closed_opportunity_needs_a_callback_to_be_opened_again(self, opportunity):
        with transaction.atomic():
            sql("UPDATE opportunities_opportunity SET outcome = 'lost', closed_at = now()")
            sql("DELETE FROM followups_followup")

        with pytest.raises(IntegrityError, match=REFUSED), transaction.atomic():
            sql("UPDATE opportunities_opportunity SET outcome = 'open', closed_at = NULL")

        assert Opportunity.objects.get().outcome == "lost"

    def test_in_one_transaction_one_callback_replaces_another(self, opportunity):
        with transaction.atomic():
            sql("UPDATE followups_followup SET state = 'cancelled', remind_at = NULL")
            sql("UPDATE followups_followup SET state = 'pending'")

        assert FollowUp.objects.pending().count() == 1
