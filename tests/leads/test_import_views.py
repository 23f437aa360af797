"""The import steps as a browser walks them; a stranger's file harms nobody; every answer is a page, never a 500."""

import csv
import io
from datetime import timedelta

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core import clock
from customers.models import Consent, Customer
from leads.enums import ImportState
from leads.models import Lead, LeadImport
from opportunities.models import Opportunity
from staff.models import User
from tests.conftest import NOON
from tests.factories import CustomerFactory, OpportunityFactory
from tests.leads.conftest import SAMPLE, confirm, listed, upload, workbook

HTMX = {"HX-Request": "true"}
LIST, UPLOAD = reverse("leads:import-list"), reverse("leads:import-upload")
EVIL = '<script>alert(1)</script>,"=HYPERLINK(""http://x"",""y"")",13805715621'
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "catalogue")]


@pytest.fixture
def desk(people, client):
    User.objects.update(language="en")
    client.force_login(people.dcc)
    return client


def url(step, lead_import, *more):
    return reverse(f"leads:import-{step}", args=[lead_import.pk, *more])


def send(client, content, name="list.csv"):
    content = content.encode() if isinstance(content, str) else content
    return client.post(UPLOAD, {"file": SimpleUploadedFile(name, content)})


def mapped(client):
    """Post the mapping as it was guessed; returns the page of the dry run."""
    made = LeadImport.objects.latest("pk")
    return client.post(
        url("mapping", made), {f"column_{key}": value for key, value in made.mapping.items()}, follow=True
    )


@pytest.mark.req("R-047")
def test_the_real_export_goes_through_the_page_and_a_second_time_changes_nothing(desk):
    assert send(desk, SAMPLE.read_bytes(), SAMPLE.name)["Location"] == url("mapping", LeadImport.objects.get())
    page = desk.get(url("mapping", LeadImport.objects.get())).content.decode()
    assert "GB18030" in page
    checked = mapped(desk)
    assert not Customer.objects.exists()
    counts = checked.context["lead_import"].counts
    assert [counts[name] for name in ("rows", "created", "repeated", "rejected")] == [360, 302, 38, 20]

    done = desk.post(url("confirm", LeadImport.objects.get()), {"has_consent": "on", "source": "平台"}, follow=True)

    assert "302 customers imported" in done.content.decode()
    assert [Lead.objects.count(), Consent.objects.count()] == [302, 302]
    send(desk, SAMPLE.read_bytes(), SAMPLE.name)
    again = mapped(desk)
    assert "imported this very file" in again.content.decode()
    counts = again.context["lead_import"].counts
    assert [counts[name] for name in ("rows", "created", "repeated", "rejected")] == [360, 0, 340, 20]
    refused = desk.post(url("confirm", again.context["lead_import"]), {"has_consent": "on"})
    assert (refused.status_code, Lead.objects.count()) == (422, 302)


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "a.csv", "The file is empty."),
        (b"%PDF", "a.pdf", "Only CSV and XLSX"),
        (b"PK\x03\x04broken", "a.xlsx", "damaged"),
        (b"x\x00y", "a.csv", "This is no text file"),
        (b"x" * (5 * 1024 * 1024 + 1), "a.csv", "larger than 5 MB"),
        ("姓名,手机号\n", "a.csv", "no rows"),
    ],
)
def test_what_is_no_list_is_said_at_the_field(desk, content, name, words):
    response = send(desk, content, name)

    assert (response.status_code, words in response.content.decode()) == (422, True)
    assert not LeadImport.objects.exists()


def test_the_address_of_the_upload_leads_to_the_form(desk):
    assert desk.get(UPLOAD)["Location"] == LIST


def test_no_file_and_no_phone_column_are_said(desk):
    assert "Choose a file first." in desk.post(UPLOAD).content.decode()
    send(desk, "姓名,备注\n王,x")
    refused = mapped(desk)
    assert (refused.status_code, "which column holds the phone" in refused.content.decode()) == (422, True)
    assert desk.get(url("check", LeadImport.objects.get())).status_code == 302


