"""`manage.py load_demo`: the demo store of the drawings, made through the services."""

import logging
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from customers.models import Channel
from staff.enums import Role
from staff.models import DealerGroup, Store, Team, User
from vehicles.models import Brand, Series, Trim
from workbench.demo import cast
from workbench.demo.organisation import tell_organisation
from workbench.demo.outside import tell_outside
from workbench.demo.papers import tell_papers
from workbench.demo.rules import write_rules
from workbench.demo.scenes import tell_scenes
from workbench.demo.story import Teller, tell, tell_inboxes, tell_requests
from workbench.demo.tablet import tell_tablet


class Command(BaseCommand):
    help = "Fill an empty database with the demo store."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--customers", type=int, default=400, help="about how many customers (default 400)")

    def handle(self, *args: Any, **options: Any) -> None:
        if Store.objects.exists():
            raise CommandError("There is data already; the demo store needs an empty database.")
        logging.getLogger("followups").setLevel(logging.WARNING)  # two months of reminders are no news
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = off")
            cursor.execute("SET LOCAL statement_timeout = 0")
            _catalogue()
            group = DealerGroup.objects.create(name=cast.GROUP)
            store = Store.objects.create(group=group, **cast.STORE)
            other = Store.objects.create(group=group, **cast.OTHER_STORE)
            for shop in (store, other):
                shop.refresh_from_db()
            people = _people(store, cast.PEOPLE, team=cast.TEAM)
            others = _people(other, cast.OTHER_PEOPLE, team=["jiangxin"])
            channels = {row.code: row for row in Channel.objects.all()}
            series = list(Series.objects.filter(brand__is_competitor=False))
            teller = Teller(store=store, people=people, series=series, channels=channels)
            tell(teller, customers=options["customers"])
            tell_scenes(teller)
            tell_papers(teller)
            tell_requests(teller)
            tell_outside(store, by=people["xujing"])
            write_rules(people)
            tell_tablet(store, people, by=people["xujing"])
            neighbour = Teller(
                store=other, people=others | {"linyue": others["jiangxin"]}, series=series, channels=channels
            )
            tell(neighbour, customers=max(3, options["customers"] // 40))
            tell_organisation(store, people)
            tell_inboxes([*people.values(), *others.values()])
        self._report(people)

    def _report(self, people: dict[str, User]) -> None:
        self.stdout.write("Demo accounts (password for all: %s)" % cast.PASSWORD)  # noqa: UP031
        for number in ("xujingyi", "linyue", "qianwenbo", "shenlifeng", "gaoyuan", "fangqing", "xujing"):
            user = people[number]
            self.stdout.write(f"  {number:<12} {user.name}  {user.roles[0]}")


def _catalogue() -> None:
    for name, is_competitor, lines in cast.CATALOGUE:
        brand = Brand.objects.create(name=name, is_competitor=is_competitor)
        for order, (code, series_name, aliases, trims) in enumerate(lines, start=1):
            series = Series.objects.create(
                brand=brand, code=code, name=series_name, aliases=aliases, sort_order=order * 10
            )
            for trim_order, (trim, energy, price) in enumerate(trims, start=1):
                Trim.objects.create(
                    series=series, name=trim, energy_type=energy, guide_price_rmb=price, sort_order=trim_order * 10
                )


def _people(store: Store, cast_list: list[tuple[str, str, str, str, str]], *, team: list[str]) -> dict[str, User]:
    """Employees with their reporting line; one password hash for all, which is slow to compute by design."""
    made: dict[str, User] = {}
    group = Team.objects.create(store=store, name="一组")
    pattern = User()
    pattern.set_password(cast.PASSWORD)
    for number, name, role, gender, leader in cast_list:
        made[number] = User.objects.create(
            employee_number=number,
            name=name,
            gender=gender,
            roles=[role],
            store=store,
            team=group if number in team else None,
            reports_to=made.get(leader),
            is_external=role == Role.INSURANCE_PARTNER,
            is_staff=role == Role.ADMINISTRATOR,
            password=pattern.password,
            phone=f"+861990001{len(made) + 101:04}" if store.code == cast.STORE["code"] else None,
            joined_on=date(2026, 3, 2) + timedelta(days=7 * len(made)),
            annual_leave_days=5,
        )
    supervisor = next((user for user in made.values() if Role.SALES_SUPERVISOR in user.roles), None)
    if supervisor is not None:
        group.supervisor = supervisor
        group.save(update_fields=["supervisor", "updated_at"])
    return made
