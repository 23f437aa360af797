"""The change history of every setting: none is left out, no secret is in it, each sees the own stores."""

from datetime import date, time, timedelta

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.test import RequestFactory

from core import clock, history
from core.encryption import EncryptedTextField
from privacy.models import RetentionRule
from privacy.services import retention_change
from staff.models import Device, ShiftType, StaffMinimum, User
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

# Facts, not settings; who did what stands in the log of their own that is named here.
NO_SETTINGS = {
    "customers.Customer": "the timeline of the customer",
    "customers.Consent": "append-only",
    "opportunities.Opportunity": "JourneyEvent",
    "staff.Leave": "its own columns: recorded_by, decided_by",
    "staff.TeamMembership": "is itself the history of teams",
    "leads.Lead": "JourneyEvent",
    "leads.LeadImport": "its own report",
    "customers.CustomerIdentity": "the access log; the days are those of the document",
}


# Columns that say something about a secret and hold none.
ABOUT_SECRETS = {"must_change_password", "is_password_asked", "secret_set_at"}


def has(model, name):
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def own_models():
    return [model for model in apps.get_models() if model._meta.app_label in settings.LOCAL_APPS]


def settings_models():
    """What carries days of validity, what the database keeps the past of, what the support pages let people change."""
    request = RequestFactory().get("/")
    request.user = UserFactory.build(is_staff=True, is_superuser=True, roles=["administrator"])
    editable = {
        model for model, page in admin.site._registry.items() if page.has_change_permission(request)
    }  # fmt: skip
    dated = {model for model in own_models() if has(model, "valid_from") and not has(model, "pgh_id")}
    tracked = {model for model in own_models() if has(model, "history")}
    return {
        model
        for model in editable | dated | tracked
        if model._meta.app_label in settings.LOCAL_APPS and model._meta.label not in NO_SETTINGS
    }


def test_every_setting_is_in_the_history():
    assert {model._meta.label for model in settings_models() - history.registered()} == set()


def test_every_registered_setting_keeps_births_changes_and_deletions():
    for model in history.registered():
        assert has(model, "history"), model
        kept = {trigger.name for trigger in model._meta.triggers}
        assert {"created_insert", "changed_update", "deleted_delete"} <= kept, model


def test_no_secret_is_kept_in_a_history():
    words = ("password", "secret", "digest", "hash", "token", "pin_", "_key")
    found = [
        f"{model._meta.label}.{field.name}"
        for model in own_models()
        if has(model, "pgh_id")
        for field in model._meta.concrete_fields
        if not field.name.startswith("pgh_")
        and field.name not in ABOUT_SECRETS
        and (any(word in field.name for word in words) or isinstance(field, EncryptedTextField))
    ]

    assert found == []


def test_who_became_what_and_where_without_the_private_number(people):
    User.objects.filter(pk=people.owner.pk).update(phone="+8613805715621", roles=["sales_supervisor"], theme="dark")

    change = history.changes(user=people.administrator, key="people")[0]

    words = {value.name: value.after for value in change.values}
    assert (change.title, set(words)) == (people.owner.name, {"phone", "roles"})
    assert "0571" not in words["phone"]


def test_what_is_no_setting_does_not_hide_what_is(people):
    User.objects.filter(pk=people.owner.pk).update(name="新名字")
    for theme in ["dark", "light"] * 3:
        User.objects.filter(pk=people.owner.pk).update(theme=theme)

    found = history.changes(user=people.administrator, key="people", limit=2)

    assert len(found) == 2
    assert [(value.name, value.after) for value in found[0].values] == [("name", "新名字")]


def test_an_administrator_reads_the_past_of_the_own_stores_only(people):
    ShiftType.objects.create(store=people.store, letter="甲", name="甲班", starts_at=time(9), ends_at=time(17))
    other = people.stranger_manager.store
    ShiftType.objects.create(store=other, letter="乙", name="乙班", starts_at=time(9), ends_at=time(17))
    Device.objects.create(store=other, name="别店平板", registered_by=people.stranger_manager, token_digest="x" * 64)

    stores = {change.title for change in history.changes(user=people.administrator, key="stores", limit=100)}

    assert {"甲班", "乙班"} & stores == {"甲班"}
    assert history.changes(user=people.administrator, key="devices") == []
    assert people.stranger_manager.name not in {
        change.title for change in history.changes(user=people.administrator, key="people", limit=100)
    }


def test_a_new_version_tells_what_it_changes(people):
    day = clock.today() + timedelta(days=1)
    retention_change(
        data_class="sessions", keep_days=14, is_active=True, is_legally_checked=True, source="PIPL 19", valid_from=day,
        by=people.administrator,
    )  # fmt: skip

    change = history.changes(user=people.administrator, key="retention")[0]

    assert change.kind == "created"
    assert [(value.name, value.before, value.after) for value in change.values] == [
        ("keep_days", "30", "14"),
        ("is_legally_checked", "否", "是"),
    ]


def test_a_first_version_has_nothing_to_compare_with(people):
    StaffMinimum.objects.create(
        store=people.store, group="floor", on_weekdays=2, on_weekends=3, valid_from=date(2026, 1, 1)
    )

    change = history.changes(user=people.administrator, key="stores")[0]

    assert (change.kind, change.values) == ("created", ())


def test_a_deleted_setting_stays_in_the_history(people):
    rule = RetentionRule.objects.get(data_class="sessions")
    rule.delete()

    assert history.changes(user=people.administrator, key="retention")[0].kind == "deleted"
