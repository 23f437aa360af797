"""Two administrators, two managers, a sweep while a version changes: one wins, no callback loses its rule."""

from datetime import timedelta

import pytest

from approvals.models import ApprovalRequest
from approvals.services import approval_decide
from core import clock
from followups.models import FollowUp, FollowUpRuleSet
from followups.services import (
    rule_change,
    rule_set_change,
    rule_set_draft,
    rule_set_publish,
    rule_set_submit,
    rule_sets,
)
from notifications.models import Notification
from tests.conftest import NOON
from tests.journeys import open_one, sweep
from tests.races.threads import Meeting, kinds, race, remove_locks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("noon")]
TOMORROW = NOON.date() + timedelta(days=1)


def waiting(people) -> FollowUpRuleSet:
    draft = rule_set_draft(by=people.administrator)
    rule = draft.rules.get(code="first_callback")
    rule_change(rule_id=rule.pk, revision=1, values={"escalate_after_min": 120}, by=people.administrator)
    rule_set_change(rule_set_id=draft.pk, values={"valid_from": TOMORROW}, by=people.administrator)
    return rule_set_submit(rule_set_id=draft.pk, by=people.administrator)


def published() -> list[tuple[int, object]]:
    rows = FollowUpRuleSet.objects.filter(state="published").order_by("number")
    return list(rows.values_list("number", "valid_to"))


def test_two_managers_publish_one_version_once(people):
    waiting(people)
    request = ApprovalRequest.objects.get()

    results = race(
        lambda: approval_decide(request_id=request.pk, approve=True, by=people.manager),
        lambda: approval_decide(request_id=request.pk, approve=True, by=people.general_manager),
    )

    assert kinds(results) == ["Conflict", "ok"]
    assert published() == [(1, TOMORROW), (2, None)]
    assert Notification.objects.filter(kind="rules_published", recipient=people.owner).count() == 1


def publish_both(people, monkeypatch):
    """Two managers past the check at the same moment, without the approval in front."""
    rule_set = waiting(people)
    point = Meeting()
    monkeypatch.setattr(rule_sets, "_ensure_ahead", point.after(rule_sets._ensure_ahead))
    return race(
        lambda: rule_set_publish(rule_set_id=rule_set.pk, by=people.manager),
        lambda: rule_set_publish(rule_set_id=rule_set.pk, by=people.general_manager),
    ), point


def test_whoever_publishes_second_is_refused(people, monkeypatch):
    results, point = publish_both(people, monkeypatch)

    assert kinds(results) == ["TransitionNotAllowed", "ok"]
    assert not point.took_place
    assert published() == [(1, TOMORROW), (2, None)]


def test_control_without_the_locks_both_get_past_the_check(people, monkeypatch):
    remove_locks(monkeypatch)

    results, point = publish_both(people, monkeypatch)

    assert point.took_place
    assert kinds(results) != ["TransitionNotAllowed", "ok"]  # the database keeps one of them out, with another error


def edit_both(people, monkeypatch):
    draft = rule_set_draft(by=people.administrator)
    rule = draft.rules.get(code="first_callback")
    point = Meeting()
    monkeypatch.setattr(rule_sets, "can_edit_rules", point.after(rule_sets.can_edit_rules))

    def change(**values):
        return lambda: rule_change(rule_id=rule.pk, revision=1, values=values, by=people.administrator)

    return race(change(due_after=1), change(overdue_after=9)), point, rule


def test_two_administrators_change_one_rule_one_of_them_is_told(people, monkeypatch):
    results, point, rule = edit_both(people, monkeypatch)

    assert kinds(results) == ["Conflict", "ok"]
    assert not point.took_place
    rule.refresh_from_db()
    assert rule.revision == 2


def test_control_without_the_locks_nobody_is_told(people, monkeypatch):
    remove_locks(monkeypatch)

    results, point, _rule = edit_both(people, monkeypatch)

    assert point.took_place
    assert kinds(results) == ["ok", "ok"]


def test_two_administrators_begin_one_draft(people, monkeypatch):
    results = race(
        lambda: rule_set_draft(by=people.administrator).pk, lambda: rule_set_draft(by=people.administrator).pk
    )

    assert kinds(results) == ["ok", "ok"]
    assert results[0] == results[1]
    assert FollowUpRuleSet.objects.filter(state="draft").count() == 1


@pytest.mark.req("R-070")
@pytest.mark.req("R-071")
def test_a_version_published_while_the_sweep_runs_leaves_every_planned_callback_its_rule(people):
    opportunities = [open_one(people) for _number in range(4)]
    before = dict(FollowUp.objects.values_list("pk", "rule_id"))
    rule_set = waiting(people)
    request = ApprovalRequest.objects.get()

    def run_sweep() -> int:
        with clock.travel(NOON + timedelta(hours=5, minutes=30)):
            return sweep()

    results = race(
        run_sweep, lambda: approval_decide(request_id=request.pk, approve=True, by=people.manager), run_sweep
    )

    assert kinds(results) == ["ok", "ok", "ok"]
    assert results[0] + results[2] == len(opportunities)  # the same-day message of each, once
    assert dict(FollowUp.objects.values_list("pk", "rule_id")) == before
    assert set(FollowUp.objects.values_list("rule__rule_set__number", flat=True)) == {1}
    rule_set.refresh_from_db()
    assert rule_set.state == "published"
    with clock.travel(NOON + timedelta(days=1)):
        later = open_one(people)
    assert set(later.follow_ups.values_list("rule__rule_set__number", flat=True)) == {2}
