"""The figures of counted days are those of a count at every look, whatever happens to the past afterwards."""

from contextlib import contextmanager
from datetime import timedelta
from random import Random

import pytest
from django.db import connection, transaction

from core import clock
from followups.enums import FollowUpState
from followups.models import Contact, ContactCorrection, FollowUp
from opportunities.models import Opportunity
from opportunities.services import journey_record
from tests.factories import ContactFactory, CustomerFactory, FollowUpFactory, OpportunityFactory
from workbench.models import ClosedDay, DayTally, ReopenedDay
from workbench.selectors.tallies import tally
from workbench.selectors.today import month
from workbench.services import tallies, tally_close_next
from workbench.tasks import tallies as count_days

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def live(*question):
    """The figures without any counted day."""
    with transaction.atomic():
        ClosedDay.objects.all().delete()
        answer = month(question[0], view=question[1])
        transaction.set_rollback(True)
    return answer


class World:
    """What may happen, each on some day of the last two weeks."""

    def __init__(self, people):
        self.random = Random(11)  # noqa: S311 -- the same story every time
        self.people, self.owners = people, [people.owner, people.colleague, None]
        self.opened()

    def step(self):
        steps = [
            self.opened, self.done, self.done, self.contact, self.contact, self.visit, self.taken_back,
            self.handed_over, self.void, self.undone, self.at_another_time,
        ]  # fmt: skip
        self.random.choice(steps)()

    def moment(self):
        return clock.now() - timedelta(days=self.random.randint(0, 14), minutes=self.random.randint(0, 700))

    def some(self):
        rows = Opportunity.objects.order_by("pk")
        return rows[self.random.randrange(rows.count())]

    def opened(self):
        store, owner = self.people.store, self.random.choice(self.owners)
        customer = CustomerFactory(store=store)
        OpportunityFactory(customer=customer, store=store, owner=owner, opened_at=self.moment())

    def done(self):
        row = self.some()
        FollowUpFactory(
            opportunity=row, store=row.store, customer=row.customer, assignee=row.owner, state=FollowUpState.DONE,
            done_at=self.moment(), is_late=self.random.random() < 0.4, remind_at=None, remind_step="",
        )  # fmt: skip

    def contact(self):
        at = self.moment()
        with clock.travel(at + timedelta(hours=self.random.randint(0, 40))):
            row = ContactFactory(opportunity=self.some(), by=self.random.choice(self.owners[:2]))
        Contact.objects.filter(pk=row.pk).update(occurred_at=at)

    def visit(self):
        row = self.some()
        row.stage = "received"
        journey_record(row, "stage_reached", by=self.people.manager, at=self.moment()).save()

    def taken_back(self):
        row = Contact.objects.filter(correction=None).first()
        if row:
            ContactCorrection.objects.create(contact=row, by=row.by)

    def handed_over(self):
        Opportunity.objects.filter(pk=self.some().pk).update(owner=self.random.choice(self.owners))

    def void(self):
        Opportunity.objects.filter(pk=self.some().pk).update(outcome="void", closed_at=clock.now())

    def undone(self):
        row = FollowUp.objects.filter(state=FollowUpState.DONE).first()
        if row:
            FollowUp.objects.filter(pk=row.pk).update(state=FollowUpState.PENDING, done_at=None, is_late=None)

    def at_another_time(self):
        row = FollowUp.objects.filter(state=FollowUpState.DONE).last()
        if row:
            FollowUp.objects.filter(pk=row.pk).update(done_at=self.moment())


def test_counted_days_say_what_a_count_says(people):
    world = World(people)
    tally_close_next()
    looks = [(people.owner, "mine"), (people.colleague, "mine"), (people.supervisor, "team"), (people.manager, "team")]
    for number in range(90):
        world.step()
        if number % 6 == 5:
            tally_close_next()
        if number % 9 == 8:
            for look in looks:
                assert month(look[0], view=look[1]) == live(*look), (number, look)
    count_days()
    assert not ReopenedDay.objects.exists()
    for look in looks:
        assert month(look[0], view=look[1]) == live(*look)
    assert tally(people.manager, is_team=True, first=clock.today(), month=clock.today()).since == clock.today()
    rebuilt = figures()
    ClosedDay.objects.all().delete()
    count_days()
    count_days()
    assert figures() == rebuilt
    assert sum(row[3] for row in rebuilt) > 0


