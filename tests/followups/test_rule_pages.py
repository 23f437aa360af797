"""The settings page of the rules: what it shows, what it saves, and that its preview tells the truth."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse

from approvals.models import ApprovalRequest
from core import clock, history
from followups.enums import RuleCode
from followups.models import FollowUp, FollowUpRuleSet, RuleReading
from followups.selectors import book_of, differences
from followups.services import rule_set_draft
from followups.services.preview import first_promises, preview
from tests.conftest import NOON, SHANGHAI
from tests.journeys import open_one
from tests.rules import publish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def admin(client, people):
    client.force_login(people.administrator)
    return client


@pytest.fixture
def draft(people) -> FollowUpRuleSet:
    return rule_set_draft(by=people.administrator)


def first(rule_set):
    return rule_set.rules.get(code=RuleCode.FIRST_CALLBACK)


def payload(rule, **changed):
    sent = {
        "revision": rule.revision,
        "due_after": rule.due_after,
        "overdue_after": rule.overdue_after,
        "due_time": "18:00",
        "channels": rule.channels,
        "closed_days": rule.closed_days,
        "remind_before_min": rule.remind_before_min,
        "escalate_after_min": rule.escalate_after_min,
        "manager_after_min": "",
        "is_active": "on",
    }
    return sent | changed


def page(client, **query):
    return client.get(reverse("followups:rule-list"), query)


def save(client, rule, **changed):
    return client.post(reverse("followups:rule-change", args=[rule.pk]), payload(rule, **changed))


def test_a_change_saves_by_itself_and_stands_as_a_difference(admin, draft):
    answer = save(admin, first(draft), escalate_after_min=120, manager_after_min=1440)

    assert answer.status_code == 302
    html = page(admin, v=2).content.decode()
    assert "与 v1 相差 2 处" in html
    assert "原 1 小时" in html
    assert {item.after for item in differences(draft)} == {"2 小时", "1 天"}


def test_nonsense_keeps_what_was_typed(admin, draft):
    answer = save(admin, first(draft), due_after=9, overdue_after=3)

    assert answer.status_code == 422
    assert 'value="9"' in answer.content.decode()
    assert differences(draft) == []


def test_an_old_page_is_told_and_shown_what_is_there(admin, people, draft):
    rule = first(draft)
    save(admin, rule, escalate_after_min=120)

    answer = admin.post(
        reverse("followups:rule-change", args=[rule.pk]), payload(rule, escalate_after_min=30), follow=True
    )

    assert "刚被别人改过" in answer.content.decode()
    assert first(draft).escalate_after_min == 120


def test_a_day_in_the_past_is_refused_next_to_its_field(admin, draft):
    answer = admin.post(reverse("followups:version-change", args=[draft.pk]), {"valid_from": "2026-11-17"})

    assert answer.status_code == 422
    assert "最早从明天起生效" in answer.content.decode()


def test_the_approver_sees_what_the_new_version_would_do(admin, client, people, draft):
    save(admin, first(draft), overdue_after=4)
    admin.post(reverse("followups:version-submit", args=[draft.pk]))
    request = ApprovalRequest.objects.get()
    client.force_login(people.manager)

    answer = client.get(reverse("approvals:request-detail", args=[request.pk]))

    steps = answer.context["card"].data["preview"]
    assert [step.is_changed for step in steps] == [False, True, False, False, False]
    assert steps[1].days in answer.content.decode()


def test_from_draft_to_published_and_read(admin, client, people, draft):
    save(admin, first(draft), escalate_after_min=120)
    assert admin.post(reverse("followups:version-submit", args=[draft.pk])).status_code == 302
    assert "待批准" in page(admin, v=2).content.decode()
    assert admin.post(reverse("followups:version-recall", args=[draft.pk])).status_code == 302
    draft.refresh_from_db()
    assert draft.state == "draft"

    read = reverse("followups:version-read", args=[draft.base_id])
    client.force_login(people.owner)
    assert "我已阅读" in client.get(read).content.decode()
    client.post(read)
    assert "已于" in client.get(read).content.decode()
    assert RuleReading.objects.get().user == people.owner
    assert client.get(reverse("followups:version-read", args=[draft.pk])).status_code == 404


def test_the_page_asks_as_often_with_four_versions_as_with_two(admin, people, django_assert_max_num_queries):
    publish(on=NOON.date() + timedelta(days=5))
    page(admin, v=1)
    with django_assert_max_num_queries(40) as one:
        page(admin, v=1)
    publish(on=NOON.date() + timedelta(days=7))
    publish(on=NOON.date() + timedelta(days=9))
    with django_assert_max_num_queries(40) as more:
        page(admin, v=1)

    assert len(more.captured_queries) == len(one.captured_queries)


@pytest.mark.parametrize("query", [{"v": "99"}, {"v": "x"}, {"v": "9" * 40}])
def test_an_unknown_version_does_not_exist(admin, query):
    assert page(admin, **query).status_code == 404


@pytest.mark.parametrize("query", [{"rule": "nope"}, {"level": "Q"}, {"at": "gestern"}, {"of": "x"}])
def test_a_strange_address_shows_the_page_all_the_same(admin, query):
    assert page(admin, **query).status_code == 200


# ---- the preview is the truth ------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["H", "A", "B", "C", "N"])
@pytest.mark.parametrize("hour", [8, 12, 17, 21])
@pytest.mark.req("R-070")
@pytest.mark.req("R-071")
@pytest.mark.req("R-077")
def test_the_preview_is_what_registering_really_plans(people, level, hour):
    publish(
        on=NOON.date(),
        codes=(RuleCode.FIRST_CALLBACK,),
        due_after=4,
        overdue_after=5,
        closed_days="later",
        channels=["wechat"],
    )
    at = datetime(2026, 11, 17, hour, 10, tzinfo=SHANGHAI)
    with clock.travel(at):
        book = book_of(FollowUpRuleSet.objects.get(number=2))
        shown = first_promises(book=book, level=level, at=at, store=people.store)
        opportunity = open_one(people, level=level)

    names = ("rule_code", "due_at", "due_on", "deadline_at", "channel", "rule_id", "remind_step", "remind_at")
    planned = FollowUp.objects.filter(opportunity=opportunity).order_by("due_at")
    assert [[getattr(row, name) for name in names] for row in shown] == [
        [getattr(row, name) for name in names] for row in planned
    ]


def test_the_preview_marks_what_the_draft_changes(people, draft):
    rule = first(draft)
    rule.overdue_after = 5
    rule.save()

    steps = preview(
        book=book_of(draft),
        level="H",
        at=NOON,
        store=people.store,
        before=book_of(FollowUpRuleSet.objects.get(number=1)),
    )

    assert [step.is_changed for step in steps] == [False, True, False, False, False]
    assert steps[1].days == "11月19–22日"


# ---- history -----------------------------------------------------------------------------------------------------


def test_who_changed_what_from_what_to_what(admin, people, draft):
    save(admin, first(draft), escalate_after_min=120)

    latest = history.changes(user=people.administrator, key="rules")[0]

    assert (latest.title, latest.actor) == ("首次回访", people.administrator)
    assert [(value.before, value.after) for value in latest.values] == [("1 小时", "2 小时")]
    html = admin.get(reverse("core:setting-changes")).content.decode()
    assert "1 小时" in html
    assert "许静" in html


def test_the_day_of_the_calendar_counts_at_once_and_leaves_a_trace(admin, people):
    url = reverse("core:business-day-set")
    assert admin.post(url, {"on": "2026-11-21", "is_workday": "1", "label": "车展"}).status_code == 302
    assert admin.post(url, {"on": "2026-11-21", "is_workday": "", "label": "车展"}).status_code == 302
    assert admin.post(reverse("core:business-day-clear"), {"on": "2026-11-21"}).status_code == 302

    found = history.changes(user=people.administrator, key="calendar")
    assert [change.kind for change in found] == ["deleted", "changed", "created"]
    assert [(value.before, value.after) for value in found[1].values] == [("是", "否")]


@pytest.mark.parametrize(("year", "is_known"), [(2026, True), (2027, False)])
def test_a_year_without_published_holidays_says_so(admin, year, is_known):
    html = admin.get(reverse("core:calendar"), {"year": year}).content.decode()

    assert ("放假安排还没公布" in html) is not is_known
    assert ("春节" in html) is is_known
