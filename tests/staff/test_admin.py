"""The support pages and the command for the first administrator."""

import pytest
from django.contrib import admin
from django.urls import reverse

from opportunities.models import Opportunity
from staff.enums import Role
from staff.models import User
from tests.factories import OpportunityFactory, UserFactory
from tests.test_architecture import faults_of

pytestmark = pytest.mark.django_db
WATCHED = {"staff", "core", "customers", "vehicles", "opportunities", "followups", "leads", "notifications"}
CONFIGURED = {
    "staff.user", "staff.team", "staff.store", "staff.dealergroup", "core.businessday", "vehicles.brand",
    "vehicles.series", "vehicles.trim", "customers.channel", "followups.followuprule", "followups.followuppolicy",
    "notifications.messagetemplate", "customers.accessreason", "customers.privacypolicy", "workbench.exportrule",
}  # fmt: skip
# An administrator configures without reading customers (reliability.md 4.3).
CUSTOMER_DATA = {
    "customers.customer", "customers.consent", "opportunities.opportunity", "opportunities.ownership",
    "opportunities.journeyevent", "core.accesslogentry",
}  # fmt: skip


def registered():
    return {
        model._meta.label_lower: site
        for model, site in admin.site._registry.items()
        if model._meta.app_label in WATCHED
    }


@pytest.fixture
def boss(people):
    return UserFactory(employee_number="root", roles=[Role.ADMINISTRATOR], is_staff=True, is_superuser=True)


@pytest.fixture
def keeper(people):
    people.administrator.is_staff = True
    people.administrator.save()
    return people.administrator


def test_the_support_pages_use_our_sign_in(client):
    page = client.get("/admin/", follow=True)

    assert page.redirect_chain[-1][0] == "/staff/login/?next=/admin/"
    assert "id_username" in page.text


@pytest.mark.parametrize("person", ["owner", "manager", "administrator", "finance"])
def test_without_the_right_to_support_pages_they_are_refused(client, people, person):
    client.force_login(getattr(people, person))

    page = client.get("/admin/", follow=True)

    assert page.status_code == 403


def test_a_temporary_password_counts_there_too(client, keeper):
    keeper.must_change_password = True
    keeper.save()
    client.force_login(keeper)

    assert client.get("/admin/")["Location"] == "/staff/password/"


@pytest.mark.parametrize(("path", "to"), [("logout/", "/staff/profile/"), ("password_change/", "/staff/password/")])
def test_signing_out_and_passwords_have_one_place(client, keeper, path, to):
    client.force_login(keeper)

    assert client.post(f"/admin/{path}")["Location"] == to


def test_who_may_enter_and_is_signed_in_does_not_sign_in_again(client, keeper):
    client.force_login(keeper)

    assert client.get("/admin/login/")["Location"] == "/admin/"


def test_an_administrator_configures_and_reads_no_customers(client, keeper, rf):
    request = rf.get("/admin/")
    request.user = keeper

    may_read = {label for label, site in registered().items() if site.has_view_permission(request)}
    may_add = {label for label, site in registered().items() if site.has_add_permission(request)}

    assert may_read.isdisjoint(CUSTOMER_DATA)
    assert may_add <= CONFIGURED
    assert {"staff.user", "staff.team", "staff.store", "vehicles.series", "customers.channel"} <= may_add


def test_nothing_that_has_history_is_deleted_or_changed_here_by_anybody(boss, rf):
    request = rf.get("/admin/")
    request.user = boss

    deletable = {label for label, site in registered().items() if site.has_delete_permission(request)}
    changeable = {label for label, site in registered().items() if site.has_change_permission(request)}

    assert deletable <= {"core.businessday"}
    assert changeable <= CONFIGURED


def test_status_is_not_changed_here(client, boss, people):
    opportunity = OpportunityFactory(owner=people.owner, store=people.store)
    client.force_login(boss)
    url = reverse("admin:opportunities_opportunity_change", args=[opportunity.pk])

    page = client.get(url)
    response = client.post(url, {"stage": "ordered", "outcome": "won", "owner": people.colleague.pk})

    assert page.status_code == 200
    assert response.status_code == 403
    assert Opportunity.objects.get().owner == people.owner


def test_every_list_and_form_opens_under_the_strict_policy(client, boss, people):
    OpportunityFactory(owner=people.owner, store=people.store)
    client.force_login(boss)
    faults = []

    for label, site in registered().items():
        base = "admin:" + label.replace(".", "_")
        urls = [reverse(f"{base}_changelist"), f"{reverse(f'{base}_changelist')}?q=1"]
        row = site.model.objects.first()
        urls += [reverse(f"{base}_change", args=[row.pk])] if row else []
        urls += [reverse(f"{base}_add")] if site.can_add else []
        for url in urls:
            page = client.get(url)
            assert page.status_code == 200, url
            assert "'self'" in page["Content-Security-Policy"]
            faults += [
                f"{url}: {fault}" for fault in faults_of(page.text) if "action" not in fault and "http" not in fault
            ]

    assert faults == []


