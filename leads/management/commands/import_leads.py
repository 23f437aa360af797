"""./dev manage import_leads FILE: the same import as on the page, in one go."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from leads.services import ImportOptions, import_confirm, import_discard, import_map, import_upload, result_counts
from staff.enums import IMPORT_ROLES, Role
from staff.models import Store, User


class Command(BaseCommand):
    help = "Import a list of leads (CSV or XLSX) and print how many rows are new, repeated and rejected."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        parser.add_argument("--store", metavar="CODE", help="the store; the first one else")
        parser.add_argument("--by", metavar="EMPLOYEE_NUMBER", help="who imports; a telesales agent of the store else")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        store = self._store(options["store"])
        by = _importer(store, options["by"])
        try:
            counts = _import(options["file"], by=by, is_dry_run=options["dry_run"])
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}") from error
        except (ValidationError, PermissionDenied) as error:
            raise CommandError("; ".join(getattr(error, "messages", [str(error)]))) from error
        if options["json"]:
            self.stdout.write(json.dumps(counts))
        else:
            self.stdout.write("  ".join(f"{name} {number}" for name, number in counts.items()))

    def _store(self, code: str | None) -> Store:
        """The named store; without a name the one that was set up first, said on stderr when there are others."""
        stores = list(Store.objects.filter(code=code) if code else Store.objects.order_by("pk")[:2])
        if not stores:
            raise CommandError(f"There is no store {code}." if code else "There is no store yet.")
        if len(stores) > 1:
            self.stderr.write(f"There are several stores; into {stores[0].code} (--store CODE for another).")
        return stores[0]


@transaction.atomic
def _import(path: Path, *, by: User, is_dry_run: bool) -> dict[str, int]:
    """Upload, map as guessed, try and write. A list without anything new, and a dry run, leave nothing behind."""
    assert by.store_id is not None  # noqa: S101 -- for mypy; _importer chose the person by the store
    lead_import = import_upload(store_id=by.store_id, name=path.name, content=path.read_bytes(), by=by)
    lead_import = import_map(import_id=lead_import.pk, mapping=lead_import.mapping, by=by)
    counts = result_counts(lead_import)
    if is_dry_run or not counts["created"]:
        import_discard(import_id=lead_import.pk, by=by)
        return counts
    return result_counts(import_confirm(import_id=lead_import.pk, options=ImportOptions(), by=by, is_inline=True))


def _importer(store: Store, employee_number: str | None) -> User:
    people = User.objects.filter(store=store, is_active=True).order_by("employee_number")
    if employee_number:
        people = people.filter(employee_number=employee_number)
    found = list(people.filter(roles__overlap=sorted(IMPORT_ROLES)))
    if not found:
        raise CommandError(f"Nobody in {store.code} may import lists." if not employee_number else
                           f"{employee_number} may not import lists into {store.code}.")  # fmt: skip
    return next((person for person in found if person.has_role(Role.TELESALES_AGENT)), found[0])
