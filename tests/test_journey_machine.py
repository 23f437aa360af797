"""A store that does anything in any order: after every step the invariants of architecture.md section 5 hold."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import Count, Exists, Min, OuterRef
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from core import clock
from core.errors import DomainError
from core.phones import normalize_phone
from customers.models import Customer, CustomerPhone
from followups.enums import ContactOutcome, FollowUpState
from followups.models import Contact, FollowUp
from followups.services import contact_take_back, followup_reschedule, followups_reconcile
from leads.services import LeadInput, lead_register
from notifications.models import Notification
from opportunities.enums import CLOSE, LEVEL, EventKind, Level
from opportunities.models import JourneyEvent, Opportunity, Ownership
from opportunities.services import (
    close_request,
    level_set,
    opportunity_assign,
    proposal_withdraw,
)
from staff.models import User
from staff.services import leave_record
from tests.conftest import NOON
from tests.journeys import decide, record, sweep

PHONES = [normalize_phone(f"1380000000{digit}") for digit in range(4)]
OWNERS = ["owner", "colleague", "rival"]
WORKERS = [*OWNERS, "dcc", "supervisor", "manager"]
workers, owners = st.sampled_from(WORKERS), st.sampled_from(OWNERS)
leaders = st.sampled_from(["supervisor", "manager", "general_manager"])
picks = st.integers(0, 7)


class Store(RuleBasedStateMachine):
    """One example is one transaction that is taken back at the end."""

    people: Any = None  # set by the test

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.block = transaction.atomic()
        self.block.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    def person(self, name: str) -> User:
        return User.objects.get(pk=getattr(self.people, name).pk)

    def attempt(self, action: Callable[[], Any]) -> Any:
        """Whatever people try: it is done, or refused in words. None when refused."""
        with clock.travel(self.now):
            try:
                return action()
            except (DomainError, PermissionDenied):
                return None

    def pick(self, rows: Any, number: int) -> Any:
        found = list(rows.order_by("pk"))
        return found[number % len(found)] if found else None

    @initialize(phone=st.sampled_from(PHONES))
    def begin(self, phone):
        self.register(phone=phone, who="dcc", owner="owner", kind="call")

    @rule(
        phone=st.sampled_from(PHONES),
        who=workers,
        owner=owners | st.none(),
        kind=st.sampled_from(["call", "online", "walk_in"]),
    )
    def register(self, phone, who, owner, kind):
        data = LeadInput(kind=kind, phone=phone, name="王建国", gender="male", purchase_window="30d")
        self.attempt(
            lambda: lead_register(
                store_id=self.people.store.pk,
                data=data,
                owner=self.person(owner) if owner else None,
                by=self.person(who),
            )
        )

    @rule(
        number=picks,
        who=workers,
        outcome=st.sampled_from([value for value in ContactOutcome.values if value != "sent"]),
        hours=st.none() | st.integers(1, 24 * 20),
        level=st.sampled_from(["", *Level.values]),
        has_task=st.booleans(),
    )
    def contact(self, number, who, outcome, hours, level, has_task):
        opportunity = self.pick(Opportunity.objects, number)
        task = self.pick(FollowUp.objects.filter(opportunity=opportunity), number) if has_task else None
        next_at = self.now + timedelta(hours=hours) if hours else None
        self.attempt(
            lambda: record(
                opportunity, self.person(who), outcome, task=task, next_at=next_at, level=level, sentence="谈"
            )
        )

    @rule(number=picks)
    def take_back(self, number):
        contact = Contact.objects.order_by("-pk").first()
        if contact is not None:
            self.attempt(lambda: contact_take_back(contact_id=contact.pk, by=contact.by))

    @rule(number=picks, who=workers, hours=st.integers(-5, 24 * 9))
    def reschedule(self, number, who, hours):
        row = self.pick(FollowUp.objects.pending(), number)
        if row is not None:
            due_at = self.now + timedelta(hours=hours)
            self.attempt(
                lambda: followup_reschedule(followup_id=row.pk, due_at=due_at, reason="改期", by=self.person(who))
            )

    @rule(number=picks, who=leaders, owner=owners)
    def assign(self, number, who, owner):
        opportunity = self.pick(Opportunity.objects, number)
        self.attempt(
            lambda: opportunity_assign(
                opportunity_id=opportunity.pk, owner_id=self.person(owner).pk, by=self.person(who), reason="调整"
            )
        )

    @rule(number=picks, who=workers, outcome=st.sampled_from([("lost", "price"), ("void", "test")]))
    def propose_close(self, number, who, outcome):
        opportunity = self.pick(Opportunity.objects, number)
        self.attempt(
            lambda: close_request(
                opportunity_id=opportunity.pk, outcome=outcome[0], reason=outcome[1], by=self.person(who)
            )
        )

    @rule(number=picks, who=leaders, how=st.sampled_from(["approve", "send back", "withdraw"]))
    def decide_close(self, number, who, how):
        opportunity = self.pick(Opportunity.objects.exclude(close_requested=""), number)
        if opportunity is None:
            return
        person = self.person(who)
        if how == "withdraw":
            self.attempt(lambda: proposal_withdraw(opportunity_id=opportunity.pk, kind=CLOSE, by=person))
        else:
            self.attempt(lambda: decide(opportunity, CLOSE, person, approve=how == "approve"))

    @rule(number=picks, who=workers, level=st.sampled_from(Level.values))
    def change_level(self, number, who, level):
        opportunity = self.pick(Opportunity.objects, number)
        self.attempt(lambda: level_set(opportunity_id=opportunity.pk, level=level, by=self.person(who)))

    @rule(number=picks, who=leaders, is_accepted=st.booleans())
    def decide_level(self, number, who, is_accepted):
        opportunity = self.pick(Opportunity.objects.exclude(requested_level=""), number)
        if opportunity is not None:
            self.attempt(lambda: decide(opportunity, LEVEL, self.person(who), approve=is_accepted))

    @rule(who=owners, stand_in=owners | st.none(), days=st.integers(1, 5))
    def go_on_leave(self, who, stand_in, days):
        self.attempt(
            lambda: leave_record(
                user_id=self.person(who).pk,
                kind="annual",
                starts_at=self.now,
                ends_at=self.now + timedelta(days=days),
                stand_in_id=self.person(stand_in).pk if stand_in else None,
                by=self.person(who),
            )
        )

    @rule(who=st.sampled_from(["rival", "supervisor"]), is_active=st.booleans())
    def leave_the_house(self, who, is_active):
        User.objects.filter(pk=self.person(who).pk).update(is_active=is_active)

    @rule(minutes=st.integers(1, 60 * 24 * 4), is_swept=st.booleans())
    def time_goes_by(self, minutes, is_swept):
        self.now += timedelta(minutes=minutes)
        if is_swept:
            with clock.travel(self.now):
                sweep(200)

    # ---- what always holds ------------------------------------------------------------------------------------------

    @invariant()
    def an_open_opportunity_has_a_next_action(self):
        """Invariant 1, as the database checks it at commit, and the read model that the lists show."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        pending = FollowUp.objects.pending().filter(opportunity=OuterRef("pk"))
        assert not Opportunity.objects.open().filter(~Exists(pending)).exists()
        assert not Opportunity.objects.exclude(outcome="open").filter(Exists(pending)).exists()
        dues = dict(FollowUp.objects.pending().values_list("opportunity").annotate(Min("due_at")))
        for opportunity in Opportunity.objects.all():
            assert opportunity.next_action_at == dues.get(opportunity.pk)

    @invariant()
    def a_phone_belongs_to_one_customer(self):
        """Invariant 2, and one open opportunity each."""
        assert Customer.objects.count() == CustomerPhone.objects.values("number").distinct().count()
        assert not Opportunity.objects.open().values("customer").annotate(n=Count("pk")).filter(n__gt=1).exists()

    @invariant()
    def an_opportunity_has_one_owner(self):
        """Invariant 3: the owner, the open ownership and the callbacks name the same person."""
        held = dict(Ownership.objects.filter(until_at=None).values_list("opportunity", "owner"))
        assert held == dict(Opportunity.objects.exclude(owner=None).values_list("pk", "owner"))
        for row in FollowUp.objects.pending().select_related("opportunity"):
            assert row.assignee_id == row.opportunity.owner_id

    @invariant()
    def a_callback_is_reminded_and_missed_once(self):
        """Invariant 8."""
        told = Notification.objects.filter(subject__startswith="followups.FollowUp:")
        assert told.count() == told.values("dedupe_key").distinct().count()
        missed = JourneyEvent.objects.filter(kind=EventKind.FOLLOW_UP_MISSED)
        assert missed.count() == missed.values("subject").distinct().count()
        assert missed.count() == FollowUp.objects.exclude(missed_at=None).count()
        for row in FollowUp.objects.exclude(state=FollowUpState.PENDING):
            assert row.remind_at is None
            assert (row.state == FollowUpState.DONE) == (row.contact_id is not None)


@pytest.mark.slow
@pytest.mark.django_db
def test_whatever_people_do_the_invariants_hold(people):
    Store.people = people
    run_state_machine_as_test(
        Store,
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],  # a failure is reported as it was found; making it smaller would take minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
    with clock.travel(NOON):
        assert followups_reconcile() == 0