def figures():
    """What is counted, without what came to nothing."""
    names = ("in_time", "late", "customers", "visits", "contacts")
    rows = DayTally.objects.order_by("on", "store", "person").values_list("on", "store", "person", *names)
    return [row for row in rows if any(row[3:])]


def test_the_page_adds_up_what_is_counted(people):
    """Not a count in disguise: what stands in the table is what is shown."""
    count_days()
    count_days()
    first = clock.today().replace(day=1)
    DayTally.objects.create(
        store=people.store, person=people.owner, on=first, in_time=7, late=2, customers=5, visits=3, contacts=11
    )

    shown = month(people.owner, view="mine")

    assert (shown.in_time, shown.late, shown.customers, shown.visits, shown.contacts) == (7, 2, 5, 3, 11)
    ReopenedDay.objects.create(store=people.other_store, on=first)
    assert month(people.owner, view="mine").customers == 0
    assert month(people.manager, view="team").customers == 5  # only the own store counts for the store


def test_today_is_not_counted_and_yesterday_only_when_no_transaction_of_it_can_be_open():
    midnight = clock.at_time(clock.today(), clock.MIDNIGHT)
    tally_close_next()
    with clock.travel(midnight + tallies.GRACE - timedelta(seconds=1)):
        count_days()
        assert ClosedDay.objects.latest("on").on == clock.today() - timedelta(days=2)
    with clock.travel(midnight + tallies.GRACE):
        count_days()
        assert ClosedDay.objects.latest("on").on == clock.today() - timedelta(days=1)


def test_what_nobody_asks_for_any_more_is_forgotten(people):
    old = clock.today() - tallies.KEPT - timedelta(days=1)
    ClosedDay.objects.create(on=old)
    DayTally.objects.create(
        store=people.store, person=people.owner, on=old, in_time=1, late=0, customers=0, visits=0, contacts=0
    )

    count_days()

    assert ClosedDay.objects.earliest("on").on > old
    assert not DayTally.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_not_committed_while_a_day_is_counted_is_counted_next(people, customer_of):
    """The race: who counts cannot see the change, and takes away only what was noted before."""
    with transaction.atomic():
        row = customer_of(people.owner)
    day = clock.now() - timedelta(days=3)
    Opportunity.objects.filter(pk=row.pk).update(opened_at=day)
    count_days()
    count_days()
    assert month(people.owner, view="mine").customers == 1

    with other_session() as writer:
        writer.execute(
            "UPDATE opportunities_opportunity SET owner_id = %s WHERE id = %s", [people.colleague.pk, row.pk]
        )
        ReopenedDay.objects.create(store=people.store, on=day.date())  # of somebody else, committed before
        assert tally_close_next() is True
        assert not ReopenedDay.objects.exists()
        assert month(people.owner, view="mine").customers == 1
        writer.execute("COMMIT")

    assert month(people.owner, view="mine").customers == 0  # at once: the day is not used until it is counted again
    count_days()
    assert not ReopenedDay.objects.exists()
    assert (month(people.owner, view="mine").customers, month(people.colleague, view="mine").customers) == (0, 1)


@contextmanager
def other_session():
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            yield cursor
            cursor.execute("ROLLBACK")
    finally:
        other.close()


def test_one_counts_at_a_time():
    ClosedDay.objects.create(on=tallies.first_needed(clock.today()) - timedelta(days=1))
    with other_session() as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [tallies.LOCK])
        assert tally_close_next() is False
    assert tally_close_next() is True


def test_counting_begins_a_run_after_changes_are_noted():
    assert tally_close_next() is False
    assert [row.on for row in ClosedDay.objects.all()] == [tallies.first_needed(clock.today()) - timedelta(days=1)]
    assert tally_close_next() is True
