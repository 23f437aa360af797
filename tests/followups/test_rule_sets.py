"""A version of the rules from draft to published: who may what, what changes, what stays."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, InternalError, transaction

from approvals.models import ApprovalRequest
from approvals.services import approval_decide
from core import clock
from core.errors import Conflict, DomainError, TransitionNotAllowed
from core.models import BusinessDay
from followups.enums import ClosedDays, RuleCode
from followups.models import FollowUp, FollowUpRuleSet, RuleReading
from followups.selectors import differences, readers_of, rule_book
from followups.services import (
    policy_change,
    rule_change,
    rule_restore,
    rule_set_change,
    rule_set_confirm,
    rule_set_discard,
    rule_set_draft,
    rule_set_publish,
    rule_set_recall,
    rule_set_submit,
)
from notifications.models import Notification
from tests.conftest import NOON
from tests.journeys import callbacks, open_one, record
from tests.rules import publish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
TODAY = NOON.date()
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def draft(people) -> FollowUpRuleSet:
    return rule_set_draft(by=people.administrator)


def first(rule_set):
    return rule_set.rules.get(code=RuleCode.FIRST_CALLBACK)


def change(rule, people, **values):
    return rule_change(rule_id=rule.pk, revision=rule.revision, values=values, by=people.administrator)


def asked(draft, people):
    """The draft with one change, waiting for the manager."""
    change(first(draft), people, overdue_after=4)
    rule_set_change(rule_set_id=draft.pk, values={"valid_from": TOMORROW}, by=people.administrator)
    rule_set_submit(rule_set_id=draft.pk, by=people.administrator)
    return ApprovalRequest.objects.get()


def decide(request, by, *, approve=True):
    return approval_decide(request_id=request.pk, approve=approve, comment="" if approve else "先问组长", by=by)


def test_a_draft_begins_as_a_copy_of_the_version_in_force(people, draft):
    base = FollowUpRuleSet.objects.get(number=1)

    assert (draft.number, draft.state, draft.base) == (2, "draft", base)
    assert str(draft.valid_from) == "2026-12-01"
    assert draft.rules.count() == base.rules.count()
    assert differences(draft) == []


def test_there_is_one_draft_at_a_time(people, draft):
    assert rule_set_draft(by=people.administrator).pk == draft.pk
    with pytest.raises(IntegrityError, match="ruleset_one_draft_at_a_time"), transaction.atomic():
        FollowUpRuleSet.objects.create(number=3, valid_from=TOMORROW)


@pytest.mark.parametrize("person", ["manager", "supervisor", "owner", "finance"])
def test_only_administrators_write_rules(people, draft, person):
    with pytest.raises(PermissionDenied):
        rule_set_draft(by=getattr(people, person))
    with pytest.raises(PermissionDenied):
        rule_change(rule_id=first(draft).pk, revision=1, values={"due_after": 1}, by=getattr(people, person))

    assert first(draft).due_after == 2


def test_a_change_is_a_difference_in_words_until_it_is_restored(people, draft):
    change(first(draft), people, overdue_after=4, escalate_after_min=120, channels=["phone", "wechat"])

    words = {item.field: (item.before, item.after) for item in differences(draft)}
    assert words == {
        "overdue_after": ("3 天", "4 天"),
        "channels": ("电话", "电话或微信"),
        "escalate_after_min": ("1 小时", "2 小时"),
    }
    rule_restore(rule_id=first(draft).pk, by=people.administrator)
    assert differences(draft) == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"overdue_after": 1}, "__all__"),
        ({"channels": []}, "channels"),
        ({"channels": ["pigeon"]}, "channels"),
        ({"escalate_after_min": 90, "manager_after_min": 60}, "__all__"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(people, draft, values, field):
    with pytest.raises(ValidationError) as refused:
        change(first(draft), people, **values)

    assert field in refused.value.message_dict
    assert differences(draft) == []


def test_what_identifies_a_rule_cannot_be_smuggled_in(people, draft):
    change(first(draft), people, code="cadence", trigger="delivered", rule_set_id=1, due_after=1)

    assert (first(draft).trigger, first(draft).due_after) == ("opened", 1)


def test_a_change_on_an_old_page_is_a_conflict(people, draft):
    rule = first(draft)
    change(rule, people, due_after=1)

    with pytest.raises(Conflict):
        change(rule, people, due_after=3)

    assert first(draft).due_after == 1


def test_the_numbers_around_callbacks_are_part_of_the_version(people, draft):
    policy_change(rule_set_id=draft.pk, revision=1, values={"next_max_days": 30}, by=people.administrator)

    assert [(item.field, item.after) for item in differences(draft)] == [("next_max_days", "30 天")]


@pytest.mark.parametrize("days", [-1, 0])
def test_rules_begin_tomorrow_at_the_earliest(people, draft, days):
    with pytest.raises(DomainError) as refused:
        rule_set_change(
            rule_set_id=draft.pk, values={"valid_from": TODAY + timedelta(days=days)}, by=people.administrator
        )

    assert (refused.value.field, refused.value.code) == ("valid_from", "too_early")


def test_without_a_change_there_is_nothing_to_approve(people, draft):
    with pytest.raises(DomainError) as refused:
        rule_set_submit(rule_set_id=draft.pk, by=people.administrator)

    assert refused.value.code == "no_change"


@pytest.mark.req("R-881")
@pytest.mark.req("R-872")
def test_a_manager_puts_it_in_force_from_its_day_on(people, draft):
    request = asked(draft, people)

    decide(request, people.manager)

    draft.refresh_from_db()
    old = FollowUpRuleSet.objects.get(number=1)
    assert (draft.state, draft.published_by, draft.published_at) == ("published", people.manager, NOON)
    assert (old.valid_to, draft.valid_from, draft.valid_to) == (TOMORROW, TOMORROW, None)
    found = [rule_book(store_id=people.store.pk, on=day).rule(RuleCode.FIRST_CALLBACK) for day in (TODAY, TOMORROW)]
    assert [rule.overdue_after for rule in found] == [3, 4]


def test_nobody_changes_what_waits_or_is_published(people, draft):
    request = asked(draft, people)
    with pytest.raises(DomainError):
        change(first(draft), people, due_after=1)

    decide(request, people.manager)

    with pytest.raises(DomainError):
        change(first(draft), people, due_after=1)
    with pytest.raises(DomainError):
        rule_set_discard(rule_set_id=draft.pk, by=people.administrator)


def test_nobody_approves_the_own_version(people, draft):
    people.administrator.roles = ["administrator", "sales_manager"]
    people.administrator.save()
    request = asked(draft, people)

    with pytest.raises(PermissionDenied):
        decide(request, people.administrator)
    with pytest.raises(PermissionDenied):
        rule_set_publish(rule_set_id=draft.pk, by=people.administrator)
    draft.refresh_from_db()
    assert draft.state == "waiting"


@pytest.mark.parametrize("person", ["supervisor", "owner", "finance", "stranger_manager"])
def test_only_managers_of_the_store_decide(people, draft, person):
    request = asked(draft, people)

    with pytest.raises(PermissionDenied):
        decide(request, getattr(people, person))


@pytest.mark.parametrize("how", ["sent back", "taken back"])
def test_sent_back_or_taken_back_it_is_a_draft_again(people, draft, how):
    request = asked(draft, people)

    if how == "sent back":
        decide(request, people.manager, approve=False)
    else:
        rule_set_recall(rule_set_id=draft.pk, by=people.administrator)

    draft.refresh_from_db()
    assert (draft.state, draft.asked_by) == ("draft", None)
    change(first(draft), people, due_after=1)


def test_a_version_is_published_once(people, draft):
    decide(asked(draft, people), people.manager)

    with pytest.raises(TransitionNotAllowed):
        rule_set_publish(rule_set_id=draft.pk, by=people.general_manager)


def test_an_approval_after_the_day_has_come_is_refused(people, draft):
    request = asked(draft, people)

    with clock.travel(NOON + timedelta(days=1)), pytest.raises(DomainError) as refused:
        decide(request, people.manager)

    assert refused.value.code == "too_early"
    draft.refresh_from_db()
    assert draft.state == "waiting"


def test_a_discarded_draft_is_gone_and_its_number_is_free(people, draft):
    change(first(draft), people, due_after=1)

    rule_set_discard(rule_set_id=draft.pk, by=people.administrator)

    assert not FollowUpRuleSet.objects.filter(state="draft").exists()
    assert rule_set_draft(by=people.administrator).number == 2


def test_a_planned_version_is_replaced_only_by_a_later_one(people, draft):
    decide(asked(draft, people), people.manager)
    later = rule_set_draft(by=people.administrator)

    assert (later.number, later.base) == (3, draft)
    with pytest.raises(DomainError):
        rule_set_change(rule_set_id=later.pk, values={"valid_from": TOMORROW}, by=people.administrator)


@pytest.mark.req("R-878")
def test_whom_it_concerns_reads_and_confirms_it(people, draft):
    decide(asked(draft, people), people.manager)

    told = set(Notification.objects.filter(kind="rules_published").values_list("recipient__employee_number", flat=True))
    assert told == set(readers_of(draft).values_list("employee_number", flat=True))
    assert {"owner", "dcc", "receptionist", "supervisor", "stranger"} <= told
    assert told.isdisjoint({"finance", "administrator"})
    for _time in range(2):
        rule_set_confirm(rule_set_id=draft.pk, by=people.owner)
    assert RuleReading.objects.get().user == people.owner
    with pytest.raises(PermissionDenied):
        rule_set_confirm(rule_set_id=draft.pk, by=people.finance)


def test_what_was_confirmed_stays(people, draft):
    decide(asked(draft, people), people.manager)
    rule_set_confirm(rule_set_id=draft.pk, by=people.owner)

    with pytest.raises(InternalError, match="Cannot update or delete"), transaction.atomic():
        RuleReading.objects.all().delete()


# ---- what the rules do -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("closed_days", "due_on", "late_on"),
    [("", "2026-11-21", "2026-11-22"), ("earlier", "2026-11-20", "2026-11-20"), ("later", "2026-11-23", "2026-11-23")],
)
@pytest.mark.req("R-070")
def test_a_day_off_is_moved_as_the_rule_says(people, closed_days, due_on, late_on):
    publish(on=TODAY, codes=(RuleCode.FIRST_CALLBACK,), due_after=4, overdue_after=5, closed_days=closed_days)

    row = callbacks(open_one(people))[RuleCode.FIRST_CALLBACK]

    assert (str(row.due_on), str(clock.local_date(row.deadline_at))) == (due_on, late_on)


def test_the_own_calendar_wins_over_the_weekday_at_once(people, django_assert_num_queries):
    publish(on=TODAY, codes=(RuleCode.FIRST_CALLBACK,), due_after=4, overdue_after=4, closed_days=ClosedDays.LATER)
    assert str(callbacks(open_one(people))[RuleCode.FIRST_CALLBACK].due_on) == "2026-11-23"

    BusinessDay.objects.create(on="2026-11-21", is_workday=True, label="加班")

    assert str(callbacks(open_one(people))[RuleCode.FIRST_CALLBACK].due_on) == "2026-11-21"
    with django_assert_num_queries(1):
        assert rule_book(store_id=people.store.pk, on=TODAY).days


def test_one_of_several_ways_is_enough(people):
    publish(on=TODAY, codes=(RuleCode.FIRST_CALLBACK,), channels=["phone", "wechat"])
    opportunity = open_one(people)
    task = callbacks(opportunity)[RuleCode.FIRST_CALLBACK]

    record(opportunity, people.owner, "sent", channel="wechat", task=task, sentence="发了配置表")

    assert FollowUp.objects.get(pk=task.pk).state == "done"


def test_a_message_is_no_call_when_the_rule_wants_a_call(people):
    opportunity = open_one(people)
    task = callbacks(opportunity)[RuleCode.FIRST_CALLBACK]

    record(opportunity, people.owner, "sent", channel="wechat", task=task, sentence="发了配置表")

    assert FollowUp.objects.get(pk=task.pk).state == "pending"


def test_trying_in_vain_clears_a_late_callback_only_so_often(people):
    opportunity = open_one(people)
    late = []
    for days in (4, 5, 6, 7):
        with clock.travel(NOON + timedelta(days=days)):
            record(opportunity, people.owner, "no_answer")
            late.append(callbacks(opportunity)[RuleCode.FIRST_CALLBACK].is_overdue)

    assert late == [False, False, True, True]
