"""`manage.py rebuild_index`: the keyed hashes of document numbers after INDEX_KEY was changed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.encryption import DecryptionError
from customers.services import identities_reindex


class Command(BaseCommand):
    help = "Computes the hashes by which document numbers are found anew with INDEX_KEY; all of them or none."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            changed = identities_reindex()
        except DecryptionError as error:
            raise CommandError(f"{error} Nothing was changed.") from error
        self.stdout.write(f"{changed} hashes rebuilt. Recovery codes made before are void: make new ones.")
