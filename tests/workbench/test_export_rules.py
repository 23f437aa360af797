"""How much may leave as a file: dated, tried before it is saved."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from core import clock, history
from workbench.models import CustomerExport, ExportRule
from workbench.selectors.exports import export_rule
from workbench.services import export_rule_change

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

PAGE, NEW = reverse("workbench:export-rules"), reverse("workbench:export-rule-new")


@pytest.fixture
def admin(client, people):
    client.force_login(people.administrator)
    return client


def entered(**changes):
    day = clock.today() + timedelta(days=1)
    values = {"rows_without_approval": 20, "rows_at_most": 1000, "link_hours": 12, "decide_within_hours": 24}
    return values | {"valid_from": day.isoformat()} | changes


def test_a_new_rule_counts_from_its_day_and_replaces_one_to_come(admin, people):
    before = export_rule().rows_without_approval
    assert admin.post(NEW, entered(rows_without_approval=10)).status_code == 302
    assert admin.post(NEW, entered()).status_code == 302

    assert export_rule().rows_without_approval == before
    with clock.travel(clock.now() + timedelta(days=1)):
        assert export_rule().rows_without_approval == 20
    change = history.changes(user=people.administrator, key="exports")[0]
    assert (change.kind, change.actor) == ("created", people.administrator)
    assert ("rows_without_approval", "20") in {(value.name, value.after) for value in change.values}


def test_trying_numbers_saves_nothing_and_counts_the_files_there_were(admin, people):
    rules = ExportRule.objects.count()
    for number, rows in enumerate((10, 30, 3000)):
        CustomerExport.objects.create(
            store=people.store, requested_by=people.owner, view="mine", file_format="xlsx", fingerprint=f"{number}",
            row_count=rows,
        )  # fmt: skip

    answer = admin.post(NEW, entered(preview="1"))

    effect = answer.context["effect"]
    assert (effect.asked, effect.to_approve, effect.refused) == (3, 1, 1)
    assert ExportRule.objects.count() == rules


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"valid_from": "2026-11-17"}, "valid_from"),
        ({"rows_without_approval": 1001}, "rows_without_approval"),
        ({"rows_at_most": "9" * 5_000}, "rows_at_most"),
        ({"link_hours": -1}, "link_hours"),
    ],
)
def test_what_makes_no_sense_stands_next_to_its_field(admin, changes, field):
    rules = ExportRule.objects.count()

    answer = admin.post(NEW, entered(**changes))

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert ExportRule.objects.count() == rules


def test_only_administrators_set_it(people):
    with pytest.raises(PermissionDenied):
        export_rule_change(values=entered(), by=people.manager)
