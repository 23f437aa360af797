"""Into an empty database: DATABASE_URL names it. `--verify` touches nothing."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from operations.services import ArchiveError, ProgramError, RestoreError, backup_verify, parse_key, restore


class Command(BaseCommand):
    help = "Bring a backup back into an empty database and an empty directory of private files, and compare."
    requires_system_checks: list[str] = []  # they ask a database that is still empty

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--verify", action="store_true", help="only compare the files with their checksums")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["verify"]:
                manifest = backup_verify(options["folder"])
                self.stdout.write(f"Complete and unchanged; made at {manifest['made_at']}.")
                return
            restore(options["folder"], key=parse_key(os.environ.get("BACKUP_KEY", "")), say=self.stdout.write)
        except (ArchiveError, ProgramError, RestoreError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write("Restored. Run `manage.py upgrade` next: it gives the database roles their rights.")
