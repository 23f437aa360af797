"""The pages: how many statements they cost, and that what was typed is kept when it is refused."""

import pytest
from django.urls import reverse

from core import clock
from customers.enums import ConsentPurpose
from customers.models import Consent
from privacy.models import PrivacyRequest, RetentionRule, RetentionRun
from tests.factories import CustomerFactory, OpportunityFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def case(people):
    return OpportunityFactory(customer=CustomerFactory(store=people.store), owner=people.owner)


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_of_a_customer_costs_the_same_with_more_rows(case, people, client, number, django_assert_num_queries):
    for index in range(number):
        Consent.objects.create(
            customer=case.customer, purpose=ConsentPurpose.CONTACT, text_version="1", given_at=clock.now(),
            withdrawn_at=clock.now(), recorded_by=people.owner,
        )  # fmt: skip
        PrivacyRequest.objects.create(
            store=people.store, customer=case.customer, kind="copy", state="withdrawn", asked_on=clock.today(),
            asked_how="到店", due_on=clock.today(), recorded_by=people.owner, comment=str(index),
        )  # fmt: skip
    client.force_login(people.owner)

    with django_assert_num_queries(11):
        assert client.get(reverse("privacy:customer-privacy", args=[case.customer_id])).status_code == 200


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_of_periods_costs_the_same_with_more_runs(people, client, number, django_assert_num_queries):
    rule = RetentionRule.objects.get(data_class="notices")
    for index in range(number):
        day = clock.today().replace(day=index + 1)
        RetentionRun.objects.create(rule=rule, data_class="notices", local_on=day, before=clock.now())
    client.force_login(people.administrator)

    with django_assert_num_queries(9):
        assert client.get(reverse("privacy:retention-list")).status_code == 200


def test_a_consent_is_given_and_withdrawn_on_the_page(case, people, client):
    client.force_login(people.owner)
    url = reverse("privacy:consent-new", args=[case.customer_id])
    fields = {"purpose": "marketing", "channel": "any", "text_version": "2026-1", "source": "到店签字"}

    refused = client.post(url, fields | {"source": ""})
    client.post(url, fields)
    client.post(reverse("privacy:consent-end", args=[case.customer_id]), {"purpose": "marketing"})

    assert refused.status_code == 422
    assert 'value="2026-1"' in refused.text
    consent = Consent.objects.get(customer=case.customer)
    assert (consent.purpose, consent.recorded_by, consent.withdrawn_at) == ("marketing", people.owner, clock.now())


def test_the_copy_comes_as_a_file_and_only_to_the_one_who_asked(case, people, client):
    row = PrivacyRequest.objects.create(
        store=people.store, customer=case.customer, kind="copy", state="approved", asked_on=clock.today(),
        asked_how="到店", due_on=clock.today(), recorded_by=people.owner, decided_by=people.manager,
        decided_at=clock.now(),
    )  # fmt: skip
    url = reverse("privacy:copy-download", args=[row.pk])

    client.force_login(people.owner)
    answer = client.post(url)
    client.force_login(people.supervisor)
    other = client.post(url)

    assert answer["Content-Disposition"] == f'attachment; filename="customer-{case.customer_id}.zip"'
    assert answer.content.startswith(b"PK")
    assert "no-store" in answer["Cache-Control"]
    assert other.status_code == 403


def test_a_period_below_one_day_is_refused_and_kept_in_the_form(people, client):
    client.force_login(people.administrator)
    url = reverse("privacy:retention-edit", args=["notices"])

    answer = client.post(url, {"keep_days": "0", "is_active": "on", "source": "试试", "valid_from": "2027-01-01"})

    assert answer.status_code == 422
    assert 'value="试试"' in answer.text
    assert RetentionRule.objects.get(data_class="notices").keep_days == 180
