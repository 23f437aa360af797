"""Shared fixtures: the shipped rules, a small store with named people, and the moment most tests live in."""

from collections.abc import Iterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings
from django.utils import translation

from core import clock
from customers import defaults as channel_defaults
from customers.models import AccessReason, Channel, PrivacyPolicy
from followups import defaults as rule_defaults
from followups.models import FollowUpPolicy, FollowUpRule, FollowUpRuleSet
from notifications import defaults as template_defaults
from notifications.models import MessageTemplate
from privacy import defaults as privacy_defaults
from privacy.models import RetentionRule
from staff.enums import Role
from tests.factories import StoreFactory, TeamFactory, UserFactory
from workbench import defaults as export_defaults
from workbench.models import ExportRule

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 17, 12, 0, tzinfo=SHANGHAI)  # a Tuesday


def ship_defaults() -> None:
    """What the migrations ship; tests that truncate tables lose it."""
    rule_defaults.ship_version(FollowUpRuleSet, FollowUpRule, FollowUpPolicy)
    channel_defaults.ship(Channel)
    channel_defaults.ship_privacy(AccessReason, PrivacyPolicy)
    template_defaults.ship(MessageTemplate)
    privacy_defaults.ship(RetentionRule)
    export_defaults.ship(ExportRule)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Threads of the live server and of races may end a moment after their test; their sessions go before the drop."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(autouse=True)
def _shipped(request: pytest.FixtureRequest) -> None:
    if {"db", "transactional_db", "live_server"} & set(request.fixturenames) or request.node.get_closest_marker(
        "django_db"
    ):
        is_transactional = request.node.get_closest_marker("django_db")
        wants = "transactional_db" in request.fixturenames or (
            is_transactional is not None and is_transactional.kwargs.get("transaction")
        )
        request.getfixturevalue("transactional_db" if wants else "db")
        ship_defaults()


@pytest.fixture(autouse=True)
def _private_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test writes into the place of a real installation."""
    with override_settings(PRIVATE_FILES_DIR=tmp_path_factory.getbasetemp() / "private"):
        yield


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """A request in another language leaves it active in this thread; the next test starts in Chinese again."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture
def noon() -> Iterator[datetime]:
    """The clock stands still at Tuesday noon."""
    with clock.travel(NOON):
        yield NOON


def make_people() -> SimpleNamespace:
    """One store with two teams, everybody named by what they are; and a stranger in another store."""
    store = StoreFactory(code="binjiang", name="杭州滨江店")
    other_store = StoreFactory(code="xiaoshan", name="萧山店", group=store.group)
    team = TeamFactory(store=store, name="一组")
    team_2 = TeamFactory(store=store, name="二组")
    made = SimpleNamespace(store=store, other_store=other_store, team=team, team_2=team_2)

    def person(key: str, name: str, role: str, **fields: Any) -> None:
        fields.setdefault("store", store)
        setattr(made, key, UserFactory(employee_number=key, name=name, roles=[role], **fields))

    person("general_manager", "高远", Role.GENERAL_MANAGER)
    person("manager", "沈立峰", Role.SALES_MANAGER)
    person("supervisor", "钱文博", Role.SALES_SUPERVISOR, team=team)
    person("owner", "林悦", Role.SALES_CONSULTANT, team=team)
    person("colleague", "赵启明", Role.SALES_CONSULTANT, team=team)
    person("rival", "周子昂", Role.SALES_CONSULTANT, team=team_2)
    person("dcc", "许静怡", Role.TELESALES_AGENT)
    person("receptionist", "方晴", Role.RECEPTIONIST)
    person("finance", "何账", Role.FINANCE)
    person("administrator", "许静", Role.ADMINISTRATOR)
    person("stranger", "孙外", Role.SALES_CONSULTANT, store=other_store)
    person("stranger_manager", "李外", Role.SALES_MANAGER, store=other_store)
    team.supervisor = made.supervisor
    team.save()
    return made


@pytest.fixture
def people(db: Any) -> SimpleNamespace:
    return make_people()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, so that no process ends up with a long module of its own."""
    items.sort(key=lambda item: not any(item.get_closest_marker(name) for name in ("chaos", "slow", "browser")))
