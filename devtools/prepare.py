"""Bring the database of a trial up to date. Runs inside `.venv`: `python -m devtools.prepare [--demo]`.

One process for all steps, because loading Django takes longer than most of them.
"""

import argparse
import sys

import django
from django.contrib.auth import get_user_model
from django.core.management import call_command


def main() -> int:
    parser = argparse.ArgumentParser(description="Migrate, and load the demo store into an empty database.")
    parser.add_argument("--demo", action="store_true")
    args = parser.parse_args()
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    if args.demo and not get_user_model()._default_manager.exists():
        call_command("load_demo", stdout=sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
