"""The pages of people: what they show, what they refuse, and how many queries they cost."""

from datetime import timedelta

import pytest
from django.urls import reverse

from approvals.services import approval_request
from opportunities.enums import LEVEL, SUBJECT
from staff.enums import LeaveState, Role
from staff.models import Leave, RosterEntry, ShiftType, Store, Team, User
from staff.services import invitation_create, leave_record
from tests.conftest import NOON
from tests.factories import OpportunityFactory, ShiftTypeFactory, UserFactory

pytestmark = pytest.mark.usefixtures("noon")
PAGE = reverse("staff:people")
PASSWORD = "an-own-long-password-8"
HTMX = {"HX-Request": "true"}


def words(response):
    return response.content.decode()


def url(name, *args):
    return reverse(f"staff:{name}", args=args)


def person_form(people, **changes):
    values = {
        "name": "陆一鸣", "employee_number": "E0217", "store": people.store.pk, "roles": [Role.SALES_CONSULTANT],
        "team": people.team.pk, "joined_on": "2026-11-01",
    }  # fmt: skip
    return values | changes


def test_everybody_sees_the_own_part_only(client, people):
    seen = {}
    for who in ("administrator", "general_manager", "manager", "supervisor"):
        client.force_login(getattr(people, who))
        text = words(client.get(PAGE))
        seen[who] = [name for name in ("林悦", "周子昂", "何账", "孙外") if name in text]

    assert seen == {
        "administrator": ["林悦", "周子昂", "何账"],
        "general_manager": ["林悦", "周子昂", "何账"],
        "manager": ["林悦", "周子昂"],
        "supervisor": ["林悦"],
    }


def test_another_store_does_not_exist_but_for_the_group(client, people):
    client.force_login(people.administrator)
    assert client.get(PAGE, {"store": people.other_store.pk}).status_code == 404

    User.objects.filter(pk=people.administrator.pk).update(administers_group=True)
    client.force_login(User.objects.get(pk=people.administrator.pk))
    assert "孙外" in words(client.get(PAGE, {"store": people.other_store.pk}))


@pytest.mark.req("R-022")
def test_the_roster_shows_how_many_customers_everybody_has(client, people):
    OpportunityFactory.create_batch(2, owner=people.owner)
    client.force_login(people.administrator)

    week = client.get(PAGE).context["week"]

    assert {line.person.name: line.load for line in week.lines if line.load} == {"林悦": 2}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"q": "林"}, ["林悦"]), ({"q": "linyue"}, ["林悦"]), ({"q": "owner"}, ["林悦"]), ({"q": "nobody"}, []),
        ({"role": "finance"}, ["何账"]), ({"state": "gone"}, []),
    ],
)  # fmt: skip
def test_people_are_found(client, people, query, names):
    client.force_login(people.administrator)

    assert [line.person.name for line in client.get(PAGE, query).context["week"].lines] == names


def test_a_team_includes_the_teams_inside(client, people):
    department = Team.objects.create(store=people.store, name="销售部")
    Team.objects.filter(pk__in=[people.team.pk, people.team_2.pk]).update(parent=department)
    client.force_login(people.administrator)

    context = client.get(PAGE, {"team": department.pk}).context

    assert sorted(line.person.name for line in context["week"].lines) == ["周子昂", "林悦", "赵启明", "钱文博"]
    assert [(branch.team.name, branch.size) for branch in context["tree"]] == [("销售部", 4)]


@pytest.mark.parametrize("extra", [0, 2, 27])
def test_the_page_costs_the_same_for_few_and_many(client, people, django_assert_max_num_queries, extra):
    for number in range(extra):
        person = UserFactory(employee_number=f"x{number:02}", store=people.store, team=people.team)
        shift = ShiftTypeFactory(store=people.store)
        RosterEntry.objects.create(store=people.store, user=person, on=NOON.date(), shift=shift)
    client.force_login(people.administrator)
    client.get(PAGE)

    with django_assert_max_num_queries(23):
        client.get(PAGE)


# ---- the roster ------------------------------------------------------------------------------------------


def test_a_cell_is_set_by_button_and_by_form(client, people):
    early = ShiftTypeFactory(store=people.store)
    client.force_login(people.supervisor)
    data = {"user": people.owner.pk, "on": "2026-11-17", "was": "", "shift": early.pk}

    shown = client.get(url("roster-cell"), {"user": people.owner.pk, "on": "2026-11-17"})
    answer = client.post(url("roster-cell"), data, headers=HTMX)
    stale = client.post(url("roster-cell"), data, headers=HTMX)
    plain = client.post(url("roster-cell"), data | {"was": early.pk, "shift": ""})

    assert shown.status_code == 200
    assert (answer.status_code, stale.status_code, plain.status_code) == (204, 422, 302)
    assert "undo_url" in answer.headers["HX-Trigger"]
    assert "roster:changed" in stale.headers["HX-Trigger"]
    assert not RosterEntry.objects.exists()


