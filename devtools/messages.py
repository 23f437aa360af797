"""Texts to be translated, without gettext's programs. Runs inside `.venv`: `python -m devtools.messages ACTION`.

`update` collects the texts of code and templates into the catalogue, `check` fails when that would change anything or
a translation is missing. Source texts are English, so there is one catalogue.
"""

import argparse
import dataclasses
import io
import re
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import polib
from babel.messages.extract import extract
from django.utils.translation.template import templatize

from devtools.base import ROOT, write_if_changed

CATALOGUE = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
METADATA = {
    "Project-Id-Version": "shuncheng",
    "Language": "zh_Hans",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}
WRAP = 118
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
SINGULAR, PLURAL = (1,), (1, 2)
CONTEXT, CONTEXT_PLURAL = ((1, "c"), 2), ((1, "c"), 2, 3)
KEYWORDS = {
    "_": SINGULAR,
    "gettext": SINGULAR,
    "gettext_lazy": SINGULAR,
    "gettext_noop": SINGULAR,
    "ngettext": PLURAL,
    "ngettext_lazy": PLURAL,
    "pgettext": CONTEXT,
    "pgettext_lazy": CONTEXT,
    "npgettext": CONTEXT_PLURAL,
    "npgettext_lazy": CONTEXT_PLURAL,
}
NOT_PRODUCT = {"tests", "devtools"}


@dataclasses.dataclass(frozen=True)
class Message:
    """One text of the source. `context` and `plural` are "" when there are none."""

    text: str
    context: str = ""
    plural: str = ""
    comments: tuple[str, ...] = ()


def messages_of_python(source: str) -> list[Message]:
    return list(_extracted(source))


def messages_of_template(source: str, *, name: str = "template") -> list[Message]:
    """Django turns a template into Python-like code: the calls of gettext and everything else as X."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a translators' comment that would be lost is an error
        code = templatize(source, origin=name)
    # Leading blanks of the template are no indentation of Python.
    return list(_extracted("\n".join(line.strip() for line in code.splitlines()) + "\n"))


def _extracted(code: str) -> Iterator[Message]:
    stream = io.BytesIO(code.encode())
    found = extract("python", stream, keywords=KEYWORDS, comment_tags=("Translators:",), options={"encoding": "utf-8"})
    for _line, texts, comments, context in found:
        singular, plural = (texts[0], texts[1]) if isinstance(texts, tuple) else (texts, "")
        yield Message(singular, context or "", plural or "", tuple(comments))


def source_files(root: Path = ROOT) -> list[Path]:
    """Python and templates of the product."""
    packages = [path.parent for path in root.glob("*/__init__.py") if path.parent.name not in NOT_PRODUCT]
    files = [path for package in packages for path in package.rglob("*.py")]
    for folder in (root / "templates", *(package / "templates" for package in packages)):
        files += [path for path in folder.rglob("*") if path.suffix in {".html", ".txt"}]
    return sorted(files)


def build_catalogue(files: Iterable[Path], old: polib.POFile, *, root: Path = ROOT) -> polib.POFile:
    """The texts of `files` with the translations of `old`; what is no longer used is dropped."""
    known = {(entry.msgctxt or "", entry.msgid): entry for entry in old if not entry.obsolete}
    entries: dict[tuple[str, str], polib.POEntry] = {}
    for path in files:
        read = messages_of_python if path.suffix == ".py" else messages_of_template
        for message in read(path.read_text(encoding="utf-8")):
            key = (message.context, message.text)
            if key not in entries:
                entries[key] = _entry(message, known.get(key))
            _add_use(entries[key], message, path.relative_to(root).as_posix())
    catalogue = polib.POFile(wrapwidth=WRAP)
    catalogue.metadata = METADATA
    for entry in sorted(entries.values(), key=lambda item: (item.occurrences[0], item.msgid, item.msgctxt or "")):
        catalogue.append(entry)
    return catalogue


def _entry(message: Message, known: polib.POEntry | None) -> polib.POEntry:
    entry = polib.POEntry(msgid=message.text, msgctxt=message.context or None)
    if known:
        entry.msgstr = known.msgstr or known.msgstr_plural.get(0, "")
        entry.tcomment = known.tcomment
        entry.flags = ["fuzzy"] if known.fuzzy else []
    return entry


def _add_use(entry: polib.POEntry, message: Message, place: str) -> None:
    """The same text may be used in several places, in one of them with a plural."""
    if (place, "") not in entry.occurrences:
        entry.occurrences.append((place, ""))
    if message.plural and not entry.msgid_plural:
        entry.msgid_plural = message.plural
        entry.msgstr_plural = {0: entry.msgstr}
        entry.msgstr = ""
    lines = [line for line in message.comments if line not in entry.comment.splitlines()]
    entry.comment = "\n".join([*entry.comment.splitlines(), *lines])
    if PLACEHOLDER.search(message.text + message.plural) and "python-format" not in entry.flags:
        entry.flags.append("python-format")


def problems_of(catalogue: polib.POFile) -> list[str]:
    """What keeps the catalogue from being complete: fuzzy, empty, or other placeholders than the source."""
    problems = []
    for entry in catalogue:
        translation = entry.msgstr_plural.get(0, "") if entry.msgid_plural else entry.msgstr
        allowed = set(PLACEHOLDER.findall(entry.msgid + entry.msgid_plural))
        required = set(PLACEHOLDER.findall(entry.msgid_plural or entry.msgid))  # "One day" may go without its number
        used = set(PLACEHOLDER.findall(translation))
        if entry.fuzzy:
            problems.append(f"fuzzy: {entry.msgid!r}")
        elif not translation.strip():
            problems.append(f"not translated: {entry.msgid!r} ({entry.occurrences[0][0]})")
        elif not required <= used <= allowed:
            problems.append(f"placeholders differ: {entry.msgid!r} -> {translation!r}")
    return problems


def load(path: Path) -> polib.POFile:
    return polib.pofile(str(path), wrapwidth=WRAP) if path.exists() else polib.POFile(wrapwidth=WRAP)


def render(catalogue: polib.POFile) -> bytes:
    return (str(catalogue).rstrip() + "\n").encode()


def update() -> int:
    catalogue = build_catalogue(source_files(), load(CATALOGUE))
    write_if_changed(CATALOGUE, render(catalogue))
    untranslated = problems_of(catalogue)
    sys.stdout.write(f"{len(catalogue)} texts, {len(untranslated)} to be translated or corrected.\n")
    return 0


def check() -> int:
    old = load(CATALOGUE)
    catalogue = build_catalogue(source_files(), old)
    before, now = ({(entry.msgctxt, entry.msgid) for entry in which} for which in (old, catalogue))
    problems = [f"not in the catalogue: {text!r}" for _context, text in sorted(now - before, key=str)]
    problems += [f"no longer used: {text!r}" for _context, text in sorted(before - now, key=str)]
    if not problems and (not CATALOGUE.exists() or CATALOGUE.read_bytes() != render(catalogue)):
        problems.append("places or comments changed")
    if problems:
        problems.append("Run ./dev messages and translate.")
    problems = problems or problems_of(catalogue)
    for problem in problems:
        sys.stdout.write(problem + "\n")
    return 1 if problems else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Texts to be translated.")
    parser.add_argument("action", choices=["update", "check"])
    action = parser.parse_args().action
    return update() if action == "update" else check()


if __name__ == "__main__":
    sys.exit(main())
