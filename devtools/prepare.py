"""Bring the database of a trial up to date. Runs inside `.venv`: `python -m devtools.prepare`.

One process for both steps, because loading Django takes longer than they do. Prints `empty` when nobody can log in yet.
"""

import sys

import django
from django.contrib.auth import get_user_model
from django.core.management import call_command


def main() -> None:
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    is_empty = not get_user_model()._default_manager.exists()
    sys.stdout.write("empty\n" if is_empty else "in use\n")


if __name__ == "__main__":
    main()
