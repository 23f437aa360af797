"""What is changed from the customer page: saved, refused, and what happens when two people save."""

import json

import pytest
from django.urls import reverse

from approvals.models import ApprovalRequest
from opportunities.models import Opportunity
from opportunities.services import close_request, level_set
from opportunities.stages import Outcome
from tests.factories import SeriesFactory, TrimFactory
from tests.workbench.conftest import HTMX

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def url_of(opportunity: Opportunity, name: str, query: str = "") -> str:
    return reverse(f"workbench:{name}", args=[opportunity.pk]) + query


def toast_of(answer) -> dict[str, str]:
    return json.loads(answer.headers["HX-Trigger"])["toast"]


# ---- notes -----------------------------------------------------------------------------------------------


def test_note_appears_on_top_of_the_timeline(people, sign_in, customer_of):
    row = customer_of(people.owner)
    client = sign_in(people.owner)

    answer = client.post(url_of(row, "opportunity-note"), {"text": "prefers <b>white</b>"}, headers=HTMX)

    html = answer.content.decode()
    assert answer.status_code == 200
    assert "prefers &lt;b&gt;white&lt;/b&gt;" in html
    assert 'id="c-main"' in html
    assert "<html" not in html


@pytest.mark.parametrize(("headers", "is_page"), [(HTMX, False), ({}, True)])
@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
def test_bad_note_is_told_at_the_field_and_kept(people, sign_in, customer_of, text, headers, is_page):
    row = customer_of(people.owner)

    answer = sign_in(people.owner).post(url_of(row, "opportunity-note"), {"text": text}, headers=headers)

    html = answer.content.decode()
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in html
    assert ("<html" in html) is is_page
    assert text.strip() in html
    assert row.journey.count() == 0


def test_note_without_htmx_leads_back_to_the_page(people, sign_in, customer_of):
    row = customer_of(people.owner)

    answer = sign_in(people.owner).post(url_of(row, "opportunity-note"), {"text": "等置换价 😀"})

    assert answer.headers["Location"] == url_of(row, "opportunity-detail")
    assert row.journey.get().data == {"text": "等置换价 😀"}


# ---- needs -----------------------------------------------------------------------------------------------


def test_one_fact_is_edited_in_its_place(people, sign_in, customer_of):
    row = customer_of(people.owner)
    client = sign_in(people.owner)
    url = url_of(row, "opportunity-facts", "?group=colour")

    form = client.get(url, headers=HTMX).content.decode()
    answer = client.post(url, {"version": row.version, "colour": "星云灰 / 暖砂米"}, headers=HTMX)

    assert 'name="colour"' in form
    assert 'name="usage"' not in form
    assert answer.status_code == 204
    assert toast_of(answer)["title"] == "Needs updated"
    row.refresh_from_db()
    assert (row.colour, row.usage) == ("星云灰 / 暖砂米", "")


def test_a_budget_in_whole_yuan_stands_without_decimals(people, sign_in, customer_of):
    row = customer_of(people.owner, budget_min_rmb="180000.00", budget_max_rmb="199999.50")

    form = sign_in(people.owner).get(url_of(row, "opportunity-facts", "?group=budget"), headers=HTMX).content.decode()

    assert 'value="180000"' in form
    assert 'value="199999.50"' in form


def test_all_facts_work_without_htmx(people, sign_in, customer_of):
    row = customer_of(people.owner)
    trim = TrimFactory(series=SeriesFactory())
    data = {
        "version": row.version,
        "trim_id": trim.pk,
        "budget_min_rmb": "180000",
        "budget_max_rmb": "210000",
        "usage": "family",
        "payment_method": "loan",
        "purchase_window": "7d",
        "expected_on": "2026-11-28",
        "concerns": "二排空间，静谧性、二排空间",
        "decision_makers": "2",
        "competitor": "东曜 T7",
    }

    answer = sign_in(people.owner).post(url_of(row, "opportunity-facts"), data)

    assert answer.headers["Location"] == url_of(row, "opportunity-detail")
    row.refresh_from_db()
    assert (row.trim, row.series, row.concerns) == (trim, trim.series, ["二排空间", "静谧性"])
    assert (row.budget_min_rmb, row.budget_max_rmb, row.expected_on.isoformat()) == (180_000, 210_000, "2026-11-28")


