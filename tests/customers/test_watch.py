"""Unusually many customers in an hour: the manager hears of it once."""

from datetime import datetime, timedelta

import pytest

from core import clock
from core.access_log import RequestMeta, log_view
from core.models import AccessLogEntry
from customers.models import PrivacyPolicy
from customers.services import access_watch
from customers.tasks import watch_access
from notifications.models import Notification
from notifications.selectors import sentence
from tests.conftest import NOON, SHANGHAI

pytestmark = pytest.mark.django_db
NIGHT = datetime(2026, 11, 17, 22, 30, tzinfo=SHANGHAI)


def open_customers(person, count: int) -> None:
    for number in range(count):
        log_view(actor=person, customer_id=1000 + number, request_meta=RequestMeta())


@pytest.mark.req("R-877")
def test_the_manager_is_told_once_for_an_hour(people):
    PrivacyPolicy.objects.update(customers_per_hour=3)
    with clock.travel(NOON):
        open_customers(people.owner, 3)
        assert access_watch() == 0
        open_customers(people.owner, 4)

        assert [access_watch(), access_watch()] == [1, 0]

    notice = Notification.objects.get()
    assert notice.recipient == people.manager
    assert "林悦" in sentence(notice)
    assert "4" in sentence(notice)


def test_outside_opening_hours_less_is_unusual(people):
    PrivacyPolicy.objects.update(customers_per_hour=30, customers_off_hours=2)
    with clock.travel(NIGHT):
        open_customers(people.owner, 3)
        assert watch_access() == 1

    assert Notification.objects.get().data["what"] == "off_hours"


def test_what_lies_longer_ago_or_in_another_store_does_not_count(people):
    PrivacyPolicy.objects.update(customers_per_hour=3)
    with clock.travel(NOON - timedelta(minutes=90)):
        open_customers(people.owner, 4)
    with clock.travel(NOON):
        open_customers(people.stranger, 3)

        assert access_watch() == 0


def test_one_customer_opened_often_is_one_row_an_hour(people):
    with clock.travel(NOON):
        for _number in range(5):
            log_view(actor=people.owner, customer_id=7, request_meta=RequestMeta())
        log_view(actor=people.rival, customer_id=7, request_meta=RequestMeta())
    with clock.travel(NOON + timedelta(hours=1)):
        log_view(actor=people.owner, customer_id=7, request_meta=RequestMeta())

    assert AccessLogEntry.objects.count() == 3