def test_planning_a_week_and_taking_it_back(client, people):
    early = ShiftTypeFactory(store=people.store)
    client.force_login(people.manager)
    data = {
        "store": people.store.pk, "people": [people.owner.pk], "first": "2026-11-09", "last": "2026-11-10",
        "weekdays": range(7), "shift": early.pk,
    }  # fmt: skip

    assert client.post(url("roster-fill"), data).status_code == 302
    client.post(url("roster-copy"), {"store": people.store.pk, "week": "2026-11-16"})
    assert RosterEntry.objects.count() == 4
    change = client.get(PAGE).context["undo"]
    client.post(url("roster-undo", change.pk))

    assert RosterEntry.objects.count() == 2
    assert client.post(url("roster-fill"), data | {"last": "2026-11-01"}).status_code == 422


def test_a_consultant_reads_the_own_team_and_changes_nothing(client, people):
    client.force_login(people.owner)

    response = client.get(url("roster"))

    assert sorted(line.person.name for line in response.context["week"].lines) == ["林悦", "赵启明", "钱文博"]
    assert not response.context["week"].can_edit


def test_the_roster_is_taken_away_as_a_sheet(client, people):
    client.force_login(people.general_manager)

    for file_format, start in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK"), ("exe", b"PK")):
        assert client.get(url("roster-export"), {"format": file_format}).content.startswith(start)


# ---- people ----------------------------------------------------------------------------------------------


def test_a_person_is_added_and_opens_the_own_door(client, people):
    client.force_login(people.administrator)

    link = client.post(url("person-new"), person_form(people)).context["url"]
    client.logout()
    path = link.split("testserver")[1]
    assert client.get(path).status_code == 200
    answers = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    assert client.post(path, answers | {"new_password2": "other-long-password"}).status_code == 422
    assert client.post(path, answers)["Location"] == url("login")

    assert client.get(path).status_code == 404
    assert User.objects.get(employee_number="e0217").check_password(PASSWORD)


def test_wrong_answers_stay_in_the_form(client, people):
    client.force_login(people.administrator)

    response = client.post(url("person-new"), person_form(people, employee_number="owner", phone="12"))

    assert response.status_code == 422
    assert "陆一鸣" in words(response)
    assert set(response.context["form"].errors) == {"phone"}
    taken = client.post(url("person-new"), person_form(people, employee_number="owner"))
    assert "employee_number" in taken.context["form"].errors


def test_rights_that_are_not_asked_for_are_not_taken(client, people):
    client.force_login(people.administrator)
    extra = {"is_superuser": "on", "is_staff": "on", "password": "x", "is_active": "", "must_change_password": ""}

    client.post(url("person-new"), person_form(people) | extra)

    user = User.objects.get(employee_number="e0217")
    assert (user.is_superuser, user.is_staff, user.is_active, user.must_change_password) == (False, False, True, True)


def test_own_rights_are_shown_but_not_taken_from_the_form(client, people):
    client.force_login(people.administrator)
    version = people.administrator.updated_at.isoformat()
    form = person_form(
        people, employee_number="administrator", name="许静", team="", version=version, roles=["finance"]
    )

    client.post(url("person-edit", people.administrator.pk), form)

    assert User.objects.get(pk=people.administrator.pk).roles == [Role.ADMINISTRATOR]


def test_leaving_asks_for_the_customers_first(client, people):
    OpportunityFactory(owner=people.owner)
    client.force_login(people.administrator)
    page = url("person-leaving", people.owner.pk)

    assert client.post(page, {"left_on": "2026-11-17"}).status_code == 422
    assert User.objects.get(pk=people.owner.pk).is_active
    assert client.post(page, {"left_on": "2026-11-17", "is_sure": "on"}).status_code == 302
    assert not User.objects.get(pk=people.owner.pk).is_active

    back = client.post(url("person-return", people.owner.pk), {"joined_on": "2026-11-17"})
    assert "/activate/" in back.context["url"]


def test_leaving_tells_what_waits_for_a_decision_and_offers_no_button_that_is_refused(client, people):
    OpportunityFactory(owner=people.supervisor)
    theirs = OpportunityFactory(owner=people.owner)
    approval_request(
        kind=LEVEL, store_id=people.store.pk, subject_type=SUBJECT, subject_id=theirs.pk, subject_version=1,
        payload={"level": "C", "current": "H"}, by=people.owner,
    )  # fmt: skip
    client.force_login(people.administrator)

    answer = client.get(url("person-leaving", people.supervisor.pk))

    counts = {duty.code: number for duty, number in answer.context["burdens"]}
    assert counts == {"customers": 1, "callbacks": counts["callbacks"], "approvals": 1}
    handover = f"/people/{people.supervisor.pk}/handover/"
    assert handover not in answer.content.decode()
    assert client.get(handover).status_code == 403


def test_an_administrator_who_would_lock_himself_out_is_stopped(client, people):
    UserFactory(employee_number="second", roles=[Role.ADMINISTRATOR], store=people.store)
    client.force_login(people.administrator)

    assert client.post(url("person-leaving", people.administrator.pk), {"left_on": "2026-11-17"}).status_code == 403
    assert User.objects.get(pk=people.administrator.pk).is_active


