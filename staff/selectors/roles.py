"""Roles: what each may see and do, asked of the policies themselves, and who has it."""

from collections import defaultdict
from dataclasses import dataclass

from staff.enums import ROLE_SCOPE, Role, Scope
from staff.models import User
from staff.rights import Right, all_rights
from staff.selectors.organisation import people_visible_to
from staff.selectors.person import SIGHT


@dataclass(frozen=True)
class RoleColumn:
    role: str
    label: str
    scope: str
    sight: str
    people: list[User]


@dataclass(frozen=True)
class RightRow:
    """A right and, for every role in the order of the columns, whether it is given."""

    right: Right
    given: list[bool]


def example_of(role: str) -> User:
    """Nobody real: somebody of a store with only this role, to ask the policies about."""
    return User(pk=0, employee_number="example", name="example", roles=[role], store_id=0, is_active=True)


def role_columns(viewer: User) -> list[RoleColumn]:
    """Every role with the people at work whom the viewer may open; one query."""
    holders: dict[str, list[User]] = defaultdict(list)
    for person in people_visible_to(viewer).filter(is_active=True).order_by("employee_number"):
        for role in person.roles:
            holders[role].append(person)
    columns = []
    for role in Role:
        scope = Scope(ROLE_SCOPE.get(role, Scope.NONE))
        columns.append(
            RoleColumn(
                role=role.value,
                label=str(role.label),
                scope=str(scope.label),
                sight=str(SIGHT[scope]),
                people=holders[role.value],
            )
        )
    return columns


def right_rows() -> list[RightRow]:
    examples = [example_of(role) for role in Role.values]
    return [RightRow(right=right, given=[right.check(one) for one in examples]) for right in all_rights()]
