"""./dev manage import_leads: counts on stdout, nothing else."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from customers.models import Customer
from leads.models import Lead, LeadImport
from staff.models import Store, User
from tests.leads.conftest import SAMPLE, listed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon", "catalogue")]


def run(*arguments):
    out = StringIO()
    call_command("import_leads", *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.mark.req("R-047")
def test_the_real_export_twice(people):
    arguments = (SAMPLE, "--json", "--store", people.store.code)

    first, second = json.loads(run(*arguments)), json.loads(run(*arguments))

    assert first == {"rows": 360, "created": 302, "repeated": 38, "rejected": 20}
    assert second == {"rows": 360, "created": 0, "repeated": 340, "rejected": 20}
    assert [Lead.objects.count(), Customer.objects.count(), LeadImport.objects.count()] == [302, 302, 1]
    assert LeadImport.objects.get().created_by == people.dcc


def test_a_dry_run_writes_nothing(people, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text(listed("N1,王,13805715621"), encoding="gbk")

    words = run(file, "--dry-run", "--store", people.store.code, "--by", "supervisor")

    assert words == "rows 1  created 1  repeated 0  rejected 0\n"
    assert [Lead.objects.count(), LeadImport.objects.count()] == [0, 0]


def test_the_only_store_and_a_long_list_need_no_arguments(people, tmp_path, monkeypatch):
    monkeypatch.setattr("leads.services.import_run.INLINE_LIMIT", 1)
    User.objects.filter(store=people.other_store).delete()
    Store.objects.filter(pk=people.other_store.pk).delete()
    file = tmp_path / "list.csv"
    file.write_text(listed("N1,王,13805715621", "N2,李,13805715622"))

    assert json.loads(run(file, "--json"))["created"] == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.csv", "--store", "binjiang"], "cannot be read"),
        ([SAMPLE, "--store", "nowhere"], "no store nowhere"),
        ([SAMPLE, "--store", "binjiang", "--by", "finance"], "finance may not import"),
        ([SAMPLE, "--store", "binjiang", "--by", "stranger"], "stranger may not import"),
        ([__file__, "--store", "binjiang"], "CSV"),
    ],
)
def test_what_is_wrong_is_one_sentence(people, arguments, words):
    with pytest.raises(CommandError, match=words):
        run(*arguments)

    assert not Lead.objects.exists()


def test_a_store_without_importers(people):
    User.objects.filter(store=people.other_store).delete()

    with pytest.raises(CommandError, match="Nobody in xiaoshan"):
        run(SAMPLE, "--store", "xiaoshan")


def test_an_empty_house():
    with pytest.raises(CommandError, match="no store yet"):
        run(SAMPLE)


def test_without_a_store_the_first_one_is_taken_and_said_on_stderr(people, capsys):
    counts = json.loads(run(SAMPLE, "--json"))

    assert counts["rows"] == 360
    assert set(Lead.objects.values_list("store__code", flat=True)) == {people.store.code}
    assert "binjiang" in capsys.readouterr().err
