"""`manage.py rotate_keys`: write everything encrypted with the first key of FIELD_KEYS. May be stopped and repeated."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.encryption import DecryptionError, current_key_id
from core.rotation import BATCH, Column, encrypted_columns, keys_in_use, rotate


class Command(BaseCommand):
    help = "Encrypts every protected value with the first key of FIELD_KEYS; continues where an earlier run stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch-size", type=int, default=BATCH, help="rows in one transaction")
        parser.add_argument("--check", action="store_true", help="only count; status 1 when an old key is in use")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["check"]:
            for column in encrypted_columns():
                self._rotate(column, options["batch_size"])
        self._report()

    def _rotate(self, column: Column, batch: int) -> None:
        def tell(done: int) -> None:
            self.stdout.write(f"{column.name}: {done} rewritten")
            self.stdout.flush()

        try:
            rotate(column, batch=batch, tell=tell)
        except DecryptionError as error:
            raise CommandError(f"{error} Nothing was lost; put the key back into FIELD_KEYS and run again.") from error

    def _report(self) -> None:
        """What each key holds now. A key that stands nowhere may leave FIELD_KEYS."""
        current, old = current_key_id(), 0
        for column in encrypted_columns():
            counts = keys_in_use(column)
            old += sum(number for key_id, number in counts.items() if key_id != current)
            words = ", ".join(f"{key_id}: {number}" for key_id, number in sorted(counts.items())) or "empty"
            self.stdout.write(f"{column.name} · {words}")
        if old:
            raise CommandError(f"{old} values are still written with another key than {current}; run rotate_keys.")
        self.stdout.write(f"Everything is written with {current}; older keys may leave FIELD_KEYS.")