@pytest.mark.parametrize(
    ("group", "data", "message"),
    [
        ("budget", {"budget_min_rmb": "210000", "budget_max_rmb": "180000"}, "must not be below"),
        ("budget", {"budget_min_rmb": "viel"}, "Enter a number"),
        ("budget", {"budget_max_rmb": "1e30"}, "less than or equal"),
        ("usage", {"usage": "nonsense"}, "not one of the available choices"),
        ("concerns", {"concerns": "，".join("abcdefghi")}, "At most 8"),
        ("concerns", {"concerns": "x" * 21}, "at most 20"),
        ("concerns", {"decision_makers": "0"}, "greater than or equal"),
        ("purchase", {"expected_on": "31.02.2026"}, "valid date"),
        ("colour", {"colour": "x" * 61}, "at most 60"),
    ],
)
def test_bad_facts_are_refused_at_the_field(people, sign_in, customer_of, group, data, message):
    row = customer_of(people.owner)

    answer = sign_in(people.owner).post(
        url_of(row, "opportunity-facts", f"?group={group}"), {"version": row.version, **data}, headers=HTMX
    )

    assert answer.status_code == 422
    assert message in answer.content.decode()
    row.refresh_from_db()
    assert row.version == 1


def test_model_of_another_series_is_refused(people, sign_in, customer_of):
    row = customer_of(people.owner)
    trim = TrimFactory(series=SeriesFactory())
    other = SeriesFactory(code="e5", name="远岚 E5")

    answer = sign_in(people.owner).post(
        url_of(row, "opportunity-facts", "?group=model"),
        {"version": row.version, "series_id": other.pk, "trim_id": trim.pk},
        headers=HTMX,
    )

    assert answer.status_code == 422
    assert "belongs to another series" in answer.content.decode()


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_second_of_two_editors_sees_both_values_and_decides(people, sign_in, customer_of, headers):
    row = customer_of(people.owner)
    url = url_of(row, "opportunity-facts", "?group=colour")
    seen = row.version
    sign_in(people.supervisor).post(url, {"version": seen, "colour": "珍珠白"}, headers=HTMX)
    client = sign_in(people.owner)

    conflict = client.post(url, {"version": seen, "colour": "星云灰"}, headers=headers)
    row.refresh_from_db()
    kept = row.colour
    again = client.post(url, {"version": row.version, "colour": "星云灰"}, headers=headers)

    html = conflict.content.decode()
    assert conflict.status_code == 409
    for words in ("钱文博 changed this at 12:00", "yours 星云灰, theirs 珍珠白", "Use mine", f'value="{seen + 1}"'):
        assert words in html
    assert kept == "珍珠白"
    assert again.status_code in (204, 302)
    row.refresh_from_db()
    assert row.colour == "星云灰"


# ---- owner, level, giving up ---------------------------------------------------------------------------------


@pytest.mark.req("R-094")
def test_leader_hands_a_customer_over_with_a_reason(people, sign_in, customer_of):
    row = customer_of(people.owner)
    client = sign_in(people.supervisor)
    url = url_of(row, "opportunity-assign")

    refused = client.post(url, {"owner": people.colleague.pk, "reason": ""}, headers=HTMX)
    row.refresh_from_db()
    before = row.owner
    done = client.post(url, {"owner": people.colleague.pk, "reason": "on leave"}, headers=HTMX)

    assert (refused.status_code, before) == (422, people.owner)
    assert "Say why the customer changes hands." in refused.content.decode()
    assert done.status_code == 204
    row.refresh_from_db()
    assert row.owner == people.colleague


@pytest.mark.req("R-036")
def test_the_sales_manager_is_no_choice_of_owner(people, sign_in, customer_of):
    row = customer_of(people.owner)
    client = sign_in(people.manager)

    html = client.get(url_of(row, "opportunity-assign"), headers=HTMX).content.decode()
    answer = client.post(url_of(row, "opportunity-assign"), {"owner": people.manager.pk, "reason": "x"}, headers=HTMX)

    assert "林悦" in html
    assert "沈立峰" not in html
    assert "孙外" not in html
    assert answer.status_code == 422
    row.refresh_from_db()
    assert row.owner == people.owner


