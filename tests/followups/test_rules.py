"""Rules are dated data: which version counts on which day, and what the database refuses."""

from datetime import date, timedelta

import pgtrigger
import pytest
from django.db import IntegrityError, connection, transaction

from core import clock
from core.errors import DomainError
from followups.enums import ContactOutcome, RuleCode, Trigger
from followups.models import Contact, FollowUp, FollowUpPolicy, FollowUpRule, FollowUpRuleSet
from followups.selectors import (
    followups_visible_to,
    is_burst,
    ladder_of,
    pending_of,
    rule_book,
    rules_in_force,
)
from tests.conftest import NOON
from tests.factories import LeaveFactory, OpportunityFactory, StoreFactory, UserFactory
from tests.journeys import callbacks, open_one, record
from tests.rules import bend, copy_into, publish

pytestmark = pytest.mark.django_db
TODAY = NOON.date()


def sql(statement, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_rule_of_the_level_comes_before_the_one_for_all():
    store = StoreFactory()
    book = rule_book(store_id=store.pk, on=TODAY)

    assert book.rule(RuleCode.CADENCE, "H").due_after == 2
    assert book.rule(RuleCode.CADENCE).due_after == 7
    assert book.rule(RuleCode.FIRST_CALLBACK, "H").level == ""
    assert book.rule("unknown") is None


def test_a_trigger_gives_one_rule_for_each_callback():
    book = rule_book(store_id=StoreFactory().pk, on=TODAY)

    opened = [rule.code for rule in book.triggered_by(Trigger.OPENED, "H")]
    assert sorted(opened) == ["first_callback", "same_day_sms", "second_callback"]
    assert [rule.level for rule in book.triggered_by(Trigger.CONTACTED, "H") if rule.code == RuleCode.CADENCE] == ["H"]


@pytest.mark.parametrize(("day", "version"), [(9, 1), (10, 2), (11, 2)])
def test_a_version_counts_from_its_day_on(day, version):
    on = date(2027, 1, 10)
    publish(on=on, codes=(RuleCode.FIRST_CALLBACK,), due_after=1)

    book = rule_book(store_id=StoreFactory().pk, on=date(2027, 1, day))

    assert book.rule(RuleCode.FIRST_CALLBACK).set_number == version


def test_the_rule_of_the_store_comes_before_the_common_one():
    store, other = StoreFactory(), StoreFactory(code="other")
    publish(on=TODAY, store=store, codes=(RuleCode.FIRST_CALLBACK,), due_after=1)

    assert rule_book(store_id=store.pk, on=TODAY).rule(RuleCode.FIRST_CALLBACK).due_after == 1
    assert rule_book(store_id=other.pk, on=TODAY).rule(RuleCode.FIRST_CALLBACK).due_after == 2


def test_a_rule_that_was_switched_off_is_not_in_force():
    bend(FollowUpRule.objects.filter(code=RuleCode.SAME_DAY_SMS), is_active=False)

    codes = rules_in_force(store_id=StoreFactory().pk, on=TODAY).values_list("code", flat=True)
    assert RuleCode.SAME_DAY_SMS not in codes


def test_the_policy_of_the_store_comes_before_the_common_one():
    store, other = StoreFactory(), StoreFactory(code="other")
    own = FollowUpRuleSet.objects.create(store=store, number=1, valid_from=TODAY)
    FollowUpPolicy.objects.create(rule_set=own, reschedule_max_times=5)
    FollowUpRuleSet.objects.update(state="published")

    assert rule_book(store_id=store.pk, on=TODAY).policy.reschedule_max_times == 5
    assert rule_book(store_id=store.pk, on=TODAY - timedelta(days=1)).policy.reschedule_max_times == 2
    assert rule_book(store_id=other.pk, on=TODAY).policy.reschedule_max_times == 2


def test_without_a_policy_nothing_is_decided():
    with pgtrigger.ignore("followups.FollowUpPolicy:drafts_only_delete"):
        FollowUpPolicy.objects.all().delete()

    with pytest.raises(DomainError) as refused:
        rule_book(store_id=StoreFactory().pk, on=TODAY)

    assert refused.value.code == "no_rules"


def test_a_book_is_one_query(people, noon, django_assert_num_queries):
    record(open_one(people), people.owner, key="k", sentence="谈价")
    with django_assert_num_queries(1):
        book = rule_book(
            store_id=people.store.pk, on=TODAY, key="k", by_id=people.owner.pk, sentence="谈价", outcome="talked"
        )

    assert book.earlier_contact_id is not None
    assert (book.identical_at, is_burst(book, at=NOON)) == ((NOON,), False)


def test_the_planned_callback_keeps_the_version_that_planned_it(people, noon):
    opportunity = open_one(people)
    publish(on=TODAY + timedelta(days=1), codes=(RuleCode.FIRST_CALLBACK,), due_after=1)
    with clock.travel(NOON + timedelta(days=1)):
        later = open_one(people)

    assert [callbacks(row)[RuleCode.FIRST_CALLBACK].rule.rule_set.number for row in (opportunity, later)] == [1, 2]


def test_the_ladder_leaves_out_what_was_cancelled(people, noon):
    opportunity = open_one(people)
    with clock.travel(NOON + timedelta(days=2)):
        record(opportunity, people.owner)

    assert [row.rule_code for row in ladder_of(opportunity.pk)] == ["first_callback", "second_callback"]
    assert [row.rule_code for row in pending_of(opportunity.pk)] == ["second_callback"]


# ---- who sees what ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("owner", True),
        ("dcc", True),
        ("supervisor", True),
        ("manager", True),
        ("general_manager", True),
        ("colleague", False),
        ("rival", False),
        ("receptionist", False),
        ("finance", False),
        ("administrator", False),
        ("stranger", False),
        ("stranger_manager", False),
    ],
)
def test_who_sees_a_callback(people, noon, who, sees):
    open_one(people)

    assert followups_visible_to(getattr(people, who)).exists() is sees