def test_the_door_of_somebody_is_shown_once_and_kept_nowhere(client, people):
    client.force_login(people.administrator)

    invited = client.post(url("person-invite", people.owner.pk))
    given = client.post(url("person-password", people.owner.pk))

    assert "no-store" in invited["Cache-Control"]
    assert User.objects.get(pk=people.owner.pk).check_password(given.context["password"])
    assert client.post(url("person-password", people.manager.pk)).status_code == 403


def test_a_dead_link_says_so(client, people):
    token = invitation_create(user_id=people.owner.pk, by=None)
    User.objects.filter(pk=people.owner.pk).update(is_active=False)

    response = client.get(url("activate", token))

    assert response.status_code == 404
    assert "链接已失效" in words(response)


# ---- leave -----------------------------------------------------------------------------------------------


def test_the_panel_tells_what_a_leave_causes_and_takes_the_answer(client, people):
    leave = leave_record(
        user_id=people.owner.pk, kind="annual", starts_at=NOON + timedelta(days=1), ends_at=NOON + timedelta(days=3),
        stand_in_id=None, by=people.owner,
    )  # fmt: skip
    client.force_login(people.supervisor)
    card = client.get(PAGE, {"who": people.owner.pk}).context["panel"].cards[0]
    assert (card.can_decide, card.approver) == (True, people.supervisor)

    refused = client.post(url("leave-decide", leave.pk), {"decision": "refuse"}, headers=HTMX)
    client.post(url("leave-decide", leave.pk), {"decision": "approve", "stand_in": people.colleague.pk})

    leave.refresh_from_db()
    assert refused.status_code == 422
    assert (leave.state, leave.stand_in) == (LeaveState.APPROVED, people.colleague)
    assert Leave.objects.count() == 1


# ---- stores, teams, roles --------------------------------------------------------------------------------


def store_form(store, **changes):
    values = {
        "name": "滨江店", "brand_name": "远岚汽车", "address": "江晖路 88 号", "area_code": "0571", "opens_at": "08:30",
        "closes_at": "18:00", "contact_from": "09:00", "contact_until": "20:00",
        "version": store.updated_at.isoformat() if store else "",
    }  # fmt: skip
    return values | changes


def test_a_store_is_changed_and_its_past_kept(client, people):
    client.force_login(people.administrator)
    page = url("store-edit", people.store.pk)

    assert client.post(page, store_form(people.store, closes_at="07:00")).status_code == 422
    assert client.post(page, store_form(people.store)).status_code == 302
    assert client.post(page, store_form(people.store)).status_code == 422  # the version is old now

    store = Store.objects.get(pk=people.store.pk)
    assert (store.name, store.history.get(pgh_label="changed").name) == ("滨江店", "杭州滨江店")


def test_only_the_group_opens_stores(client, people):
    client.force_login(people.administrator)
    form = store_form(None, group=people.store.group_id, code="yuhang", name="余杭店")
    assert client.post(url("store-new"), form).status_code == 403

    User.objects.filter(pk=people.administrator.pk).update(administers_group=True)
    client.force_login(User.objects.get(pk=people.administrator.pk))
    assert client.post(url("store-new"), form).status_code == 302
    assert ShiftType.objects.filter(store__code="yuhang").count() == 3


def test_shifts_and_minimums_are_set_on_the_page_of_the_store(client, people):
    client.force_login(people.administrator)
    shift = {
        "letter": "中",
        "name": "中班",
        "tone": "teal",
        "starts_at": "10:00",
        "ends_at": "19:00",
        "is_active": "on",
    }
    least = {"minimum-group": "floor", "minimum-on_weekdays": 5, "minimum-on_weekends": 6}

    client.post(url("shift-edit", people.store.pk), shift)
    made = ShiftType.objects.get(store=people.store)
    client.post(f"{url('shift-edit', people.store.pk)}?shift={made.pk}", shift | {"name": "午班"})
    refused = client.post(url("minimum-add", people.store.pk), least | {"minimum-valid_from": "2026-11-01"})
    client.post(url("minimum-add", people.store.pk), least | {"minimum-valid_from": "2026-11-20"})

    made.refresh_from_db()
    assert (made.name, refused.status_code, people.store.staff_minimums.get().on_weekends) == ("午班", 422, 6)


def test_a_team_is_founded_changed_and_closed(client, people):
    client.force_login(people.administrator)
    client.post(f"{url('team-new')}?store={people.store.pk}", {"store": people.store.pk, "name": "三组"})
    team = Team.objects.get(name="三组")

    client.post(url("team-edit", team.pk), {"name": "客服", "supervisor": people.dcc.pk})
    taken = client.post(url("team-edit", team.pk), {"name": "一组"})
    client.post(url("team-close", people.team.pk))
    client.post(url("team-close", team.pk))

    team.refresh_from_db()
    assert (team.name, team.supervisor, taken.status_code) == ("客服", people.dcc, 422)
    assert (team.closed_on, Team.objects.get(pk=people.team.pk).closed_on) == (NOON.date(), None)