def test_markup_and_formulas_are_harmless_on_every_page_and_in_both_reports(desk, people):
    head = "备注,姓名,手机号\n"
    send(desk, head + EVIL + "\n" + "=1+1,+cmd|x,138\n@SUM(1),<img src=x onerror=alert(1)>,13805715622\n")
    made = LeadImport.objects.get()
    pages = [desk.get(url("mapping", made)), mapped(desk), desk.get(url("check", made) + "?show=created")]
    pages += [desk.post(url("confirm", made), {"has_consent": "on"}, follow=True), desk.get(LIST)]

    for page in pages:
        text = page.content.decode()
        assert "<script>alert" not in text
        assert "<img src=x" not in text
    raw = desk.get(url("report", made) + "?format=csv")
    rows = list(csv.reader(io.StringIO(raw.content.decode("utf-8-sig"))))
    assert raw.content.startswith(b"\xef\xbb\xbf")
    names = ['\'=HYPERLINK("http://x","y")', "'+cmd|x", "<img src=x onerror=alert(1)>"]
    assert [row[1] for row in rows[1:]] == names
    book = openpyxl.load_workbook(io.BytesIO(desk.get(url("report", made) + "?format=xlsx").content))
    types = {cell.data_type for line in book.active.iter_rows() for cell in line}
    assert types <= {"s", "inlineStr", "n"}
    assert (book.active["B2"].value, book.active["B2"].quotePrefix) == (names[0][1:], True)
    assert set(Customer.objects.values_list("name", flat=True)) == {names[0][1:], names[2]}


def test_the_report_masks_numbers_and_names_the_reason(desk, people):
    made = confirm(
        upload(people.dcc, listed("N1,王,13805715621", "N2,李,1380571562", "N3,钱,138 0571 5621")), people.dcc
    )

    problems = desk.get(url("report", made) + "?show=problems").content.decode("utf-8-sig")
    whole = desk.get(url("report", made) + "?format=nonsense").content.decode("utf-8-sig")

    assert "13805715621" not in problems + whole
    assert [line.split(",")[0] for line in problems.splitlines()] == ["Row", "3", "4"]
    assert "1 digit is missing." in problems
    assert "Same number as row 2" in problems
    assert len(whole.splitlines()) == 4


# ---- the dry run -------------------------------------------------------------------------------------------


@pytest.fixture
def staged(desk, people):
    OpportunityFactory(customer=CustomerFactory(store=people.store, phone="+8613805715629"), owner=people.owner)
    lines = ["N1,王,13805715621", "N2,李,1380571562", "N3,钱,13805715621", "N4,孙,13805715629", "N5,赵,"]
    return upload(people.dcc, listed(*lines))


def test_rows_are_filtered_and_the_numbers_masked(desk, staged):
    shown = {}
    for show in ("problems", "created", "repeated", "rejected", "nonsense"):
        response = desk.get(url("check", staged), {"show": show})
        shown[show] = [row.row_no for row in response.context["page"].items]
        assert "13805715621" not in response.content.decode()

    assert shown == {
        "problems": [3, 4, 5, 6],
        "created": [2],
        "repeated": [4, 5],
        "rejected": [3, 6],
        "nonsense": [3, 4, 5, 6],
    }
    assert "林悦 is following since Tue 17 Nov" in desk.get(url("check", staged)).content.decode()


def test_a_number_is_put_right_in_its_row(desk, staged):
    row_url = url("row", staged, 3)
    refused = desk.post(row_url, {"phone": "138"}, headers=HTMX)
    shown = HTMX | {"HX-Current-URL": f"http://testserver{url('check', staged)}?show=rejected"}
    done = desk.post(row_url, {"phone": "138 0571 5622"}, headers=shown)

    assert (refused.status_code, "8 digits are missing." in refused.content.decode()) == (422, True)
    assert 'value="138"' in refused.content.decode()
    text = done.content.decode()
    assert text.count('hx-swap-oob="true"') == 3
    assert 'show=rejected" aria-current="true">Rejected <span class="n">1</span>' in text
    assert "Import 2 rows" in text
    assert desk.post(row_url, {"phone": "1" * 500}, headers=HTMX).status_code == 422


def test_without_a_script_a_row_leads_back_to_the_page(desk, staged):
    answers = [desk.post(url("row", staged, 4), {"resolution": value}, follow=True) for value in ("merge", "reopen")]

    assert "Import 2 rows" in answers[0].content.decode()
    assert "This row can only be skipped." in answers[1].content.decode()
    assert desk.post(url("row", staged, 99), {"phone": "13805715622"}).status_code in (403, 404)


def test_the_import_asks_for_consent_and_sellers_only(desk, people, staged):
    without = desk.post(url("confirm", staged))
    to_manager = desk.post(url("confirm", staged), {"has_consent": "on", "owners": [people.manager.pk]})

    assert [without.status_code, to_manager.status_code] == [422, 422]
    assert "Confirm that the customers agreed" in without.content.decode()
    assert not Lead.objects.exists()


def test_pressing_import_twice_writes_once(desk, people, staged):
    for _ in range(2):
        answer = desk.post(url("confirm", staged), {"has_consent": "on", "owners": [people.owner.pk]})
        assert answer["Location"] == url("progress", staged)

    assert Lead.objects.get().opportunity.owner == people.owner


