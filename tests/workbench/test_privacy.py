"""Numbers and pictures of documents on the customer's page: masked, asked for, logged, gone after a while."""

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from PIL import Image

from core.models import AccessLogEntry, PrivateFile
from customers.models import CustomerIdentity, PrivacyPolicy
from notifications.models import Notification
from tests.factories import PASSWORD
from tests.uploads import pdf, picture, polyglot
from tests.workbench.conftest import HTMX

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
NUMBER = "330106198805120015"
MASKED = "330106********0015"


def url_of(opportunity, name: str, **more) -> str:
    return reverse(f"workbench:{name}", kwargs={"pk": opportunity.pk} | more)


@pytest.fixture
def row(people, customer_of):
    return customer_of(people.owner)


@pytest.fixture
def desk(people, sign_in) -> Client:
    return sign_in(people.owner)


def enter(desk, row, kind="id_card", **values):
    data = {"number": NUMBER, "source": "original"} | values
    return desk.post(url_of(row, "identity-edit", kind=kind), data, headers=HTMX)


def look(desk, row, headers=HTMX, **values):
    data = {"reason": "contract", "password": PASSWORD} | values
    return desk.post(url_of(row, "identity-show", kind="id_card"), data, headers=headers)


def profile_of(desk, row) -> str:
    return desk.get(url_of(row, "opportunity-detail"), {"tab": "profile"}).text


def photograph(desk, row, content=None, name="IMG_0001.jpg", headers=HTMX, **values):
    file = SimpleUploadedFile(name, picture(800, 500) if content is None else content)
    data = {"file": file, "kind": "id_front", "purpose": "test_drive"} | values
    return desk.post(url_of(row, "document-new"), data, headers=headers)


def view(desk, row, file, **values):
    data = {"reason": "test_drive", "password": PASSWORD} | values
    return desk.post(url_of(row, "document-view", file_id=file.pk), data)


def log() -> list[tuple[str, str, str, str]]:
    rows = AccessLogEntry.objects.exclude(action="view").order_by("id")
    return list(rows.values_list("action", "field", "reason", "result"))


@pytest.mark.req("R-877")
def test_a_number_is_entered_masked_and_shown_once_with_reason_and_password(desk, row):
    assert enter(desk, row, name_on_document="王建国").status_code == 204
    page = profile_of(desk, row)
    assert MASKED in page
    assert NUMBER not in page

    shown = look(desk, row)

    assert NUMBER in shown.text
    assert 'data-remask-s="30"' in shown.text
    assert (shown["HX-Retarget"], shown["HX-Trigger"]) == ("#identity-id_card", "sheet:close")
    assert "no-store" in shown["Cache-Control"]
    assert log() == [("change", "id_card", "original", "ok"), ("reveal", "id_card", "contract", "ok")]
    assert NUMBER not in profile_of(desk, row)


def test_without_scripts_the_page_with_the_number_leaves_by_itself(desk, row):
    enter(desk, row)

    shown = look(desk, row, headers={})

    assert NUMBER in shown.text
    assert shown["Refresh"] == f"30; url={url_of(row, 'opportunity-detail')}?tab=profile"


@pytest.mark.parametrize("values", [{"password": "wrong"}, {"password": ""}, {"reason": ""}, {"reason": "curiosity"}])
def test_without_reason_and_password_there_is_no_number(desk, row, values):
    enter(desk, row)

    refused = look(desk, row, **values)

    assert refused.status_code == 422
    assert NUMBER not in refused.text
    wrong = [("reveal", "id_card", "", "wrong_password")] if values == {"password": "wrong"} else []
    assert log()[1:] == wrong


def test_a_get_shows_the_question_and_no_number(desk, row):
    enter(desk, row)

    asked = desk.get(url_of(row, "identity-show", kind="id_card"), headers=HTMX)

    assert asked.status_code == 200
    assert NUMBER not in asked.text
    assert "Contract" in asked.text


