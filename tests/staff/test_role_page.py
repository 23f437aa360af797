"""The page of roles asks the program itself; this compares its words with what the pages do."""

import pytest
from django.urls import reverse

from staff.enums import ROLE_SCOPE, Role, Scope
from staff.rights import all_rights
from staff.selectors.roles import example_of, right_rows, role_columns
from tests.access import PEOPLE, rows
from tests.conftest import make_people

BY_ROLE = {
    Role.RECEPTIONIST: "receptionist",
    Role.FINANCE: "finance",
    Role.TELESALES_AGENT: "dcc",
    Role.SALES_CONSULTANT: "colleague",
    Role.SALES_SUPERVISOR: "supervisor",
    Role.SALES_MANAGER: "manager",
    Role.GENERAL_MANAGER: "general_manager",
    Role.ADMINISTRATOR: "administrator",
}


@pytest.mark.parametrize("right", [right for right in all_rights() if right.url], ids=lambda right: right.code)
def test_what_the_page_says_is_what_the_access_table_says(right):
    table = {row.name: row.expected for row in rows() if row.method == "GET"}[right.url]

    said = {role: right.check(example_of(role)) for role in BY_ROLE}

    assert said == {role: table[person] in {"200", "302"} for role, person in BY_ROLE.items()}
    assert set(BY_ROLE.values()) < set(PEOPLE)


def test_every_role_is_there_with_its_scope(db):
    columns = role_columns(make_people().administrator)

    assert [column.role for column in columns] == Role.values
    assert {column.role: column.scope for column in columns} == {
        role: str(Scope(ROLE_SCOPE.get(role, Scope.NONE)).label) for role in Role.values
    }
    assert all(len(row.given) == len(columns) for row in right_rows())


def test_the_page_names_the_posts_and_who_has_them(client, people):
    client.force_login(people.administrator)

    response = client.get(reverse("staff:role-list"))

    holders = {column.role: [person.name for person in column.people] for column in response.context["columns"]}
    assert holders[Role.SALES_SUPERVISOR] == ["钱文博"]
    assert holders[Role.SALES_CONSULTANT] == ["赵启明", "林悦", "周子昂"]
    assert "孙外" not in response.content.decode()
