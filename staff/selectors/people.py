"""Who signs in, who owns, who leads whom."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet

from core.phones import normalize_phone
from core.text import clean_text
from staff.enums import OWNER_ROLES, Role
from staff.models import Store, User
from staff.selectors.leave import leaves_at

LONGEST_LINE = 8  # nobody has more superiors; also the end of a circle


def person_of_login(text: str) -> User | None:
    """The person of this employee number, else of this phone in any spelling, active or not."""
    name = clean_text(text).lower()
    if not name:
        return None
    user: User | None = User.objects.filter(employee_number=name).first()
    if user is not None:
        return user
    try:
        number = normalize_phone(name).e164
    except ValidationError:
        return None
    return User.objects.filter(phone=number).first()


def store_heading() -> str:
    """The store's name for the sign-in page; empty when several stores share the address."""
    stores = list(Store.objects.order_by("id")[:2])
    return str(stores[0]) if len(stores) == 1 else ""


def owners_of_store(store_id: int) -> QuerySet[User]:
    """People who may own customers of the store (R-036, R-093), by employee number."""
    return (
        User.objects.filter(store=store_id, is_active=True, roles__overlap=sorted(OWNER_ROLES))
        .exclude(roles__contains=[Role.SALES_MANAGER])
        .order_by("employee_number")
    )


def sales_manager_of(store_id: int) -> User | None:
    return _first_of_role(store_id, Role.SALES_MANAGER)


def leader_of(user: User | None, *, store_id: int) -> User | None:
    """The supervisor of the person's team, else the sales manager of the store; never the person."""
    if user is not None and user.team is not None:
        supervisor = user.team.supervisor
        if supervisor is not None and supervisor.is_active and supervisor.pk != user.pk:
            return supervisor
    manager = sales_manager_of(store_id)
    if manager is not None and (user is None or manager.pk != user.pk):
        return manager
    return None


def leader_on_duty(user: User | None, *, store_id: int, at: datetime) -> User | None:
    """Who has to hear of the person's customers at that moment: the supervisor, without one or during a leave the sales
    manager (D-27), else the general manager; the first of them when all are away; never the person."""
    supervisor_id = user.team.supervisor_id if user is not None and user.team is not None else None
    found = list(
        User.objects.filter(
            Q(pk=supervisor_id) | Q(store=store_id, roles__overlap=[Role.SALES_MANAGER, Role.GENERAL_MANAGER]),
            is_active=True,
        )
        .annotate(is_away=Exists(leaves_at(at).filter(user=OuterRef("pk"))))
        .order_by("id")
    )
    chain = [
        next((one for one in found if one.pk == supervisor_id), None),
        *(
            next((one for one in found if one.store_id == store_id and one.has_role(role)), None)
            for role in (Role.SALES_MANAGER, Role.GENERAL_MANAGER)
        ),
    ]
    leaders = [one for one in chain if one is not None and (user is None or one.pk != user.pk)]
    return next((one for one in leaders if not one.is_away), leaders[0] if leaders else None)


def reporting_line(user: User) -> list[User]:
    """The superiors from the next one up (R-001): as entered, else supervisor, sales manager, general manager."""
    line: list[User] = []
    superior = _superior(user)
    while superior is not None and superior.pk != user.pk and superior not in line and len(line) < LONGEST_LINE:
        line.append(superior)
        superior = _superior(superior)
    return line


def _first_of_role(store_id: int, role: str) -> User | None:
    return User.objects.filter(store=store_id, is_active=True, roles__contains=[role]).order_by("id").first()


def manager_over(user: User) -> User | None:
    """Who hears of unusual looks of this person: the sales manager, else the general manager; never the person."""
    if user.store_id is None:
        return None
    managers = (_first_of_role(user.store_id, role) for role in (Role.SALES_MANAGER, Role.GENERAL_MANAGER))
    return next((one for one in managers if one is not None and one.pk != user.pk), None)


def _superior(user: User) -> User | None:
    if user.reports_to is not None:
        return user.reports_to
    if user.store_id is None or user.has_role(Role.GENERAL_MANAGER):
        return None
    return leader_of(user, store_id=user.store_id) or _first_of_role(user.store_id, Role.GENERAL_MANAGER)


def known_words() -> list[str]:
    """Names that everybody in the stores knows."""
    rows = Store.objects.values_list("name", "brand_name", "code", "group__name")
    return sorted({word for row in rows for word in row if word and len(word) > 1})


def name_of(user_id: int | None) -> str:
    """Who did it; None is the command line."""
    user = User.objects.filter(pk=user_id).only("name").first() if user_id is not None else None
    return user.name if user is not None else "manage.py"
