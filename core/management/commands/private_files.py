"""`manage.py private_files`: read every private file and compare its digest; part of every restore drill."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.models import PrivateFile
from core.private_files import files_broken, files_sweep


class Command(BaseCommand):
    help = "Opens every private file and compares it with its row; with --clean removes leavings of killed uploads."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--clean", action="store_true", help="remove files that no row names, older than a day")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["clean"]:
            self.stdout.write(f"{files_sweep()} leavings removed.")
        broken = files_broken()
        for _pk, reason in broken:
            self.stderr.write(reason)
        count = PrivateFile.objects.filter(shredded_at=None).count()
        if broken:
            raise CommandError(f"{len(broken)} of {count} files cannot be read.")
        self.stdout.write(f"{count} files can be read.")
