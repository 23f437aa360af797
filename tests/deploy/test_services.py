"""Every command of docker-compose.yml that is ours, as a real process with the production settings and real servers."""

import json

import pytest

from operations.services import backup_verify
from tests.deploy import compose

pytestmark = pytest.mark.slow
LONG_RUNNING = ("web", "worker-tick", "worker-heavy", "beat")


def test_the_services_of_ours_are_all_tried():
    ours = {name for name, service in compose.services(dict.fromkeys(compose.variables(), "x")).items()
            if compose.is_ours(service)}  # fmt: skip

    assert ours == {*LONG_RUNNING, "migrate", "backup"}


def test_an_upgrade_may_be_repeated(plant):
    assert "up to date" in plant.run("migrate")


def test_each_service_starts_gets_healthy_and_stops_when_it_is_told_to(plant):
    for name in LONG_RUNNING:
        plant.start(name)
    unhealthy = plant.wait_healthy(*LONG_RUNNING)
    logs = {name: plant.log(name).read_text() for name in LONG_RUNNING}
    assert unhealthy == [], logs

    statuses = {name: plant.stop(name) for name in LONG_RUNNING}
    logs = {name: plant.log(name).read_text() for name in LONG_RUNNING}
    assert statuses == dict.fromkeys(LONG_RUNNING, 0), logs
    assert [name for name, log in logs.items() if "Traceback" in log] == []
    assert [line for line in logs["web"].splitlines() if "event" not in json.loads(line)] == []
    assert {name for name in LONG_RUNNING if plant.is_healthy(name)} <= {"worker-tick", "worker-heavy", "beat"}


def test_the_health_check_of_a_worker_that_fell_silent_fails(plant):
    plant.psql("UPDATE core_heartbeat SET beat_at = now() - interval '4 minutes'")

    assert not plant.is_healthy("worker-tick")
    assert not plant.is_healthy("worker-heavy")


def test_the_backup_service_writes_a_complete_backup(plant):
    told = plant.run("backup")
    folder = next((plant.folder / "data-backups").iterdir())

    assert "NOT sealed" in told
    assert backup_verify(folder)["tables"]["staff_user"][0] == 0