def test_passwords_cannot_be_tried_out(desk, row, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"login": (3, 900)}
    enter(desk, row)
    for _number in range(2):
        assert NUMBER in look(desk, row).text  # right ones do not count

    for number in range(3):
        look(desk, row, password=f"wrong-{number}")

    refused = look(desk, row)
    assert refused.status_code == 422
    assert "Too many wrong passwords" in refused.text
    assert NUMBER not in refused.text


def test_the_password_can_be_switched_off_by_the_policy(desk, row):
    PrivacyPolicy.objects.update(is_password_asked=False, shown_seconds=5)
    enter(desk, row)

    shown = look(desk, row, password="")

    assert NUMBER in shown.text
    assert 'data-remask-s="5"' in shown.text


def test_one_look_too_many_is_refused_logged_and_told(people, desk, row):
    PrivacyPolicy.objects.update(reveals_per_hour=1, reveal_alert_at=9)
    enter(desk, row)
    look(desk, row)

    refused = look(desk, row)

    assert refused.status_code == 422
    assert NUMBER not in refused.text
    assert log()[-1] == ("reveal", "id_card", "", "limited")
    assert Notification.objects.get().recipient == people.manager


def test_no_log_no_number(people, row, sign_in):
    desk = sign_in(people.owner)
    enter(desk, row)
    desk.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE core_accesslogentry ADD CONSTRAINT full_up CHECK (action <> 'reveal') NOT VALID")

    refused = look(desk, row)

    assert refused.status_code == 500
    assert NUMBER not in refused.text


def test_a_wrong_number_keeps_what_was_typed(desk, row):
    refused = enter(desk, row, number="330106198805120014", name_on_document="王建国")

    assert refused.status_code == 422
    assert "check digit" in refused.text
    assert "王建国" in refused.text
    assert not CustomerIdentity.objects.exists()


def test_the_number_of_another_customer_is_refused_without_telling_whose(people, desk, row, customer_of):
    enter(desk, row)
    other = customer_of(people.owner, "李雪梅")

    refused = enter(desk, other)

    assert refused.status_code == 422
    assert "Another customer" in refused.text
    assert "王建国" not in refused.text


def test_changing_a_date_does_not_ask_for_the_number_again(desk, row):
    enter(desk, row)
    sheet = desk.get(url_of(row, "identity-edit", kind="id_card"), headers=HTMX).text
    assert NUMBER not in sheet
    assert MASKED in sheet

    assert enter(desk, row, number="", valid_until="2030-05-12").status_code == 204

    identity = CustomerIdentity.objects.get()
    assert (identity.number, str(identity.valid_until)) == (NUMBER, "2030-05-12")


def test_a_licence_has_class_and_first_issue(desk, row):
    assert enter(desk, row, "driving_licence").status_code == 422
    assert (
        enter(desk, row, "driving_licence", licence_class="C1", issued_on="2010-06-01", valid_until="2020-06-01")
    ).status_code == 204

    page = profile_of(desk, row)
    assert "C1" in page
    assert "ran out" in page


@pytest.mark.parametrize("kind", ["tattoo", "passport"])
def test_unknown_and_missing_numbers_do_not_exist(desk, row, kind):
    enter(desk, row)

    assert desk.get(url_of(row, "identity-show", kind=kind)).status_code == 404
    assert desk.get(url_of(row, "identity-delete", kind=kind)).status_code == 404


def test_deleting_a_number_wants_a_reason(desk, row):
    enter(desk, row)
    url = url_of(row, "identity-delete", kind="id_card")

    assert desk.post(url, {"reason": ""}, headers=HTMX).status_code == 422
    assert desk.post(url, {"reason": "录错客户"}, headers=HTMX).status_code == 204

    assert not CustomerIdentity.objects.exists()
    assert log()[-1][:3] == ("change", "id_card", "录错客户")


@pytest.mark.parametrize("name", ["identity-edit", "identity-show", "identity-delete"])
def test_sight_of_the_store_alone_opens_no_number(people, sign_in, desk, row, name):
    enter(desk, row)
    people.rival.scope_override = "store"
    people.rival.save()

    response = sign_in(people.rival).post(url_of(row, name, kind="id_card"), {"reason": "contract"})

    assert response.status_code == 403


