"""Collecting and compiling the texts to be translated."""

import gettext
from pathlib import Path

import polib

from devtools.messages import (
    Message,
    build_catalogue,
    messages_of_python,
    messages_of_template,
    problems_of,
    render,
)
from devtools.translations import compile_catalogues


def test_messages_of_python_finds_every_kind_of_call() -> None:
    source = """
LABEL = _("Lead") ; STAGE = pgettext_lazy("sales stage", "Lead")
def late(count, name):
    # Translators: in the list of callbacks
    text = gettext("Late by "
                   "%(days)s days") % {"days": 1}
    return ngettext("%(n)s call", "%(n)s calls", count), npgettext("phone", "call", "calls", count), _(name)
"""

    assert messages_of_python(source) == [
        Message("Lead"),
        Message("Lead", context="sales stage"),
        Message("Late by %(days)s days", comments=("Translators: in the list of callbacks",)),
        Message("%(n)s call", plural="%(n)s calls"),
        Message("call", context="phone", plural="calls"),
    ]


def test_messages_of_template_finds_tags_expressions_and_trimmed_blocks() -> None:
    source = """{% load i18n %}
        {% translate "Today" %} {% trans "Lead" context "sales stage" as title %}
      {% if state == _("late") %} ({{ owner|default:_("nobody") }} {% endif %}
    {% comment %}Translators: under the name{% endcomment %}
    {% blocktranslate trimmed with days=late.days count calls=n %}
        {{ calls }} call
      {% plural %}
        {{ calls }} calls "late"
    {% endblocktranslate %}
"""

    assert messages_of_template(source) == [
        Message("Today"),
        Message("Lead", context="sales stage"),
        Message("late"),
        Message("nobody"),
        Message("%(calls)s call", plural='%(calls)s calls "late"', comments=("Translators: under the name",)),
    ]


def catalogue_of(tmp_path: Path, old: polib.POFile, **sources: str) -> polib.POFile:
    files = []
    for name, content in sources.items():
        files.append(tmp_path / f"{name}.py")
        files[-1].write_text(content)
    return build_catalogue(sorted(files), old, root=tmp_path)


def test_build_catalogue_keeps_translations_drops_unused_texts_and_is_stable(tmp_path: Path) -> None:
    old = polib.POFile()
    old.append(polib.POEntry(msgid="Lead", msgstr="线索", tcomment="checked"))
    old.append(polib.POEntry(msgid="Gone", msgstr="没了"))
    old.append(polib.POEntry(msgid="Odd", msgstr="怪", flags=["fuzzy"]))

    new = catalogue_of(tmp_path, old, b='_("Odd"), _("Lead")', a='_("Lead"), _("New %(n)s")')

    assert [(entry.msgid, entry.msgstr, entry.flags) for entry in new] == [
        ("Lead", "线索", []),
        ("New %(n)s", "", ["python-format"]),
        ("Odd", "怪", ["fuzzy"]),
    ]
    assert (new[0].occurrences, new[0].tcomment) == ([("a.py", ""), ("b.py", "")], "checked")
    again = catalogue_of(
        tmp_path, polib.pofile(render(new).decode()), b='_("Odd"), _("Lead")', a='_("Lead"), _("New %(n)s")'
    )
    assert render(again) == render(new)


def test_problems_of_names_empty_fuzzy_and_broken_translations(tmp_path: Path) -> None:
    source = '_("ok"), _("empty"), _("fuzzy"), _("lost %(n)s"), ngettext("One day", "%(n)s days", n)'
    old = polib.POFile()
    for text, translation, flags in (("ok", "好", []), ("fuzzy", "糊", ["fuzzy"]), ("lost %(n)s", "丢", [])):
        old.append(polib.POEntry(msgid=text, msgstr=translation, flags=flags))
    old.append(polib.POEntry(msgid="One day", msgid_plural="%(n)s days", msgstr_plural={0: "%(n)s 天"}))

    problems = problems_of(catalogue_of(tmp_path, old, a=source))

    assert problems == [
        "not translated: 'empty' (a.py)",
        "fuzzy: 'fuzzy'",
        "placeholders differ: 'lost %(n)s' -> '丢'",
    ]


def test_compile_catalogues_writes_what_gettext_reads_and_only_when_it_changed(tmp_path: Path) -> None:
    folder = tmp_path / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=UTF-8", "Plural-Forms": "nplurals=1; plural=0;"}
    catalogue.append(polib.POEntry(msgid="Lead", msgctxt="sales stage", msgstr="线索"))
    catalogue.append(polib.POEntry(msgid="%(n)s day", msgid_plural="%(n)s days", msgstr_plural={0: "%(n)s 天"}))
    catalogue.save(str(folder / "django.po"))

    first, second = compile_catalogues(tmp_path), compile_catalogues(tmp_path)

    assert (first, second) == ([folder / "django.mo"], [])
    translations = gettext.translation("django", localedir=tmp_path, languages=["zh_Hans"])
    assert translations.pgettext("sales stage", "Lead") == "线索"
    assert translations.ngettext("%(n)s day", "%(n)s days", 3) == "%(n)s 天"