# ---- afterwards --------------------------------------------------------------------------------------------


def test_the_list_is_taken_back_from_its_page(desk, people, staged):
    confirm(staged, people.dcc)
    page = desk.get(url("progress", staged)).content.decode()
    answer = desk.post(url("undo", staged), follow=True).content.decode()

    assert "Take back 1 customers" in page
    assert "1 customers closed, 0 kept" in answer
    assert Opportunity.objects.open().count() == 1
    assert "There is nothing to take back." in desk.post(url("undo", staged), follow=True).content.decode()


def test_after_a_day_the_way_back_is_closed(desk, people, staged):
    confirm(staged, people.dcc)
    with clock.travel(NOON + timedelta(hours=25)):
        desk.force_login(people.dcc)
        page = desk.get(url("progress", staged)).content.decode()
        answer = desk.post(url("undo", staged), follow=True).content.decode()

    assert "Take back" not in page
    assert "within 24 hours" in answer


def test_every_step_leads_to_where_the_list_stands(desk, people, staged):
    assert desk.get(url("progress", staged))["Location"] == url("check", staged)
    confirm(staged, people.dcc)
    for step in ("mapping", "check"):
        assert desk.get(url(step, staged))["Location"] == url("progress", staged)
    assert desk.post(url("discard", staged), follow=True).status_code == 200
    assert LeadImport.objects.get().state == ImportState.DONE
    fresh = upload(people.dcc, listed("N9,王,13805715620"))
    LeadImport.objects.filter(pk=fresh.pk).update(state=ImportState.UPLOADED)
    assert desk.post(url("confirm", fresh), {"has_consent": "on"})["Location"] == url("mapping", fresh)
    assert "is forgotten" in desk.post(url("discard", fresh), follow=True).content.decode()


def test_a_failed_import_says_what_to_do(desk, staged):
    LeadImport.objects.update(state=ImportState.FAILED, error="ValueError: x")

    page = desk.get(url("progress", staged)).content.decode()

    assert "nothing of it was written" in page
    assert "ValueError" not in page


@pytest.mark.parametrize("rows", [1, 3])
def test_the_lists_cost_a_fixed_number_of_queries(desk, people, rows, django_assert_num_queries):
    for number in range(rows):
        made = upload(people.dcc, listed(*(f"{number}{n},王,138{n}" for n in range(rows))))
    desk.get(LIST)

    with django_assert_num_queries(4):
        desk.get(LIST)
    with django_assert_num_queries(7):
        desk.get(url("check", made))


@pytest.mark.parametrize(
    ("who", "status"),
    [("dcc", 200), ("manager", 200), ("supervisor", 404), ("stranger_manager", 404), ("owner", 404), ("finance", 404)],
)
def test_a_list_is_seen_by_who_uploaded_it_and_who_leads_the_store(people, client, who, status):
    made = confirm(upload(people.dcc, listed("N1,王,13805715621")), people.dcc)
    client.force_login(getattr(people, who))

    assert client.get(url("progress", made)).status_code == status
    assert client.get(url("report", made)).status_code == status
    assert client.get(LIST).status_code == (403 if who in ("owner", "finance") else 200)
    if status == 404:
        assert client.post(url("undo", made)).status_code == 404
        assert client.post(url("row", made, 2), {"phone": "1"}).status_code == 404


@pytest.mark.slow
def test_ten_thousand_bad_rows_are_only_a_long_list(desk):
    junk = ["", "无", "<b>", "=1+1", "1" * 400, "138", "😀", '"', "\x00x"]
    lines = [[f"{n}", junk[n % 9], junk[(n * 7) % 9], "2026-99-99"] for n in range(10_000)]
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["线索编号", "姓名", "手机号", "留资时间"], *lines])

    assert send(desk, buffer.getvalue().replace("\x00", "")).status_code == 302
    page = mapped(desk)

    assert page.status_code == 200
    assert page.context["lead_import"].counts["rejected"] == 10_000
    assert desk.get(url("report", LeadImport.objects.get()) + "?format=xlsx").status_code == 200


def test_excel_goes_through_the_page(desk):
    send(desk, workbook([["姓名", "手机号", "留资时间"], ["王", 13805715621.0, 46332.751389]]), "list.xlsx")
    page = mapped(desk)

    assert page.context["lead_import"].counts["created"] == 1
    desk.post(url("confirm", LeadImport.objects.get()), {"has_consent": "on"})
    assert f"{clock.local_date(Lead.objects.get().occurred_at)}" == "2026-11-06"