# ---- pictures -------------------------------------------------------------------------------------------------------


@pytest.mark.req("R-877")
def test_a_picture_is_stored_clean_and_shown_with_a_watermark(desk, row):
    assert photograph(desk, row, polyglot()).status_code == 204
    file = PrivateFile.objects.get()
    assert (file.kind, file.purpose, file.owner_id) == ("id_front", "test_drive", row.customer_id)

    shown = view(desk, row, file)

    assert shown["Content-Type"] == "image/jpeg"
    assert shown["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert shown["Cache-Control"] == "no-store, private"
    assert re.fullmatch(r"inline; filename\*=utf-8''[\w%.-]+\.jpg", shown["Content-Disposition"])
    assert b"<script>" not in shown.content
    with Image.open(io.BytesIO(shown.content)) as image:
        colours = image.convert("RGB").getcolors(maxcolors=1_000_000)
    assert len(colours) > 50  # one colour was photographed; the words over it have many
    assert log() == [("file_add", "id_front", "test_drive", "ok"), ("file_view", "id_front", "test_drive", "ok")]
    assert AccessLogEntry.objects.filter(subject_type="core.PrivateFile", subject_id=file.pk).count() == 2


@pytest.mark.parametrize("values", [{"password": "wrong"}, {"reason": "x"}])
def test_without_reason_and_password_there_is_no_picture(desk, row, values):
    photograph(desk, row)

    refused = view(desk, row, PrivateFile.objects.get(), **values)

    assert refused.status_code == 422
    assert refused["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.svg", b"<svg onload=alert(1)>", "Only pictures"),
        ("a.jpg", b"", "empty"),
        ("a.png", picture(), "does not fit"),
        ("a.pdf", pdf(), "Only pictures"),
        ("a.jpg", picture()[:300], "damaged"),
    ],
)
def test_a_bad_picture_is_refused_next_to_the_field(desk, row, name, content, words):
    refused = photograph(desk, row, content, name)

    assert refused.status_code == 422
    assert words in refused.text
    assert not PrivateFile.objects.exists()


def test_another_document_may_be_a_pdf_and_is_saved_not_shown(desk, row):
    assert photograph(desk, row, pdf(script=True), "a.pdf", kind="other").status_code == 204

    shown = view(desk, row, PrivateFile.objects.get())

    assert shown["Content-Type"] == "application/pdf"
    assert shown["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert b"CANARY" not in shown.content


def test_deleting_a_picture_shreds_it(desk, row):
    photograph(desk, row)
    file = PrivateFile.objects.get()
    url = url_of(row, "document-delete", file_id=file.pk)

    assert desk.post(url, {"reason": " "}, headers=HTMX).status_code == 422
    assert desk.post(url, {"reason": "试驾已结束"}, headers=HTMX).status_code == 204

    assert PrivateFile.objects.get().wrapped_key is None
    assert view(desk, row, file).status_code == 404
    assert "ID card, side with the portrait" not in profile_of(desk, row)


def test_the_picture_of_another_customer_does_not_exist(people, desk, row, customer_of):
    photograph(desk, row)
    other = customer_of(people.owner, "李雪梅")

    assert view(desk, other, PrivateFile.objects.get()).status_code == 404


def test_uploads_are_counted(desk, row, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"upload": (1, 3600)}
    photograph(desk, row)

    refused = photograph(desk, row)

    assert refused.status_code == 422
    assert PrivateFile.objects.count() == 1


@pytest.mark.parametrize("rows", [1, 3])
def test_the_data_tab_takes_the_same_queries_however_many_documents(desk, row, django_assert_num_queries, rows):
    for number in range(rows):
        enter(
            desk,
            row,
            ["id_card", "passport", "travel_permit"][number],
            number=[NUMBER, "E12345678", "H12345678"][number],
        )
        photograph(desk, row)
    profile_of(desk, row)

    with django_assert_num_queries(14):
        profile_of(desk, row)
