"""Work on the database as a whole."""

from operations.services.archive import ArchiveError, parse_key
from operations.services.backup import backup_create, backup_verify, backups_thin
from operations.services.contents import broken_invariants
from operations.services.migrating import upgrade
from operations.services.postgres import ProgramError
from operations.services.restore import RestoreError, restore
from operations.services.roles import append_only_tables, roles_grant

__all__ = [
    "ArchiveError",
    "ProgramError",
    "RestoreError",
    "append_only_tables",
    "backup_create",
    "backup_verify",
    "backups_thin",
    "broken_invariants",
    "parse_key",
    "restore",
    "roles_grant",
    "upgrade",
]
