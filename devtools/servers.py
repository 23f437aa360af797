"""The process that keeps the embedded servers of `./dev` up. Runs inside `.venv`: `python -m devtools.servers`.

Standard output carries one JSON object per line: first the addresses (or `error`), later `restarted`.
"""

import argparse
import json
import os
import select
import signal
import sys
from pathlib import Path

from dealership.embedded import EmbeddedError, Options, remove, running


def report(**values: object) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def serve(state: Path, options: Options) -> None:
    """Keep the servers up until SIGINT, SIGTERM or the end of standard input (the caller is gone)."""
    stop_requests: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        # The handler only notes the request: waiting inside a handler dead-locks with a wait in progress.
        signal.signal(number, lambda received, _frame: stop_requests.append(received))
    with running(state, options) as embedded:
        report(**embedded.urls(), home=str(embedded.home), pids=embedded.pids())
        while not stop_requests:
            is_caller_heard, _, _ = select.select([sys.stdin], [], [], 0.2)
            if is_caller_heard and not os.read(sys.stdin.fileno(), 4096):
                return
            for name in embedded.restart_dead():
                report(restarted=name)


def main() -> int:
    parser = argparse.ArgumentParser(description="Embedded PostgreSQL and Valkey.")
    parser.add_argument("action", choices=["serve", "remove"])
    parser.add_argument("state", type=Path)
    parser.add_argument("--only", choices=["postgresql", "valkey"])
    parser.add_argument("--fast", action="store_true")
    parser.add_argument("--ephemeral", action="store_true")
    parser.add_argument("--max-connections", type=int, default=Options.max_connections)
    args = parser.parse_args()
    if args.action == "remove":
        remove(args.state)
        return 0
    options = Options(
        postgres=args.only != "valkey",
        valkey=args.only != "postgresql",
        fast=args.fast,
        ephemeral=args.ephemeral,
        max_connections=args.max_connections,
    )
    try:
        serve(args.state, options)
    except EmbeddedError as error:
        report(error=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
