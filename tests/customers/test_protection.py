"""Limits around protected data and reasons for looking: dated, tried before they are saved, kept by administrators."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from core import clock, history
from core.access_log import log_access
from core.enums import AccessAction
from core.errors import DomainError
from customers.models import AccessReason, PrivacyPolicy
from customers.selectors import access_reasons, privacy_policy
from customers.services import access_reason_add, access_reason_end, privacy_policy_change

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

NUMBERS = {
    "reveals_per_hour": 10, "reveal_alert_at": 5, "dials_per_hour": 40, "is_password_asked": True, "shown_seconds": 20,
    "customers_per_hour": 30, "customers_off_hours": 5,
}  # fmt: skip
PAGE = reverse("customers:protection")


@pytest.fixture
def admin(client, people):
    client.force_login(people.administrator)
    return client


def tomorrow():
    return clock.today() + timedelta(days=1)


def entered(people, **changes):
    values = NUMBERS | {"store": people.store.pk, "valid_from": tomorrow().isoformat()} | changes
    return {name: value for name, value in values.items() if value is not False}


def test_new_limits_count_from_their_day_and_say_what_they_change(admin, people):
    answer = admin.post(reverse("customers:policy-new"), entered(people))

    assert answer.status_code == 302
    assert privacy_policy(people.store.pk).reveals_per_hour == 30
    with clock.travel(clock.now() + timedelta(days=1)):
        assert privacy_policy(people.store.pk).reveals_per_hour == 10
        assert privacy_policy(people.stranger_manager.store_id).reveals_per_hour == 30
    made = [change for change in history.changes(user=people.administrator, key="privacy") if change.actor]
    assert [(change.kind, change.actor) for change in made] == [("created", people.administrator)]


def test_one_version_to_come_replaces_another(people):
    for number in (12, 14):
        values = NUMBERS | {"reveals_per_hour": number, "valid_from": tomorrow()}
        privacy_policy_change(store=people.store, values=values, by=people.administrator)

    assert [row.reveals_per_hour for row in PrivacyPolicy.objects.filter(store=people.store)] == [14]


def test_trying_numbers_saves_nothing_and_counts_what_really_happened(admin, people):
    for _look in range(6):
        log_access(actor=people.owner, action=AccessAction.REVEAL, customer_id=1)
    for _look in range(3):
        log_access(actor=people.manager, action=AccessAction.FILE_VIEW, customer_id=1)

    data = entered(people, reveals_per_hour=4, reveal_alert_at=3, preview="1")
    answer = admin.post(reverse("customers:policy-new"), data)

    effect = answer.context["effect"]
    assert (answer.status_code, effect.told, effect.stopped) == (200, 2, 1)
    assert "还没有保存" in answer.content.decode()
    assert not PrivacyPolicy.objects.filter(store=people.store).exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"valid_from": "2026-11-17"}, "valid_from"),
        ({"reveal_alert_at": 11}, "reveal_alert_at"),
        ({"reveals_per_hour": 0}, "reveals_per_hour"),
        ({"shown_seconds": "9" * 5_000}, "shown_seconds"),
        ({"store": ""}, "store"),
    ],
)
def test_what_makes_no_sense_stands_next_to_its_field(admin, people, changes, field):
    answer = admin.post(reverse("customers:policy-new"), entered(people, **changes))

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert not PrivacyPolicy.objects.filter(store=people.store).exists()


def test_an_administrator_of_one_store_sets_no_limits_for_others(people):
    for store in (None, people.stranger_manager.store):
        with pytest.raises(PermissionDenied):
            privacy_policy_change(store=store, values=NUMBERS | {"valid_from": tomorrow()}, by=people.administrator)

    assert PrivacyPolicy.objects.count() == 1


def test_a_reason_is_added_and_offered_no_more(admin, people):
    data = {"data_class": "identity", "name_zh": "保险理赔", "name_en": "Insurance claim"}
    assert admin.post(reverse("customers:reason-new"), data).status_code == 302
    reason = AccessReason.objects.get(name_zh="保险理赔")
    assert reason in access_reasons("identity")

    again = admin.post(reverse("customers:reason-new"), data)
    assert (again.status_code, list(again.context["reason_form"].errors)) == (422, ["name_zh"])

    assert admin.post(reverse("customers:reason-end", args=[reason.pk])).status_code == 302
    assert reason not in access_reasons("identity")
    assert AccessReason.objects.filter(pk=reason.pk).exists()


def test_the_reason_of_calls_and_the_last_one_stay(people):
    contact = AccessReason.objects.get(data_class="phone", code="contact")
    *others, last = AccessReason.objects.filter(data_class="document").order_by("pk")
    for reason in others:
        access_reason_end(reason_id=reason.pk, by=people.administrator)

    for reason, code in ((contact, "needed"), (last, "last")):
        with pytest.raises(DomainError) as refused:
            access_reason_end(reason_id=reason.pk, by=people.administrator)
        assert refused.value.code == code

    assert contact in access_reasons("phone")
    assert access_reasons("document") == [last]


@pytest.mark.parametrize("person", ["manager", "owner"])
def test_only_administrators_keep_the_reasons(people, person):
    with pytest.raises(PermissionDenied):
        access_reason_add(data_class="phone", name_zh="好奇", name_en="Curious", by=getattr(people, person))


@pytest.mark.parametrize("versions", [1, 3])
def test_the_page_costs_the_same_for_one_and_for_three_reasons_more(admin, people, versions, django_assert_num_queries):
    admin.post(reverse("customers:policy-new"), entered(people))
    for number in range(versions):
        access_reason_add(
            data_class="phone", name_zh=f"用途{number}", name_en=f"Reason {number}", by=people.administrator
        )
    admin.get(PAGE)

    with django_assert_num_queries(20):
        admin.get(PAGE)
