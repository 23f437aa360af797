"""Somebody cannot sign in, perhaps the only administrator: the way in from the server (docs/admin-guide.md)."""

from typing import Any

from axes.utils import reset
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from core.errors import DomainError
from staff.enums import SecurityEventKind
from staff.management.links import activation_link
from staff.models import User
from staff.selectors import person_of_login
from staff.services import invitation_create
from staff.services.second_factor import second_factor_reset
from staff.services.security_log import security_record, tries_forget


class Command(BaseCommand):
    help = "End the lock-out of a person; on demand also the second factor or the password. Everything is on record."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("employee", help="employee number or phone")
        parser.add_argument("--reset-second-factor", action="store_true", help="the next sign-in sets up a new one")
        parser.add_argument("--reset-password", action="store_true", help="print a one-time link for a new password")

    def handle(self, *args: Any, **options: Any) -> None:
        person = person_of_login(options["employee"])
        if person is None:
            raise CommandError(_("There is nobody with this number."))
        if not person.is_active:
            raise CommandError(_("This person has left."))
        reset(username=person.employee_number)
        tries_forget(user=person)
        security_record(kind=SecurityEventKind.UNLOCKED, user=person, actor=None, reason="manage.py unlock_user")
        self.stdout.write(_("%(name)s can try to sign in again.") % {"name": person.name})
        if options["reset_second_factor"]:
            self._reset_factor(person)
        if options["reset_password"]:
            self.stdout.write(activation_link(invitation_create(user_id=person.pk, by=None)))

    def _reset_factor(self, person: User) -> None:
        try:
            second_factor_reset(user_id=person.pk, reason="manage.py unlock_user", by=None)
        except DomainError as error:
            self.stdout.write(error.text)
        else:
            self.stdout.write(_("The second factor is reset."))
