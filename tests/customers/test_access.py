"""The logged look: a reason, so many in an hour, an alert to the manager, and nothing without the log."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection

from core import clock
from core.access_log import RequestMeta, log_access, short_user_agent
from core.errors import DomainError, LimitReached
from core.models import AccessLogEntry
from customers.models import AccessReason, PrivacyPolicy
from customers.selectors import access_reasons, privacy_policy
from customers.services import (
    IdentityEntry,
    access_refused_log,
    identity_reveal,
    identity_save,
    phone_reveal,
)
from notifications.models import Notification
from notifications.selectors import sentence
from tests.conftest import NOON
from tests.factories import CustomerFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
NUMBER = "110101199003070011"
META = RequestMeta(ip="10.0.0.1")


@pytest.fixture
def identity(people):
    customer = CustomerFactory(store=people.store)
    entry = IdentityEntry(number=NUMBER, source="original")
    return identity_save(customer_id=customer.pk, kind="id_card", entry=entry, by=people.manager)


def look(identity, by, reason="contract") -> str:
    return identity_reveal(identity_id=identity.pk, reason=reason, by=by, meta=META)


def looks(by) -> int:
    return AccessLogEntry.objects.filter(actor=by, action="reveal").count()


@pytest.mark.req("R-877")
def test_a_look_is_logged_with_who_what_why_and_where(people, identity):
    assert look(identity, people.owner) == NUMBER

    entry = AccessLogEntry.objects.get(actor=people.owner)
    assert (entry.action, entry.field, entry.reason, entry.ip, entry.customer_id, entry.result) == (
        "reveal", "id_card", "contract", "10.0.0.1", identity.customer_id, "ok",
    )  # fmt: skip
    assert NUMBER not in str(AccessLogEntry.objects.values())


def test_no_log_no_number(people, identity):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE core_accesslogentry ADD CONSTRAINT full_up CHECK (false) NOT VALID")

    with pytest.raises(IntegrityError):
        look(identity, people.owner)


@pytest.mark.parametrize("reason", ["", "curiosity", "contact"])
def test_a_look_needs_a_reason_of_the_list(people, identity, reason):
    with pytest.raises(DomainError, match="."):
        look(identity, people.owner, reason=reason)

    assert looks(people.owner) == 0


def test_reasons_are_dated(people, identity):
    AccessReason.objects.filter(data_class="identity", code="contract").update(valid_to=NOON.date())

    assert "contract" not in [row.code for row in access_reasons("identity")]
    with pytest.raises(DomainError):
        look(identity, people.owner)


@pytest.mark.parametrize("who", ["stranger", "finance", "administrator"])
def test_who_may_not_see_the_customer_sees_no_number(people, identity, who):
    with pytest.raises(PermissionDenied):
        look(identity, getattr(people, who))

    assert looks(getattr(people, who)) == 0


def test_the_manager_hears_of_many_looks_and_the_limit_ends_them(people, identity):
    for _number in range(19):
        look(identity, people.owner)
    assert not Notification.objects.exists()

    look(identity, people.owner)
    notice = Notification.objects.get()
    assert (notice.recipient, notice.kind) == (people.manager, "access_alert")
    assert "林悦" in sentence(notice)

    for _number in range(10):
        look(identity, people.owner)
    with pytest.raises(LimitReached):
        look(identity, people.owner)
    assert looks(people.owner) == 30
    assert Notification.objects.count() == 1
    assert look(identity, people.manager) == NUMBER


def test_an_hour_later_the_person_may_look_again(people, identity):
    PrivacyPolicy.objects.update(reveals_per_hour=1)
    look(identity, people.owner)

    with clock.travel(NOON + timedelta(minutes=59)), pytest.raises(LimitReached):
        look(identity, people.owner)
    with clock.travel(NOON + timedelta(minutes=61)):
        assert look(identity, people.owner) == NUMBER


def test_dialling_has_its_own_allowance(people, identity):
    PrivacyPolicy.objects.update(reveals_per_hour=1, dials_per_hour=2)
    phone = identity.customer.phones.get()
    look(identity, people.owner)

    for _number in range(2):
        phone_reveal(phone_id=phone.pk, is_dialled=True, by=people.owner, meta=META)
    with pytest.raises(LimitReached):
        phone_reveal(phone_id=phone.pk, is_dialled=True, by=people.owner, meta=META)
    with pytest.raises(LimitReached):
        phone_reveal(phone_id=phone.pk, by=people.owner, meta=META)


def test_a_store_may_have_its_own_numbers(people):
    PrivacyPolicy.objects.create(store=people.store, reveals_per_hour=5, valid_from=NOON.date())
    PrivacyPolicy.objects.create(store=people.other_store, reveals_per_hour=6, valid_from="2030-01-01")

    assert privacy_policy(people.store.pk).reveals_per_hour == 5
    assert privacy_policy(people.other_store.pk).reveals_per_hour == 30


def test_a_refused_look_is_logged_and_does_not_count(people, identity):
    PrivacyPolicy.objects.update(reveals_per_hour=1)
    refused = {"customer_id": identity.customer_id, "action": "reveal", "field": "id_card", "by": people.owner}

    access_refused_log(**refused, result="wrong_password", meta=META)
    assert not Notification.objects.exists()
    assert look(identity, people.owner) == NUMBER
    access_refused_log(**refused, result="limited", meta=META)

    results = AccessLogEntry.objects.filter(actor=people.owner).order_by("id").values_list("result", flat=True)
    assert list(results) == ["wrong_password", "ok", "limited"]
    assert Notification.objects.get().recipient == people.manager


def test_the_manager_is_watched_by_the_general_manager(people, identity):
    PrivacyPolicy.objects.update(reveal_alert_at=1)

    look(identity, people.manager)

    assert Notification.objects.get().recipient == people.general_manager


def test_a_look_without_a_customer_can_be_logged_too(people):
    log_access(actor=people.manager, action="export", customer_id=None, subject_type="reports.Export", subject_id=7)

    entry = AccessLogEntry.objects.get()
    assert (entry.customer_id, entry.subject_type, entry.subject_id) == (None, "reports.Export", 7)


@pytest.mark.parametrize(
    ("header", "short"),
    [
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0.1 Safari/537.36", "Chrome 130 · Android"),
        ("Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) Version/17.5 Safari/604.1", "Safari 17 · iPad"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge 130 · Windows"),
        ("Mozilla/5.0 (iPhone) MicroMessenger/8.0.50", "WeChat 8 · iPhone"),
        ("curl/8.0", ""),
        ("", ""),
    ],
)
def test_a_browser_is_named_in_two_words(header, short):
    assert short_user_agent(header) == short
