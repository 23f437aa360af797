"""Called by a timer of the machine; docs/operations.md says how and how often."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from operations.services import ArchiveError, ProgramError, backup_create, backups_thin, parse_key


class Command(BaseCommand):
    help = "Write the database and the private files into a new folder below TARGET; sealed when BACKUP_KEY is set."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("target", type=Path)
        parser.add_argument("--keep-daily", type=int, metavar="DAYS", help="delete older ones, but for one of each day")
        parser.add_argument("--keep-weekly", type=int, metavar="WEEKS", help="and one of each week")
        parser.add_argument("--no-digests", action="store_true", help="count rows only: faster on a large database")

    def handle(self, *args: Any, **options: Any) -> None:
        target: Path = options["target"]
        try:
            key = parse_key(os.environ.get("BACKUP_KEY", ""))
            made = backup_create(target, key=key, has_digests=not options["no_digests"])
        except (ArchiveError, ProgramError, OSError) as error:
            raise CommandError(str(error)) from error
        rows = sum(count for count, _content in made.manifest["tables"].values())
        sealed = "sealed" if key else "NOT sealed (no BACKUP_KEY)"
        self.stdout.write(f"{made.folder}: {rows} rows, {made.manifest['files']} files, {sealed}")
        if options["keep_daily"] is not None or options["keep_weekly"] is not None:
            daily, weekly = options["keep_daily"] or 0, options["keep_weekly"] or 0
            for folder in backups_thin(target, keep_daily=daily, keep_weekly=weekly):
                self.stdout.write(f"deleted: {folder}")
