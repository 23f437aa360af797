"""Migrations on a running system: short locks or none, one upgrade at a time, rights afterwards."""

import time
from collections.abc import Callable

from django.core.management import call_command
from django.db import OperationalError, connection

from core.transactions import LOCK_NOT_AVAILABLE, sql_state
from operations.services.roles import roles_grant

LOCK_TIMEOUT = "2s"  # who cannot get a table at once must not make everybody queue behind him
TRIES = 10
PAUSE_S = 3.0
ADVISORY_KEY = 5_310_377_001
TIMEOUTS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")


def upgrade(*, app: str, readonly: str, say: Callable[[str], None], pause_s: float = PAUSE_S) -> None:
    """Bring the tables to this version. Raises OperationalError when a table stays locked."""
    with connection.cursor() as cursor:
        for name in TIMEOUTS:
            cursor.execute("SELECT set_config(%s, '0', false)", [name])
        cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_KEY])
        try:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [LOCK_TIMEOUT])
            _migrate(say=say, pause_s=pause_s)
            for role in roles_grant(app=app, readonly=readonly):
                say(f"There is no database role {role}; nothing was granted to it.")
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_KEY])
            for name in TIMEOUTS:
                cursor.execute(f"RESET {name}")  # to what the settings gave this session


def _migrate(*, say: Callable[[str], None], pause_s: float) -> None:
    """Each migration is all or nothing, so a second try goes on where the first one stopped."""
    for number in range(1, TRIES + 1):
        try:
            call_command("migrate", interactive=False, verbosity=1)
        except OperationalError as error:
            if sql_state(error) != LOCK_NOT_AVAILABLE or number == TRIES:
                raise
            say(f"A table is in use; nothing was changed. Trying again ({number} of {TRIES - 1}).")
            time.sleep(pause_s)
        else:
            return
