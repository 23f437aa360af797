"""The customer as a person: no look at a number without a log entry, no number twice, no lost edit."""

import json

import pytest
from django.urls import reverse

from core.models import AccessLogEntry
from customers.models import CustomerPhone
from tests.workbench.conftest import HTMX, callback_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def url_of(opportunity, name: str = "phone-reveal") -> str:
    return reverse(f"workbench:{name}", args=[opportunity.pk])


def number_of(opportunity) -> str:
    return opportunity.customer.phones.get(is_primary=True).number


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_a_look_at_the_number_is_logged(people, sign_in, customer_of, headers):
    row = customer_of(people.owner)

    html = sign_in(people.owner).post(url_of(row), headers=headers).content.decode()

    assert number_of(row).removeprefix("+86") in html
    entry = AccessLogEntry.objects.get()
    assert (entry.actor, entry.action, entry.subject_id, entry.field) == (
        people.owner,
        "reveal",
        row.customer_id,
        "phone",
    )
    assert entry.ip == "127.0.0.1"


@pytest.mark.parametrize("person", ["colleague", "stranger", "stranger_manager", "finance"])
def test_no_log_no_number(people, sign_in, customer_of, person):
    row = customer_of(people.owner)

    answer = sign_in(getattr(people, person)).post(url_of(row))

    assert answer.status_code == 404
    assert number_of(row)[3:] not in answer.content.decode()
    assert not AccessLogEntry.objects.exists()


def test_a_get_shows_no_number(people, sign_in, customer_of):
    row = customer_of(people.owner)

    assert sign_in(people.owner).get(url_of(row)).status_code == 405


def test_number_of_another_customer_is_not_shown(people, sign_in, customer_of):
    row, other = customer_of(people.owner), customer_of(people.owner, "李雪梅")
    foreign = other.customer.phones.get().pk

    answer = sign_in(people.owner).post(f"{url_of(row)}?phone={foreign}", headers=HTMX)

    assert answer.status_code == 404
    assert not AccessLogEntry.objects.exists()


def test_call_hands_the_number_to_the_dialler_and_the_task_to_the_record(people, sign_in, customer_of):
    row = customer_of(people.owner)
    task = callback_of(row)

    answer = sign_in(people.owner).post(url_of(row), {"call": "1", "task": task.pk}, headers=HTMX)

    trigger = json.loads(answer.headers["HX-Trigger"])
    assert answer.status_code == 204
    assert trigger["call:start"]["tel"] == number_of(row)
    assert trigger["call:start"]["record_url"].endswith(f"?task={task.pk}")
    assert AccessLogEntry.objects.count() == 1


def test_call_without_a_script_is_a_page_with_the_number(people, sign_in, customer_of):
    row = customer_of(people.owner)

    html = sign_in(people.owner).post(url_of(row), {"call": "1"}).content.decode()

    assert f'href="tel:{number_of(row)}"' in html
    assert AccessLogEntry.objects.count() == 1


def test_customer_without_a_number(people, sign_in, customer_of):
    row = customer_of(people.owner)
    CustomerPhone.objects.all().delete()
    client = sign_in(people.owner)

    assert client.post(url_of(row)).status_code == 404
    assert client.get(url_of(row, "opportunity-detail")).status_code == 200


def test_a_number_is_added_once(people, sign_in, customer_of):
    row, other = customer_of(people.owner), customer_of(people.owner, "李雪梅")
    client = sign_in(people.owner)

    added = client.post(url_of(row, "phone-add"), {"phone": "０５７１-8765 4321", "label": "office"}, headers=HTMX)
    again = client.post(url_of(other, "phone-add"), {"phone": "+86 571 87654321"}, headers=HTMX)
    wrong = client.post(url_of(row, "phone-add"), {"phone": "138 0571 562"}, headers=HTMX)

    assert (added.status_code, again.status_code, wrong.status_code) == (204, 422, 422)
    assert "already registered in this store" in again.content.decode()
    assert list(row.customer.phones.order_by("-is_primary").values_list("number", flat=True))[1:] == ["+8657187654321"]
    assert other.customer.phones.count() == 1


@pytest.mark.req("R-089", "R-097")
def test_customer_data_is_edited_and_a_late_editor_is_told(people, sign_in, customer_of):
    row = customer_of(people.owner)
    client = sign_in(people.owner)
    data = {"version": row.customer.version, "name": "王建国", "gender": "male", "area": "上城", "grade": "vip"}

    done = client.post(url_of(row, "opportunity-profile"), data, headers=HTMX)
    late = client.post(url_of(row, "opportunity-profile"), data | {"area": "西湖"}, headers=HTMX)

    assert (done.status_code, late.status_code) == (204, 422)
    assert "Somebody else changed this customer meanwhile." in late.content.decode()
    row.customer.refresh_from_db()
    assert (row.customer.area, row.customer.grade) == ("上城", "vip")


def test_empty_name_is_refused(people, sign_in, customer_of):
    row = customer_of(people.owner)
    data = {"version": 1, "name": " \u200b ", "grade": "other"}

    answer = sign_in(people.owner).post(url_of(row, "opportunity-profile"), data, headers=HTMX)

    assert answer.status_code == 422
    row.customer.refresh_from_db()
    assert row.customer.name == "王建国"


def test_do_not_contact_takes_the_call_button_away(people, sign_in, customer_of):
    row = customer_of(people.owner)
    client = sign_in(people.owner)

    done = client.post(url_of(row, "opportunity-contactable"), {"state": "on"}, headers=HTMX)
    html = client.get(url_of(row, "opportunity-detail")).content.decode()
    again = client.post(url_of(row, "opportunity-contactable"), {"state": "on"})
    back = client.post(url_of(row, "opportunity-contactable"), {"state": "off"})

    assert done.status_code == 204
    assert "Do not contact" in html
    assert "Call and record" not in html
    assert (again.status_code, back.status_code) == (302, 302)
    row.customer.refresh_from_db()
    assert row.customer.is_do_not_contact is False


def test_opening_the_messages_of_the_device_is_a_logged_look_too(people, sign_in, customer_of):
    row = customer_of(people.owner)
    client = sign_in(people.owner)
    sheet = client.get(reverse("followups:message-send", args=[row.pk]), headers=HTMX).content.decode()

    response = client.post(url_of(row), {"sms": "1", "body": "您好"}, headers=HTMX)

    assert number_of(row).removeprefix("+86") not in sheet
    assert json.loads(response["HX-Trigger"]) == {"sms:start": {"tel": number_of(row), "body": "您好"}}
    assert AccessLogEntry.objects.get().action == "dial"


@pytest.mark.parametrize("name", ["phone-add", "opportunity-profile", "opportunity-contactable"])
def test_sight_of_the_store_alone_changes_no_customer(people, sign_in, customer_of, name):
    row = customer_of(people.owner)
    people.rival.scope_override = "store"
    people.rival.save()
    phones = CustomerPhone.objects.count()

    response = sign_in(people.rival).post(url_of(row, name), {"phone": "19911112222", "name": "改名"})

    assert response.status_code == 403
    assert CustomerPhone.objects.count() == phones
