"""The pages of an export: what will be in it, how far it is, the file."""

import pytest

from core.models import AccessLogEntry
from tests.workbench.conftest import HTMX
from workbench.models import CustomerExport, ExportRule
from workbench.tasks import export_build

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

NEW = "/customers/export/"
FORM = {"file_format": "csv", "reason": ""}


@pytest.fixture
def strict(db):
    ExportRule.objects.create(rows_without_approval=1, rows_at_most=2, valid_from="2026-11-01")


def text_of(answer):
    return answer.content.decode()


def test_the_list_leads_to_its_own_export(people, sign_in, customer_of):
    customer_of(people.owner, level="H")
    customer_of(people.owner, level="B")
    client = sign_in(people.owner)

    page = text_of(client.get("/customers/?view=all&level=H"))
    sheet = text_of(client.get(f"{NEW}?view=all&level=H", headers=HTMX))

    assert f'href="{NEW}?view=all&amp;level=H"' in page
    assert '<b class="num">1</b>' in sheet
    assert "In progress · H" in sheet
    assert "need no approval" in sheet


def test_who_may_not_export_has_no_button(people, sign_in):
    assert NEW not in text_of(sign_in(people.receptionist).get("/customers/?view=all"))


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_asking_leads_to_the_page_of_the_file(people, sign_in, customer_of, headers):
    customer_of(people.owner)

    answer = sign_in(people.owner).post(f"{NEW}?view=all", FORM, headers=headers)

    target = f"/exports/{CustomerExport.objects.get().pk}/"
    assert answer.headers.get("HX-Redirect" if headers else "Location") == target


def test_many_need_a_reason_and_the_typed_values_stay(people, sign_in, customer_of, strict):
    for _number in range(2):
        customer_of(people.owner)
    client = sign_in(people.owner)

    refused = client.post(f"{NEW}?view=all", {"file_format": "csv", "with_phones": "on", "reason": " "})
    asked = client.post(f"{NEW}?view=all", {"file_format": "csv", "reason": "车展邀约"})

    assert refused.status_code == 422
    assert 'value="csv" checked' in text_of(refused)
    page = text_of(client.get(asked["Location"]))
    assert "Waiting for approval" in page
    assert "/approvals/" in page


def test_too_many_are_not_even_asked_for(people, sign_in, customer_of, strict):
    for _number in range(3):
        customer_of(people.owner)
    client = sign_in(people.owner)

    sheet = text_of(client.get(f"{NEW}?view=all"))
    answer = client.post(f"{NEW}?view=all", FORM | {"reason": "x"})

    assert "At most 2 customers at once" in sheet
    assert (answer.status_code, CustomerExport.objects.count()) == (422, 0)


def test_an_empty_list_offers_nothing(people, sign_in):
    sheet = text_of(sign_in(people.owner).get(f"{NEW}?view=all"))

    assert "There is no customer in this list" in sheet
    assert 'type="submit" class="btn btn-primary' not in sheet


def test_the_card_asks_again_until_the_file_is_there(people, sign_in, customer_of):
    customer_of(people.owner)
    client = sign_in(people.owner)
    here = client.post(f"{NEW}?view=all", FORM)["Location"]
    card = HTMX | {"HX-Target": "export"}

    waiting = text_of(client.get(here, headers=card))
    export_build()
    ready = text_of(client.get(here, headers=card))

    assert 'hx-trigger="every 2s"' in waiting
    assert "hx-trigger" not in ready
    assert "<html" not in ready
    assert f'action="{here}download/"' in ready


@pytest.mark.req("R-877")
def test_the_download_is_a_post_that_is_logged_with_where_it_came_from(people, sign_in, customer_of):
    customer_of(people.owner)
    client = sign_in(people.owner)
    here = client.post(f"{NEW}?view=all", FORM)["Location"]
    export_build()

    got = client.post(f"{here}download/")

    export = CustomerExport.objects.get()
    assert got["Content-Disposition"] == f'attachment; filename="{export.number}.csv"'
    assert got["Cache-Control"] == "no-store"
    entry = AccessLogEntry.objects.get(action="export", field="file")
    assert (entry.actor, entry.ip, entry.subject_id) == (people.owner, "127.0.0.1", export.pk)


def test_a_file_that_is_gone_says_so(people, sign_in, customer_of):
    customer_of(people.owner)
    client = sign_in(people.owner)
    here = client.post(f"{NEW}?view=all", FORM)["Location"]

    answer = client.post(f"{here}download/")

    assert answer.status_code == 409
    assert "This file does not exist any more." in text_of(answer)


def test_my_exports_are_listed_and_an_empty_list_says_how(people, sign_in, customer_of):
    customer_of(people.owner)
    client = sign_in(people.owner)
    empty = text_of(client.get("/exports/"))
    client.post(f"{NEW}?view=all", FORM)

    assert "No exports yet" in empty
    assert CustomerExport.objects.get().number in text_of(client.get("/exports/"))
    assert "No exports yet" in text_of(sign_in(people.colleague).get("/exports/"))


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_takes_the_same_queries_however_many_rows(
    people, sign_in, customer_of, django_assert_num_queries, rows
):
    for number in range(rows):
        row = customer_of(people.owner, level="HAB"[number])
        client = sign_in(people.owner)
        client.post(f"{NEW}?view=all&level={'HAB'[number]}&series={row.series_id}", FORM)
    client.get("/exports/")

    with django_assert_num_queries(5):
        client.get("/exports/")
