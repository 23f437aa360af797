"""The first administrator of an empty installation; there are no default accounts (reliability.md 4.4)."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from staff.management.links import activation_link
from staff.services import first_administrator_create, invitation_create


class Command(BaseCommand):
    help = "Create the first administrator and print the one-time link for the password. Refuses when there is one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--employee-number", required=True)
        parser.add_argument("--name", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """No password passes through the shell, its history or the list of processes."""
        number, name = options["employee_number"], options["name"]
        try:
            person = first_administrator_create(employee_number=number, name=name)
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        self.stdout.write(activation_link(invitation_create(user_id=person.pk, by=None)))