def test_the_group_sees_all_its_stores_and_no_other(people, noon):
    open_one(people)
    group = UserFactory(store=people.other_store, roles=["general_manager"], scope_override="group")
    foreign = UserFactory(
        store=StoreFactory(code="foreign", group__name="别家"), roles=["general_manager"], scope_override="group"
    )

    assert [followups_visible_to(user).exists() for user in (group, foreign)] == [True, False]


@pytest.mark.parametrize("stand_in", ["rival", "supervisor_2"])
def test_a_stand_in_sees_and_works_the_callbacks_of_the_leave(people, noon, stand_in):
    people.supervisor_2 = UserFactory(store=people.store, roles=["sales_supervisor"])
    person = getattr(people, stand_in)
    open_one(people)
    assert not followups_visible_to(person).exists()

    LeaveFactory(user=people.owner, stand_in=person)

    assert followups_visible_to(person).count() == 3
    assert FollowUp.objects.work_of(person).count() == 3


def test_work_and_overdue(people, noon):
    open_one(people)

    assert FollowUp.objects.work_of(people.owner).count() == 3
    assert FollowUp.objects.work_of(people.supervisor).count() == 0
    with clock.travel(NOON + timedelta(days=1)):
        row = FollowUp.objects.overdue().get()
        assert (row.rule_code, row.is_overdue) == (RuleCode.SAME_DAY_SMS, True)


# ---- what the database refuses ------------------------------------------------------------------------------------


@pytest.fixture
def opportunity(people, noon):
    return OpportunityFactory(store=people.store, customer__store=people.store, owner=people.owner)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"due_after": 9, "overdue_after": 8}, "rule_overdue_not_before_due"),
        ({"level": "H"}, "rule_once_in_a_version"),
        ({"channels": []}, "rule_has_a_channel"),
        ({"escalate_after_min": 60, "manager_after_min": 59}, "rule_manager_after_supervisor"),
    ],
)
def test_a_draft_refuses_what_makes_no_sense(fields, constraint):
    draft = FollowUpRuleSet.objects.create(number=2, valid_from=TODAY)
    for rule in FollowUpRule.objects.filter(code=RuleCode.CADENCE, level__in=["", "H"]):
        copy_into(draft, rule)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        draft.rules.filter(level="").update(**fields)


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE followups_followup SET deadline_at = due_at - interval '1 second'", "followup_late_after_due"),
        ("UPDATE followups_followup SET state = 'done', remind_at = NULL", "followup_done_has_a_time"),
        ("UPDATE followups_followup SET state = 'cancelled'", "followup_only_pending_reminds"),
        ("UPDATE followups_followupruleset SET valid_to = valid_from", "ruleset_ends_after_it_starts"),
        ("UPDATE followups_followupruleset SET state = 'draft'", "a published version of the callback rules stays"),
        ("DELETE FROM followups_followupruleset", "a published version of the callback rules stays"),
        (
            "UPDATE followups_followuprule SET due_after = overdue_after",
            "only a draft of the callback rules can change",
        ),
        ("DELETE FROM followups_followuprule", "only a draft of the callback rules can change"),
        ("UPDATE followups_followuppolicy SET next_max_days = 1", "only a draft of the callback rules can change"),
    ],
)
def test_the_database_refuses(opportunity, statement, constraint):
    with pytest.raises(IntegrityError, match=constraint):
        sql(statement)


def test_a_callback_exists_once_per_rule_and_occurrence(opportunity):
    row = FollowUp.objects.get()
    row.pk, row.uid, row._state.adding = None, FollowUp._meta.get_field("uid").get_default(), True

    with pytest.raises(IntegrityError, match="followup_once_per_rule_and_occurrence"), transaction.atomic():
        row.save(force_insert=True)

    assert FollowUp.objects.count() == 1


def test_two_published_versions_do_not_overlap():
    with pytest.raises(IntegrityError, match="ruleset_one_in_force"), transaction.atomic():
        FollowUpRuleSet.objects.create(number=2, valid_from=TODAY, state="published")


def test_a_contact_is_stored_once_per_key(people, opportunity):
    record(opportunity, people.owner, ContactOutcome.TALKED, key="k1")

    row = Contact.objects.get()
    row.pk, row.uid, row._state.adding = None, Contact._meta.get_field("uid").get_default(), True
    with pytest.raises(IntegrityError, match="idempotency_key"), transaction.atomic():
        row.save(force_insert=True)

    assert Contact.objects.count() == 1
