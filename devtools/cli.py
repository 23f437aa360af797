"""The commands of `./dev`."""

import argparse
import io
import sys

from devtools import bench, demo, gates, manage, packages, tools
from devtools.base import StopError

DESCRIPTION = """\
demo                start everything with the demo store (PORT=8000); Ctrl-C stops it
test [PATH…]        run every check, or the tests of a part
manage ARGS…        a management command, against the running services or with servers of its own
reset               delete the database and the state of this checkout
lint                the checks that need no database
fmt                 format the code
messages [--check]  collect the texts to be translated into locale/
shots [NAME…]       screenshots of the main pages into var/shots/
chaos [REMINDERS]   kill processes at random and count the reminders
bench [--customers N] [--requests N] [--explain]   measure the pages, or write the plans of their queries
lock                write the requirements lock files anew"""


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./dev", usage=f"./dev COMMAND\n\n{DESCRIPTION}", add_help=False)
    parser.add_argument("-h", "--help", action="store_true")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("demo")
    test = commands.add_parser("test")
    test.add_argument("paths", nargs="*", metavar="PATH")
    test.add_argument("--no-browser", action="store_true", help="leave the browser tests out")
    reset = commands.add_parser("reset")
    reset.add_argument("--yes", action="store_true", help="do not ask")
    for name in ("lint", "fmt", "lock", "help"):
        commands.add_parser(name)
    messages = commands.add_parser("messages")
    messages.add_argument("--check", action="store_true", help="change nothing; fail when something is missing")
    shots = commands.add_parser("shots")
    shots.add_argument("names", nargs="*", metavar="NAME")
    chaos = commands.add_parser("chaos")
    chaos.add_argument("reminders", nargs="?", type=int, default=1500)
    chaos.add_argument("--faults", type=int, default=12)
    measure = commands.add_parser("bench")
    measure.add_argument("--customers", type=int, default=100_000)
    measure.add_argument("--requests", type=int, default=200)
    measure.add_argument("--explain", action="store_true", help="write the plans of the hottest queries instead")
    return parser


def run(argv: list[str]) -> int:
    if argv[:1] == ["manage"]:  # everything after it belongs to Django, also --help
        return manage.manage(argv[1:])
    parser = build_parser()
    args, rest = parser.parse_known_args(argv)
    if rest and args.command != "test":
        parser.error(f"unknown argument {rest[0]}")
    match args.command:
        case "demo":
            return demo.demo()
        case "test":
            return gates.test([*args.paths, *rest], has_browser=not args.no_browser)
        case "reset":
            return manage.reset(is_confirmed=args.yes)
        case "lint":
            return gates.lint()
        case "fmt":
            return tools.fmt()
        case "messages":
            return tools.messages(is_check=args.check)
        case "shots":
            return tools.shots(args.names)
        case "chaos":
            return gates.chaos(args.reminders, args.faults)
        case "bench":
            return bench.bench(customers=args.customers, requests=args.requests, is_explain=args.explain)
        case "lock":
            packages.compile_locks()
            return 0
    parser.print_usage()
    return 0 if args.command == "help" else 2


def main(argv: list[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without UTF-8 gets question marks, not a traceback
            stream.reconfigure(errors="replace")
    try:
        return run(argv)
    except StopError as error:
        sys.stdout.flush()
        details = f"\n{error.details}\n" if error.details else ""
        sys.stderr.write(f"{details}\n./dev: {error}\n")
        return 1
    except PermissionError as error:
        sys.stderr.write(
            f"\n./dev: {error.filename} cannot be used ({error.strerror}); does it belong to another user?\n"
        )
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\n./dev: stopped.\n")
        return 130
