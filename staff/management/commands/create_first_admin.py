"""The first administrator of an empty installation; there are no default accounts (reliability.md 4.4)."""

import os
import sys
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from staff.models import User
from staff.services import first_administrator_create

PASSWORD_VARIABLE = "FIRST_ADMIN_PASSWORD"  # noqa: S105 -- the name of a variable


class Command(BaseCommand):
    help = "Create the first administrator. Refuses when there is one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--employee-number", required=True)
        parser.add_argument("--name", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """The password comes from FIRST_ADMIN_PASSWORD, else from the terminal, else from the first line of stdin."""
        number, name = options["employee_number"], options["name"]
        password = _password()
        try:
            validate_password(password, User(employee_number=number, name=name))
            person = first_administrator_create(employee_number=number, name=name, password=password)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        done = _("%(name)s can sign in as %(number)s and will be asked for a new password.")
        self.stdout.write(done % {"name": person.name, "number": person.employee_number})


def _password() -> str:
    given = os.environ.get(PASSWORD_VARIABLE)
    if given:
        return given
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass(_("Password: "))
    if password != getpass(_("Password again: ")):
        raise CommandError(_("The two passwords differ."))
    return password
