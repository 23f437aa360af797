"""Run by the owner of the database before new processes start; the old ones keep running meanwhile."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from operations.services import upgrade


class Command(BaseCommand):
    help = "Migrate with a lock limit, then give the database roles their rights. May be repeated."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--app-role", default="shuncheng_app")
        parser.add_argument("--readonly-role", default="shuncheng_readonly")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            upgrade(app=options["app_role"], readonly=options["readonly_role"], say=self.stdout.write)
        except OperationalError as error:
            raise CommandError(f"The database was not upgraded: {error}") from error
        self.stdout.write("The database is up to date.")
