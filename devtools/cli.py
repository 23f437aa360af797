"""The commands of `./dev`."""

import argparse
import io
import sys

from devtools import audit, bench, demo, gates, manage, packages, requirements, tools
from devtools.base import StopError

DESCRIPTION = """\
demo                start everything with the demo store (PORT=8000); Ctrl-C stops it
test [PATH…]        run every check, or the tests of a part
manage ARGS…        a management command, against the running services or with servers of its own
backup FOLDER       write database and private files into a new folder below FOLDER
restore FOLDER      bring a backup back into an empty database
reset               delete the database and the state of this checkout
lint                the checks that need no database
fmt                 format the code
messages [--check]  collect the texts to be translated into locale/
shots [NAME…]       screenshots of the main pages into var/shots/
chaos [REMINDERS]   kill processes at random and count the reminders
bench [--customers N] [--requests N] [--explain | --background]   measure the pages, or write the plans of their
                    queries, or measure reminders and planning
requirements [GROUP…] [--min SHARE]   which rows of docs/requirements.md the tests prove
audit               known vulnerabilities of everything that is locked (asks services on the internet)
sbom                the components of a release into var/sbom/
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
    for name in ("lint", "fmt", "lock", "audit", "sbom", "help"):
        commands.add_parser(name)
    messages = commands.add_parser("messages")
    messages.add_argument("--check", action="store_true", help="change nothing; fail when something is missing")
    shots = commands.add_parser("shots")
    shots.add_argument("names", nargs="*", metavar="NAME")
    chaos = commands.add_parser("chaos")
    chaos.add_argument("reminders", nargs="?", type=int, default=1500)
    chaos.add_argument("--faults", type=int, default=12)
    chaos.add_argument("--approvals", type=int, default=500, help="requests that eight people decide at once")
    measure = commands.add_parser("bench")
    measure.add_argument("--customers", type=int, default=100_000)
    measure.add_argument("--requests", type=int, default=200)
    measure.add_argument("--explain", action="store_true", help="write the plans of the hottest queries instead")
    measure.add_argument("--background", action="store_true", help="measure reminders and planning instead")
    rows = commands.add_parser("requirements")
    rows.add_argument("groups", nargs="*", metavar="GROUP")
    rows.add_argument("--min", type=float, default=0.0, dest="minimum", help="fail below this share (0 to 1)")
    return parser


def run(argv: list[str]) -> int:
    if argv[:1] == ["manage"]:  # everything after it belongs to Django, also --help
        return manage.manage(argv[1:])
    if argv[:1] in (["backup"], ["restore"]):
        return manage.manage(argv)
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
            return gates.chaos(args.reminders, args.faults, args.approvals)
        case "bench":
            flags = [f"--{name}" for name in ("explain", "background") if getattr(args, name)]
            return bench.bench(customers=args.customers, requests=args.requests, flags=flags)
        case "requirements":
            return requirements.report(args.groups, args.minimum)
        case "audit":
            return audit.audit()
        case "sbom":
            return audit.sbom()
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
