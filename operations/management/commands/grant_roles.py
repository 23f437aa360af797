"""Also part of `upgrade`; alone it is for a database that was restored or whose roles were made later."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from operations.services import append_only_tables, roles_grant


class Command(BaseCommand):
    help = "Give the database roles exactly their rights: no DDL, no UPDATE or DELETE where rows are only added."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--app-role", default="shuncheng_app")
        parser.add_argument("--readonly-role", default="shuncheng_readonly")

    def handle(self, *args: Any, **options: Any) -> None:
        missing = roles_grant(app=options["app_role"], readonly=options["readonly_role"])
        if missing:
            raise CommandError(f"These database roles do not exist: {', '.join(missing)}.")
        self.stdout.write(f"Granted. Rows are only added in: {', '.join(append_only_tables())}")
