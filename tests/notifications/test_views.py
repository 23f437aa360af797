"""Inbox and bell: what a person reads, and that nobody touches the lines of somebody else."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from core import clock
from followups.enums import RuleCode
from notifications.enums import NoticeKind
from notifications.models import Notification
from notifications.selectors import CALLBACK_WORDS, OUTCOME_WORDS, lines, sentence, snooze_moments
from opportunities.stages import Outcome
from staff.models import User
from tests.conftest import NOON
from tests.factories import NotificationFactory

HTMX = {"HX-Request": "true"}
INBOX = "notifications:inbox"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def owner(people, client):
    """林悦, signed in and reading English."""
    User.objects.update(language="en")
    people.owner.refresh_from_db()
    client.force_login(people.owner)
    return people.owner


def url(name: str, notice: Notification) -> str:
    return reverse(f"notifications:{name}", args=[notice.pk])


def test_inbox_groups_by_day_and_says_what_happened(client, owner):
    NotificationFactory(recipient=owner, data={"customer": "王建国", "code": "first_callback"})
    NotificationFactory(
        recipient=owner,
        kind=NoticeKind.OWNER_CHANGED,
        data={"customer": "李雪梅", "by": "沈立峰", "reason": "休假"},
        created_at=NOON - timedelta(days=1),
    )

    page = client.get(reverse(INBOX))
    fragment = client.get(reverse(INBOX), headers=HTMX)

    assert ("<html" in page.text, "<html" in fragment.text) == (True, False)
    for text in (page.text, fragment.text):
        today, earlier = text.split("Earlier")
        assert "王建国: First callback is due now" in today
        assert "沈立峰 handed 李雪梅 over to you" in earlier
        assert "休假" in earlier


def test_inbox_empty_says_what_would_come(client, owner):
    assert "Nothing is waiting for you" in client.get(reverse(INBOX), headers=HTMX).text


def test_inbox_shows_own_lines_that_are_neither_done_nor_asleep(client, owner, people):
    NotificationFactory(recipient=people.rival, data={"customer": "甲"})
    NotificationFactory(recipient=owner, data={"customer": "乙"}, done_at=NOON)
    NotificationFactory(recipient=owner, data={"customer": "丙"}, snoozed_until=NOON + timedelta(hours=1))
    NotificationFactory(recipient=owner, data={"customer": "丁"}, snoozed_until=NOON)

    text = client.get(reverse(INBOX), headers=HTMX).text

    assert [name for name in "甲乙丙丁" if name in text] == ["丁"]


def test_inbox_pages_by_cursor(client, owner):
    for number in range(51):
        NotificationFactory(
            recipient=owner, data={"customer": f"客{number:02}"}, created_at=NOON + timedelta(seconds=number)
        )

    first = client.get(reverse(INBOX), headers=HTMX)
    second = client.get(reverse(INBOX), {"cursor": first.context["page"].next_cursor}, headers=HTMX)

    assert len(first.context["lines"]) == 50
    assert [line.notice.data["customer"] for line in second.context["lines"]] == ["客00"]
    assert "notifications/?cursor=" not in first.text
    assert client.get(reverse(INBOX), {"cursor": "nonsense"}).status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_inbox_uses_a_fixed_number_of_queries(client, owner, django_assert_num_queries, count):
    client.get(reverse(INBOX), headers=HTMX)
    for _number in range(count):
        NotificationFactory(recipient=owner)

    with django_assert_num_queries(3):
        client.get(reverse(INBOX), headers=HTMX)


@pytest.mark.parametrize(
    ("count", "label", "badge"),
    [
        (0, "Notifications, nothing unread", ""),
        (2, "Notifications, 2 unread", ">2<"),
        (100, "more than 99 unread", ">99+<"),
    ],
)
def test_bell_counts_what_is_unread(client, owner, count, label, badge):
    Notification.objects.bulk_create([Notification(recipient=owner, kind="follow_up_due") for _ in range(count)])

    text = client.get(reverse("notifications:bell"), headers=HTMX).text

    assert label in text
    assert badge in text
    assert not Notification.objects.filter(read_at__isnull=False).exists()


def test_read_opens_the_link_and_marks_the_line(client, owner):
    notice = NotificationFactory(recipient=owner, url="/today/")

    response = client.post(url("notice-read", notice))

    notice.refresh_from_db()
    assert (response.url, notice.read_at, notice.done_at) == ("/today/", NOON, None)


@pytest.mark.parametrize("target", ["", "https://example.com/", "//example.com", "javascript:alert(1)"])
def test_read_stays_in_the_house(client, owner, target):
    notice = NotificationFactory(recipient=owner, url=target)

    assert client.post(url("notice-read", notice)).url == reverse(INBOX)


def test_done_takes_the_line_away(client, owner):
    notice = NotificationFactory(recipient=owner, data={"customer": "王建国"})

    answer = client.post(url("notice-done", notice), headers=HTMX)
    page = client.post(url("notice-done", notice))

    notice.refresh_from_db()
    assert notice.done_at == NOON
    assert "王建国" not in answer.text
    assert "notices:changed" in answer["HX-Trigger"]
    assert page.url == reverse(INBOX)


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("hour", NOON + timedelta(hours=1)),
        ("evening", NOON.replace(hour=18)),
        ("tomorrow", NOON.replace(day=18, hour=9)),
    ],
)
def test_snooze_hides_the_line_until_then(client, owner, until, expected):
    notice = NotificationFactory(recipient=owner)

    response = client.post(url("notice-snooze", notice), {"until": until}, headers=HTMX)

    notice.refresh_from_db()
    assert (response.status_code, timezone.localtime(notice.snoozed_until)) == (200, expected)


@pytest.mark.parametrize(("headers", "status"), [(HTMX, 422), ({}, 302)])
@pytest.mark.parametrize("until", ["", "never", "9" * 3000])
def test_snooze_refused_changes_nothing(client, owner, headers, status, until):
    notice = NotificationFactory(recipient=owner)

    response = client.post(url("notice-snooze", notice), {"until": until}, headers=headers)

    notice.refresh_from_db()
    assert (response.status_code, notice.snoozed_until) == (status, None)


@pytest.mark.parametrize(("headers", "status"), [(HTMX, 422), ({}, 302)])
def test_snooze_of_a_finished_line_is_refused(client, owner, headers, status):
    notice = NotificationFactory(recipient=owner, done_at=NOON)

    assert client.post(url("notice-snooze", notice), {"until": "hour"}, headers=headers).status_code == status


def test_snooze_in_the_evening_offers_no_evening():
    assert list(snooze_moments(NOON.replace(hour=17, minute=30))) == ["hour", "tomorrow"]


def test_read_all_marks_own_lines_only(client, owner, people):
    mine = NotificationFactory(recipient=owner)
    theirs = NotificationFactory(recipient=people.rival)

    response = client.post(reverse("notifications:notice-read-all"), headers=HTMX)

    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (response.status_code, mine.read_at, theirs.read_at) == (200, NOON, None)


@pytest.mark.parametrize("name", ["notice-read", "notice-done", "notice-snooze"])
def test_lines_of_others_do_not_exist(client, owner, people, name):
    notice = NotificationFactory(recipient=people.rival)

    assert client.post(url(name, notice), {"until": "hour"}).status_code == 404
    assert client.get(url(name, notice)).status_code == 405
    notice.refresh_from_db()
    assert (notice.read_at, notice.done_at, notice.snoozed_until) == (None, None, None)


# ---- sentences ---------------------------------------------------------------------------------------------

WORDS = {"customer": "王建国", "by": "沈立峰", "owner": "林悦", "level": "C", "current": "B", "code": "cadence"}


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("follow_up_soon", {"due_at": NOON.isoformat()}, "王建国: Regular callback is due at 17 Nov 12:00"),
        ("follow_up_overdue", {}, "王建国: Regular callback is overdue"),
        ("follow_up_escalated", {}, "林悦 missed it: Regular callback with 王建国 is overdue"),
        ("level_requested", {}, "沈立峰 proposes level C for 王建国, now B"),
        ("level_decided", {"is_accepted": True}, "沈立峰 agreed to level C for 王建国"),
        ("level_decided", {"is_accepted": False}, "沈立峰 did not agree to level C for 王建国"),
        ("close_requested", {"outcome": "lost"}, "沈立峰 proposes to close 王建国: Lost"),
        ("close_decided", {"outcome": "void", "is_accepted": True}, "沈立峰 agreed to close 王建国: Void"),
        ("close_decided", {"outcome": "lost", "is_accepted": False}, "沈立峰 wants 王建国 to be followed further"),
        ("customer_returned", {}, "王建国 contacted the store again"),
        ("unheard_of", {}, "unheard_of"),
    ],
)
def test_sentence_is_made_from_kind_and_data(kind, data, expected):
    with translation.override("en"):
        assert sentence(Notification(kind=kind, data=WORDS | data)) == expected


@pytest.mark.parametrize("kind", NoticeKind.values)
def test_sentence_survives_missing_data(kind):
    assert lines([Notification(kind=kind, data={})])[0].sentence
    assert lines([Notification(kind=kind, data={"due_at": "nonsense", "code": None})])[0].icon


def test_words_are_those_of_the_apps_above():
    with translation.override("en"):
        assert dict(RuleCode.choices) == CALLBACK_WORDS
        assert {key: str(word) for key, word in OUTCOME_WORDS.items()} == {
            key: str(Outcome(key).label) for key in ("lost", "void")
        }


def test_line_of_yesterday_is_not_of_today():
    notice = Notification(kind="follow_up_due", created_at=clock.now() - timedelta(days=1))

    assert not lines([notice])[0].is_today
