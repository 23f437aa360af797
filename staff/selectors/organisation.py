"""The stores, teams and people that somebody may look at, and the tree of one store."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, Q, QuerySet

from core.phones import mask_phone
from core.pinyin import search_keys
from core.text import clean_text
from staff.enums import SALES_ROLES, Role, Scope
from staff.models import DealerGroup, ShiftType, StaffMinimum, Store, Team, TeamMembership, User
from staff.policies import is_administrator

AT_WORK, AWAITED, GONE = "work", "awaited", "gone"
STATES = (AT_WORK, AWAITED, GONE)
_AWAITED = Q(is_active=True, must_change_password=True, last_login=None)


def stores_of(user: User) -> QuerySet[Store]:
    """The stores whose people the user may open."""
    stores = Store.objects.select_related("group").order_by("id")
    if not user.is_active:
        return stores.none()
    if user.is_superuser:
        return stores
    if user.store_id is None:
        return stores.none()
    is_for_group = (user.has_role(Role.ADMINISTRATOR) and user.administers_group) or (
        user.has_role(Role.GENERAL_MANAGER) and user.scope == Scope.GROUP
    )
    return stores.filter(group__stores=user.store_id) if is_for_group else stores.filter(pk=user.store_id)


def people_visible_to(user: User) -> QuerySet[User]:
    """Whose data the user reads on the page of people; consultants see their own team's roster elsewhere."""
    people = User.objects.filter(store__in=stores_of(user))
    if is_administrator(user) or user.has_role(Role.GENERAL_MANAGER):
        return people
    if user.has_role(Role.SALES_MANAGER):
        return people.filter(Q(roles__overlap=sorted(SALES_ROLES)) | Q(pk=user.pk))
    if user.has_role(Role.SALES_SUPERVISOR):
        mine = Q(team__supervisor=user) | Q(team__parent__supervisor=user) | Q(pk=user.pk)
        return people.filter(mine)
    return people.none()


def in_people_of(people: QuerySet[User], store: Store) -> QuerySet[User]:
    return people.filter(store=store)


def active_visible_to(user: User) -> QuerySet[User]:
    return person_rows(people_visible_to(user).filter(is_active=True))


def active_in(user: User, store: Store) -> QuerySet[User]:
    return active_visible_to(user).filter(store=store)


def person_rows(people: QuerySet[User]) -> QuerySet[User]:
    return people.select_related("store", "team__parent").order_by("employee_number")


def in_state(people: QuerySet[User], state: str) -> QuerySet[User]:
    """At work, invited and never signed in, or gone."""
    if state == GONE:
        return people.filter(is_active=False)
    return people.filter(_AWAITED) if state == AWAITED else people.filter(is_active=True).exclude(_AWAITED)


def state_counts(people: QuerySet[User]) -> dict[str, int]:
    """How many are in each state, with one query."""
    found: dict[str, int] = people.aggregate(
        work=Count("pk", filter=Q(is_active=True) & ~_AWAITED),
        awaited=Count("pk", filter=_AWAITED),
        gone=Count("pk", filter=Q(is_active=False)),
    )
    return found


def people_matching(people: Sequence[User], text: str) -> list[User]:
    """Those whose name, number, pinyin or phone contains what was typed."""
    words = clean_text(text).lower()
    if not words:
        return list(people)
    return [person for person in people if _matches(person, words)]


def _matches(person: User, words: str) -> bool:
    if words in person.name.lower() or words in person.employee_number.lower():
        return True
    if words.isdigit():
        return len(words) >= 4 and words in (person.phone or "")
    keys = search_keys(person.name) if words.isascii() else None
    return keys is not None and (words in keys.pinyin or any(term.startswith(words) for term in keys.terms))


# ---- the tree --------------------------------------------------------------------------------------------


@dataclass
class Branch:
    """A department or team; `size` counts its people and those of the teams inside."""

    team: Team
    size: int = 0
    children: list["Branch"] = field(default_factory=list)


@dataclass(frozen=True)
class RoleCount:
    role: str
    label: str
    size: int


def teams_of(store: Store) -> QuerySet[Team]:
    return Team.objects.filter(store=store, closed_on=None).select_related("supervisor", "parent").order_by("id")


def team_tree(teams: Iterable[Team], people: Iterable[User]) -> list[Branch]:
    """The open teams under their departments, with how many of these people each has."""
    sizes = Counter(person.team_id for person in people)
    branches = {team.pk: Branch(team=team, size=sizes[team.pk]) for team in teams}
    roots = []
    for branch in branches.values():
        above = branches.get(branch.team.parent_id or 0)
        if above is None:
            roots.append(branch)
        else:
            above.children.append(branch)
            above.size += branch.size
    return roots


def role_counts(people: Iterable[User]) -> list[RoleCount]:
    """Everybody counted once, by the first role: a leader who also sells is a leader."""
    sizes = Counter(person.roles[0] for person in people if person.roles)
    return [RoleCount(role=role.value, label=str(role.label), size=sizes[role]) for role in Role if sizes[role]]


def team_ids_under(team_id: int, teams: Iterable[Team]) -> set[int]:
    """The team and those inside it."""
    return {team_id} | {team.pk for team in teams if team.parent_id == team_id}


def team_since(user: User) -> TeamMembership | None:
    return TeamMembership.objects.filter(user=user, until_on=None).first()


def shown_phone(user: User) -> str:
    return mask_phone(user.phone) if user.phone else ""


# ---- what administrators choose from ---------------------------------------------------------------------


def administered_stores(user: User) -> QuerySet[Store]:
    """Where the user writes; the same stores as staff.policies.can_administer_store."""
    return stores_of(user) if is_administrator(user) else Store.objects.none()


def teams_of_stores(stores: QuerySet[Store]) -> QuerySet[Team]:
    return Team.objects.filter(store__in=stores, closed_on=None).select_related("store").order_by("store", "id")


def possible_superiors(stores: QuerySet[Store], person: User | None) -> QuerySet[User]:
    people = User.objects.filter(store__in=stores, is_active=True).order_by("employee_number")
    return people.exclude(pk=person.pk) if person is not None else people


def open_teams_of(store: Store, *, is_root: bool = False) -> QuerySet[Team]:
    teams = teams_of(store)
    return teams.filter(parent=None) if is_root else teams


def groups_of(user: User) -> QuerySet[DealerGroup]:
    """The groups in which the user opens stores; none for the administrator of one store."""
    groups = DealerGroup.objects.order_by("name")
    if user.is_superuser and user.is_active:
        return groups
    if not (is_administrator(user) and user.administers_group and user.store is not None):
        return groups.none()
    return groups.filter(pk=user.store.group_id)


def leaders_of_store(store: Store) -> QuerySet[User]:
    return User.objects.filter(store=store, is_active=True).order_by("employee_number")


def shifts_shown(store: Store) -> QuerySet[ShiftType]:
    return ShiftType.objects.filter(store=store).order_by("-is_active", "sort_order", "id")


def minimums_shown(store: Store) -> QuerySet[StaffMinimum]:
    return StaffMinimum.objects.filter(store=store).order_by("group", "-valid_from")


def team_history(team: Team) -> list[TeamMembership]:
    """Who has been in the team, the latest first."""
    rows = TeamMembership.objects.filter(team=team).select_related("user", "moved_by")
    return list(rows.order_by("-since_on", "-id")[:30])