def person_form(**fields):
    values = {
        "employee_number": "NewOne", "name": "新人", "phone": "138 0571 5629", "roles": [Role.SALES_CONSULTANT],
        "password1": "temporary-word-77", "password2": "temporary-word-77",
    }  # fmt: skip
    return values | fields


def test_a_new_person_gets_a_temporary_password(client, keeper, people):
    client.force_login(keeper)

    response = client.post("/admin/staff/user/add/", person_form(store=people.store.pk, team=people.team.pk))

    person = User.objects.get(employee_number="newone")
    assert response.status_code == 302
    assert (person.phone, person.roles, person.team) == ("+8613805715629", ["sales_consultant"], people.team)
    assert person.check_password("temporary-word-77")
    assert person.must_change_password


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"store": "other"}, "team"),
        ({"phone": "12"}, "phone"),
        ({"roles": ["king"]}, "roles"),
        ({"roles": []}, "roles"),
    ],
)
def test_a_person_that_cannot_be_is_refused(client, keeper, people, fields, field):
    client.force_login(keeper)
    data = person_form(store=people.store.pk, team=people.team.pk) | fields
    if data["store"] == "other":
        data["store"] = people.other_store.pk

    response = client.post("/admin/staff/user/add/", data)

    assert field in response.context["adminform"].form.errors
    assert not User.objects.filter(employee_number="newone").exists()


def change_form(person, **fields):
    values = {
        "employee_number": person.employee_number, "name": person.name, "store": person.store_id,
        "roles": person.roles, "language": "en", "theme": "auto", "is_active": "on",
    }  # fmt: skip
    return values | fields


def test_roles_and_reporting_line_are_changed_here(client, keeper, people):
    client.force_login(keeper)
    url = f"/admin/staff/user/{people.colleague.pk}/change/"

    page = client.get(url)
    client.post(
        url, change_form(people.colleague, roles=["sales_consultant", "sales_supervisor"], reports_to=people.manager.pk)
    )

    person = User.objects.get(pk=people.colleague.pk)
    assert page.text.count('type="checkbox" name="roles"') == len(Role)
    assert (person.roles, person.reports_to) == (["sales_consultant", "sales_supervisor"], people.manager)


def test_a_circle_in_the_reporting_line_is_refused(client, keeper, people):
    people.manager.reports_to = people.colleague
    people.manager.save()
    client.force_login(keeper)

    response = client.post(
        f"/admin/staff/user/{people.colleague.pk}/change/", change_form(people.colleague, reports_to=people.manager.pk)
    )

    assert "reports_to" in response.context["adminform"].form.errors


def test_nobody_makes_himself_a_superuser(client, keeper, boss):
    client.force_login(keeper)

    client.post(f"/admin/staff/user/{keeper.pk}/change/", change_form(keeper, is_staff="on", is_superuser="on"))
    refused = client.post(f"/admin/staff/user/{boss.pk}/change/", change_form(boss, store="", name="x"))
    password = client.post(f"/admin/staff/user/{boss.pk}/password/", {"password1": "a", "password2": "a"})

    assert not User.objects.get(pk=keeper.pk).is_superuser
    assert (refused.status_code, password.status_code) == (403, 403)


def test_a_password_set_here_is_temporary(client, keeper, people):
    client.force_login(keeper)
    data = {"password1": "temporary-word-78", "password2": "temporary-word-78", "set-password": "1"}

    response = client.post(f"/admin/staff/user/{people.colleague.pk}/password/", data)

    person = User.objects.get(pk=people.colleague.pk)
    assert response.status_code == 302
    assert person.must_change_password
    assert person.check_password("temporary-word-78")


def test_an_administrator_gives_no_rights_to_himself(client, keeper):
    client.force_login(keeper)
    url = reverse("admin:staff_user_change", args=[keeper.pk])

    page = client.get(url)
    client.post(
        url, {"roles": [Role.ADMINISTRATOR, Role.SALES_MANAGER], "scope_override": "store", "name": keeper.name}
    )

    keeper.refresh_from_db()
    assert (keeper.roles, keeper.scope_override) == ([Role.ADMINISTRATOR], "")
    assert 'name="roles"' not in page.text


@pytest.mark.parametrize(("person", "status"), [("manager", 403), ("supervisor", 403), ("owner", 200)])
def test_passwords_of_leaders_are_set_by_a_superuser_only(client, people, keeper, boss, person, status):
    url = reverse("admin:auth_user_password_change", args=[getattr(people, person).pk])
    client.force_login(keeper)
    answer = client.get(url)
    client.force_login(boss)

    assert (answer.status_code, client.get(url).status_code) == (status, 200)