def test_owner_may_not_hand_over(people, sign_in, customer_of):
    row = customer_of(people.owner)

    answer = sign_in(people.owner).post(
        url_of(row, "opportunity-assign"), {"owner": people.colleague.pk, "reason": "x"}
    )

    assert answer.status_code == 403


def test_hotter_level_counts_at_once_and_a_lower_one_is_proposed(people, sign_in, customer_of):
    row = customer_of(people.owner, level="B")
    client = sign_in(people.owner)
    url = url_of(row, "opportunity-level")

    up = client.post(url, {"level": "H"}, headers=HTMX)
    down = client.post(url, {"level": "C"}, headers=HTMX)

    assert toast_of(up)["title"] == "Level changed"
    assert "stays until the supervisor agrees" in toast_of(down)["title"]
    row.refresh_from_db()
    assert (row.level, row.requested_level) == ("H", "C")


@pytest.mark.req("R-072")
@pytest.mark.parametrize(
    ("outcome", "reason", "note"), [("lost", "price", "6,000 more for the old car"), ("void", "test", "")]
)
def test_giving_up_takes_two_people(people, sign_in, customer_of, outcome, reason, note):
    row = customer_of(people.owner)
    owner, leader = sign_in(people.owner), sign_in(people.supervisor)
    url = url_of(row, "opportunity-close", f"?outcome={outcome}")

    sheet = owner.get(url, headers=HTMX).content.decode()
    proposed = owner.post(url, {"reason": reason, "note": note}, headers=HTMX)
    request = ApprovalRequest.objects.get()
    decide = f"/approvals/{request.pk}/decide/"
    own_decision = owner.post(decide, {"decision": "approve"})
    row.refresh_from_db()
    between = row.outcome
    question = leader.get(f"/approvals/{request.pk}/?decide=approve").content.decode()
    confirmed = leader.post(decide, {"decision": "approve"})

    assert "Keep following" in sheet
    assert (proposed.status_code, own_decision.status_code, between) == (204, 403, Outcome.OPEN)
    assert "cannot be taken back" in question
    assert confirmed.status_code == 302
    row.refresh_from_db()
    assert row.outcome == outcome


def test_the_page_of_the_customer_leads_to_what_waits(people, sign_in, customer_of):
    row = customer_of(people.owner, level="A")
    level_set(opportunity_id=row.pk, level="C", by=people.owner)
    close_request(opportunity_id=row.pk, outcome=Outcome.LOST, reason="price", by=people.supervisor)
    level, close = ApprovalRequest.objects.order_by("pk")

    pages = [sign_in(person).get(url_of(row, "opportunity-detail")) for person in (people.supervisor, people.owner)]

    told = [page.content.decode() for page in pages]
    links = [[f'href="/approvals/{request.pk}/"' in text for request in (level, close)] for text in told]
    assert links == [[True, False], [False, False]]  # who proposed does not decide
    assert f"/approvals/{close.pk}/withdraw/" in told[0]
    assert f"/approvals/{level.pk}/withdraw/" in told[1]


def test_reason_is_needed_and_must_fit_the_kind(people, sign_in, customer_of):
    row = customer_of(people.owner)
    client = sign_in(people.owner)

    for reason in ("", "wrong_number", "nonsense"):
        answer = client.post(url_of(row, "opportunity-close", "?outcome=lost"), {"reason": reason}, headers=HTMX)
        assert answer.status_code == 422
    row.refresh_from_db()
    assert row.close_requested == ""


def test_the_one_who_proposed_takes_it_back(people, sign_in, customer_of):
    row = customer_of(people.owner)
    close_request(opportunity_id=row.pk, outcome=Outcome.LOST, reason="price", by=people.owner)
    url = f"/approvals/{ApprovalRequest.objects.get().pk}/withdraw/"

    other = sign_in(people.supervisor).post(url)
    own = sign_in(people.owner).post(url, {"next": "subject"})

    assert (other.status_code, own.status_code, own["Location"]) == (403, 302, f"/opportunities/{row.pk}/")
    row.refresh_from_db()
    assert row.close_requested == ""
