"""Two clicks, two workers: one export, one file."""

import pytest

from core.models import AccessLogEntry
from tests.journeys import open_one
from tests.races.threads import Meeting, kinds, race, remove_locks
from workbench.models import CustomerExport
from workbench.services import export_build_next, export_request, exports

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def customer(people, noon):
    return open_one(people)


def click(people):
    return export_request(view="all", filters={}, file_format="csv", by=people.owner)


def click_twice(people, monkeypatch):
    monkeypatch.setattr(exports, "export_rule", Meeting().after(exports.export_rule))
    return race(lambda: click(people), lambda: click(people))


@pytest.mark.req("R-877")
def test_two_clicks_are_one_export(people, customer, monkeypatch):
    results = click_twice(people, monkeypatch)

    assert kinds(results) == ["ok", "ok"]
    assert len({result.pk for result in results}) == CustomerExport.objects.count() == 1


def test_control_without_the_lock_the_index_stops_the_second(people, customer, monkeypatch):
    remove_locks(monkeypatch)

    assert kinds(click_twice(people, monkeypatch)) == ["IntegrityError", "ok"]


def build_twice(people, monkeypatch):
    click(people)
    monkeypatch.setattr(exports, "watermark", Meeting().after(exports.watermark))
    race(export_build_next, export_build_next)
    return AccessLogEntry.objects.filter(action="export", field="row").count()


def test_two_workers_make_one_file(people, customer, monkeypatch):
    assert build_twice(people, monkeypatch) == 1


def test_control_without_the_lock_two_workers_make_two(people, customer, monkeypatch):
    remove_locks(monkeypatch)

    assert build_twice(people, monkeypatch) == 2
