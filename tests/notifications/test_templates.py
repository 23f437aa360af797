"""The texts of messages as dated versions."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from core.errors import DomainError
from notifications.models import MessageTemplate
from notifications.selectors import template_texts, templates_in_force
from notifications.services import template_end, template_save
from tests.conftest import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
TODAY = NOON.date()


def save(by, **changed):
    values = {
        "code": "thanks_call",
        "valid_from": TODAY + timedelta(days=3),
        "body": "{customer}您好，我是{consultant}。",
        "name_zh": "来电感谢",
        "name_en": "Thanks for calling",
        "purpose": "service",
    }
    return template_save(by=by, **(values | changed))


def in_force(day) -> dict[str, str]:
    return {row.code: row.body for row in templates_in_force(channel="sms", on=day)}


def test_a_version_counts_from_its_day_and_the_old_one_can_still_be_read(people):
    old = in_force(TODAY)["thanks_call"]

    save(people.administrator)

    assert in_force(TODAY + timedelta(days=2))["thanks_call"] == old
    assert in_force(TODAY + timedelta(days=3))["thanks_call"] == "{customer}您好，我是{consultant}。"
    assert MessageTemplate.objects.filter(code="thanks_call").count() == 2


def test_a_version_between_two_ends_where_the_next_begins(people):
    save(people.administrator, valid_from=TODAY + timedelta(days=9), body="后")
    save(people.administrator, valid_from=TODAY, body="先")

    rows = MessageTemplate.objects.filter(code="thanks_call").order_by("valid_from")
    assert [(row.body[:1], row.valid_to) for row in rows][1:] == [("先", TODAY + timedelta(days=9)), ("后", None)]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"body": "{customer}您好，{price}"}, "body"),
        ({"body": "{customer 您好"}, "body"),
        ({"valid_from": TODAY - timedelta(days=1)}, "valid_from"),
    ],
)
def test_what_cannot_be_sent_is_refused(people, changed, field):
    with pytest.raises(DomainError) as refused:
        save(people.administrator, **changed)

    assert refused.value.field == field
    assert MessageTemplate.objects.filter(code="thanks_call").count() == 1


def test_only_administrators_write_texts(people):
    with pytest.raises(PermissionDenied):
        save(people.manager)


def test_a_text_that_ended_is_offered_no_more_and_stays_on_record(people):
    save(people.administrator)

    assert template_end(code="thanks_call", by=people.administrator) == 1

    assert "thanks_call" not in in_force(TODAY)
    text = next(text for text in template_texts(on=TODAY) if text.code == "thanks_call")
    assert (text.is_in_force, len(text.versions)) == (False, 1)


def test_the_page_makes_a_new_text_and_shows_it_filled_in(client, people):
    client.force_login(people.administrator)
    url = reverse("notifications:template-save")
    sent = {
        "name_zh": "节日问候",
        "name_en": "Greeting",
        "purpose": "marketing",
        "body": "{customer}，{store}祝您节日快乐",
        "valid_from": "2026-11-17",
    }

    assert client.post(url, sent | {"body": "{wrong}"}).status_code == 422
    answer = client.post(url, sent, follow=True)

    html = answer.content.decode()
    assert "王先生，杭州滨江店祝您节日快乐" in html
    assert "1 条短信" in html
    preview = client.post(reverse("notifications:template-preview"), {"body": "字" * 71}).content.decode()
    assert "2 条短信" in preview
