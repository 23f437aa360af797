"""Django's own would make an administrator with a password typed on a server; ours are made by first_admin."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _


class Command(BaseCommand):
    help = "Not here: use first_admin."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ignored", nargs="*")

    def handle(self, *args: Any, **options: Any) -> None:
        raise CommandError(
            _("Use first_admin for the first administrator; the others are invited on the page of people.")
        )
