"""The rules of the style guide that linters cannot count or see. Exceptions stand here, each with its reason."""

import ast
import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.utils.functional import Promise

from dealership.celery import app as celery_app

ROOT = Path(settings.BASE_DIR)
PACKAGES = [*settings.LOCAL_APPS, "dealership", "devtools"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRACTS = {contract["id"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]}
CJK = re.compile("[\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f]")

MODULE_LINES, FUNCTION_LINES, TEMPLATE_LINES, TEST_MODULE_LINES = 400, 40, 200, 600

# Longer, because it must run alone: `dev` and its embedded servers start before anything is installed.
LONG_MODULES = {"dev": 900, "dealership/embedded.py": 450}
LONG_FUNCTIONS: dict[str, str] = {}

APP_MODULES = {
    "__init__", "admin", "apps", "checks", "context_processors", "defaults", "enums", "events", "filters", "forms",
    "handlers", "kinds", "managers", "middleware", "models", "policies", "querysets", "selectors", "services", "stages",
    "tasks", "urls", "views",
}  # fmt: skip
APP_PACKAGES = {"forms", "management", "migrations", "models", "services", "selectors", "templatetags", "views"}
OWN_MODULES = {
    "core": "the library of the project: clock, phones, pinyin, state machine and the like",
    "staff/backends.py": "Django's name for how people sign in",
    "staff/duties.py": "the register of what people carry, filled by the apps above",
    "staff/rights.py": "the register of what roles may do, for the page of roles",
    "staff/lockout.py": "named by AXES_LOCKOUT_CALLABLE and AXES_USERNAME_CALLABLE",
    "staff/sessions.py": "named by SESSION_ENGINE",
    "staff/passwords.py": "named by AUTH_PASSWORD_VALIDATORS",
    "notifications/providers": "the outside world: one class per gateway",
    "operations/metrics.py": "the names that Prometheus reads",
    "operations/probe.py": "health checks of the containers, which load no Django",
    "customers/search.py": "what people type to find somebody, for the query and for who puts the answer together",
    "workbench/demo": "the story of the demo store",
}
# The model of people is named by AUTH_USER_MODEL: the ground floor may point at it without knowing the app.
SWAPPABLE = {"core.PrivateFile", "core.AccessLogEntry"}
# Characters that are data, not words of the interface.
CHINESE_DATA = {
    "core/pinyin.py": "surnames and their readings",
    "core/business_calendar.py": "names of public holidays",
    "core/checks.py": "asks PostgreSQL about Chinese trigrams",
    "core/phones.py": "what people write around a number",
    "leads/services/import_values.py": "what lead platforms write into their lists",
    "customers/forms.py": "separators that people type",
    "workbench/forms.py": "separators that people type",
    "dealership/settings/base.py": "words of the trade that make no password",
    "core/text.py": "full-width characters that start a formula",
    "core/templatetags/ui.py": "date patterns of the language, and the unit of ten thousand",
}
CHINESE_PLACES = ("defaults.py", "/migrations/", "/demo/", "/management/commands/load_", "tests/")
CHINESE_TEMPLATES = {
    "core/_account_menu.html": "each language is written in itself",
    "core/components": "the sample data of the component page",
}
# A view may shape what a selector gave; nothing else.
VIEW_CALLS_BANNED = {
    "save", "filter", "exclude", "create", "bulk_create", "get_or_create", "update_or_create", "delete", "raw",
    "select_for_update", "annotate", "aggregate",
}  # fmt: skip
VIEW_EXCEPTIONS: dict[str, str] = {}


def python_files(*roots: str) -> Iterator[Path]:
    for root in roots:
        yield from sorted((ROOT / root).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def source_files() -> list[Path]:
    return [path for path in python_files(*PACKAGES) if "/migrations/" not in name_of(path)]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def templates() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html"))


def template_name(path: Path) -> str:
    return path.relative_to(ROOT / "templates").as_posix()


def lines_of(path: Path) -> int:
    return len(path.read_text().splitlines())


def calls_in(path: Path) -> Iterator[tuple[ast.Call, str]]:
    """Every call with the last part of the called name."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call):
            function = node.func
            yield node, function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def listed(found: list[str]) -> str:
    return "\n" + "\n".join(found)


def place(path: Path, node: ast.AST) -> str:
    return f"{name_of(path)}:{getattr(node, 'lineno', 0)}"


# ---- sizes -----------------------------------------------------------------------------------------------


def test_modules_functions_and_templates_are_short():
    too_long = []
    for path in [*source_files(), ROOT / "dev"]:
        limit = LONG_MODULES.get(name_of(path), MODULE_LINES)
        if lines_of(path) > limit:
            too_long.append(f"{name_of(path)}: {lines_of(path)} > {limit}")
    for path in python_files("tests"):
        if lines_of(path) > TEST_MODULE_LINES:
            too_long.append(f"{name_of(path)}: {lines_of(path)} > {TEST_MODULE_LINES}")
    for path in templates():
        if lines_of(path) > TEMPLATE_LINES:
            too_long.append(f"{template_name(path)}: {lines_of(path)} > {TEMPLATE_LINES}")

    assert not too_long, listed(too_long)


def test_functions_are_short():
    too_long = []
    for path in [*source_files(), *python_files("tests")]:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > FUNCTION_LINES and f"{name_of(path)}:{node.name}" not in LONG_FUNCTIONS:
                    too_long.append(f"{place(path, node)} {node.name}: {length}")

    assert not too_long, listed(too_long)


# ---- apps and layers -------------------------------------------------------------------------------------


def floors() -> dict[str, int]:
    """App -> floor, 0 at the top; siblings of "a | b" share one."""
    rows = [row.split("|") for row in CONTRACTS["app-layers"]["layers"]]
    return {name.strip(): floor for floor, names in enumerate(rows) for name in names}


def test_every_app_has_a_layer_and_is_watched_inside():
    assert set(floors()) == {*settings.LOCAL_APPS, "dealership"}
    assert set(PROJECT["tool"]["importlinter"]["root_packages"]) == set(floors())
    assert set(CONTRACTS["module-layers"]["containers"]) == set(settings.LOCAL_APPS)
    assert set(settings.LOCAL_APPS) <= set(PROJECT["tool"]["mypy"]["files"])
    assert set(settings.LOCAL_APPS) <= set(PROJECT["tool"]["coverage"]["run"]["source"])


def test_foreign_keys_point_down():
    rank = floors()
    upward = []
    for model in apps.get_models():
        own = model._meta.app_label
        for field in model._meta.get_fields():
            other = field.related_model._meta.app_label if field.is_relation and field.related_model else own
            is_ours = own in rank and other in rank and field.concrete
            is_person = model._meta.label in SWAPPABLE and field.related_model is get_user_model()
            if is_ours and own != other and rank[other] <= rank[own] and not is_person:
                upward.append(f"{model._meta.label}.{field.name} -> {other}")

    assert not upward, listed(upward)


def test_apps_look_alike():
    strange = []
    for app in settings.LOCAL_APPS:
        if app in OWN_MODULES:
            continue
        for path in sorted((ROOT / app).iterdir()):
            name = name_of(path)
            is_known = path.stem in APP_MODULES if path.suffix == ".py" else path.name in APP_PACKAGES | {"__pycache__"}
            if not is_known and name not in OWN_MODULES:
                strange.append(name)

    assert not strange, listed(strange)


# ---- code ------------------------------------------------------------------------------------------------


def test_nobody_but_the_clock_asks_what_time_it_is():
    askers = []
    for path in source_files():
        if name_of(path) == "core/clock.py" or name_of(path).startswith("devtools/"):
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
                owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
                if (owner, node.attr) in {
                    ("timezone", "now"), ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"),
                    ("date", "today"), ("timezone", "localdate"),
                }:  # fmt: skip
                    askers.append(place(path, node))

    assert not askers, listed(askers)


def test_views_read_by_selectors_and_write_by_services():
    found = []
    for path in source_files():
        if path.stem != "views" and path.parent.name != "views":
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager"}:
                found.append(f"{place(path, node)} .{node.attr}")
        for node, name in calls_in(path):
            if isinstance(node.func, ast.Attribute) and name in VIEW_CALLS_BANNED:
                found.append(f"{place(path, node)} .{name}(")

    found = [text for text in found if text.split(":")[0] not in VIEW_EXCEPTIONS]
    assert not found, listed(found)


BANNED_NAMES = {"csrf_exempt", "mark_safe", "RawSQL", "on_commit_lambda", "eval", "exec", "FloatField", "allow_tags"}
ALLOWED_NAMES = {
    ("core/views/csp.py", "csrf_exempt"): "browsers send their reports by themselves, without a token",
    ("core/rendering/source.py", "exec"): "a template becomes a function; what it holds is in it as literals only",
}


def test_dangerous_names_are_not_used():
    found = []
    for path in source_files():
        for node in ast.walk(tree_of(path)):
            name = getattr(node, "attr", None) or getattr(node, "id", None) or getattr(node, "name", None)
            if name in BANNED_NAMES and (name_of(path), name) not in ALLOWED_NAMES:
                found.append(f"{place(path, node)} {name}")

    assert not found, listed(found)


def test_no_extra_no_all_fields_and_no_unpacked_request():
    found = []
    for path in source_files():
        for node, name in calls_in(path):
            if name == "extra" and isinstance(node.func, ast.Attribute):
                found.append(f"{place(path, node)} .extra(")
            for keyword in node.keywords:
                if keyword.arg is None and ast.unparse(keyword.value).startswith("request."):
                    found.append(f"{place(path, node)} **request")
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Constant) and node.value == "__all__":
                found.append(f"{place(path, node)} __all__")

    assert not found, listed(found)


def test_form_classes_list_their_fields():
    """`exclude` lets a new field of the model be written by everybody."""
    found = []
    for path in source_files():
        is_form = path.stem in {"forms", "admin"} or path.parent.name == "forms"
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef) and node.name == "Meta" and is_form:
                names = {target.id for part in node.body if isinstance(part, ast.Assign) for target in part.targets}
                if "exclude" in names:
                    found.append(place(path, node))

    assert not found, listed(found)


def test_nothing_is_published_to_the_broker():
    """Messages are wake-ups sent by beat; a request that published would depend on the broker (reliability.md 4.1)."""
    published = [
        f"{place(path, node)} .{name}("
        for path in python_files(*settings.LOCAL_APPS)
        for node, name in calls_in(path)
        if name in {"delay", "apply_async", "send_task", "on_commit"} and isinstance(node.func, ast.Attribute)
    ]

    assert not published, listed(published)


def test_beat_knows_intervals_only():
    schedule = celery_app.conf.beat_schedule

    assert schedule
    for entry in schedule.values():
        assert isinstance(entry["schedule"], int | float | timedelta)
        assert entry["options"]["expires"] <= float(entry["schedule"])


def test_lock_files_name_no_host():
    locks = [*ROOT.glob("*.lock"), *ROOT.glob("assets/package-lock.json")]
    pattern = r"^[^#]*https?://\S+\.(whl|tar|tgz|zip)|--(extra-)?index-url|\"resolved\""
    named = [path.name for path in locks if re.search(pattern, path.read_text(), re.MULTILINE)]

    assert locks
    assert not named, listed(named)


# ---- models ----------------------------------------------------------------------------------------------


def own_models() -> list[type[models.Model]]:
    return [
        model
        for model in apps.get_models()
        if model._meta.app_label in settings.LOCAL_APPS and not hasattr(model, "pgh_tracked_model")
    ]


def test_models_fields_and_choices_have_translated_names():
    unnamed = []
    for model in own_models():
        unnamed += [model._meta.label for name in (model._meta.verbose_name, model._meta.verbose_name_plural)
                    if not isinstance(name, Promise)]  # fmt: skip
        for field in model._meta.local_fields:
            label = f"{model._meta.label}.{field.name}"
            if not field.auto_created and field.name != "id" and not isinstance(field.verbose_name, Promise):
                unnamed.append(label)
            if field.choices and not all(isinstance(text, Promise) for value, text in field.flatchoices if value):
                unnamed.append(f"{label} choices")

    assert not unnamed, listed(unnamed)


def test_no_float_in_the_database():
    floats = [
        f"{model._meta.label}.{field.name}"
        for model in own_models()
        for field in model._meta.local_fields
        if isinstance(field, models.FloatField)
    ]

    assert not floats, listed(floats)


# ---- words -----------------------------------------------------------------------------------------------

GETTEXT = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy", "npgettext"}


def messages_in(path: Path) -> Iterator[tuple[ast.Call, list[ast.expr]]]:
    for node, name in calls_in(path):
        if isinstance(node.func, ast.Name) and name in GETTEXT:
            count = 3 if name.startswith("np") else 2 if name.startswith(("n", "p")) else 1
            yield node, node.args[:count]


def test_messages_are_whole_sentences_with_named_places():
    wrong = []
    for path in source_files():
        for node, arguments in messages_in(path):
            for argument in arguments:
                if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                    wrong.append(f"{place(path, node)} not a plain text")
                elif re.search(r"(?<!%)%[sdrif]", argument.value.replace("%%", "")):
                    wrong.append(f"{place(path, node)} %s")
                elif CJK.search(argument.value):
                    wrong.append(f"{place(path, node)} not English")
        for node, name in calls_in(path):
            if name == "format" and isinstance(node.func, ast.Attribute) and _is_message(node.func.value):
                wrong.append(f"{place(path, node)} .format")

    assert not wrong, listed(wrong)


def _is_message(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in GETTEXT


def docstrings(tree: ast.Module) -> set[int]:
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, owners) and node.body and isinstance(node.body[0], ast.Expr)
    }


def test_words_in_the_code_are_english():
    found = []
    for path in source_files():
        name = name_of(path)
        if name in CHINESE_DATA or any(part in f"/{name}" for part in CHINESE_PLACES):
            continue
        tree = tree_of(path)
        skipped = docstrings(tree)
        for node in ast.walk(tree):
            is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped
            if is_text and CJK.search(node.value):
                found.append(f"{place(path, node)} {node.value[:20]}")

    assert not found, listed(found)


TEMPLATE_COMMENT = re.compile(r"{#.*?#}|{%\s*comment.*?endcomment\s*%}|<!--.*?-->", re.DOTALL)
TEMPLATE_TAG = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)


def markup_of(path: Path) -> str:
    """The HTML of a template: without comments; every tag of the template language is a harmless word."""
    return TEMPLATE_TAG.sub("x", TEMPLATE_COMMENT.sub("", path.read_text()).replace("{% csrf_token %}", ""))


def test_words_in_the_templates_are_english():
    found = []
    for path in templates():
        if any(template_name(path).startswith(part) for part in CHINESE_TEMPLATES):
            continue
        text = TEMPLATE_COMMENT.sub("", path.read_text())
        found += [f"{template_name(path)}: {match}" for match in CJK.findall(text)]

    assert not found, listed(found)


# ---- templates -------------------------------------------------------------------------------------------


class Markup(HTMLParser):
    """Collects what the content security policy forbids and what would not work without scripts."""

    BY_ITSELF = ("from:body", "load", "revealed", "every", "intersect")
    CONTROLS = frozenset({"input", "select", "textarea"})  # their value goes with the form around them

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.forms: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form":  # one with an id is for buttons elsewhere, which say formaction
            self.forms.append("action" in values)
            if (values.get("method") or "get").lower() == "post" and not {"action", "id"} & set(values):
                self.found.append("form without action")
        if tag == "style" or (tag == "script" and "src" not in values):
            self.found.append(f"inline <{tag}>")
        for name, value in attrs:
            if name == "style" or re.fullmatch("on[a-z]+", name):
                self.found.append(f"{name}= on <{tag}>")
            if name in {"href", "src", "action"} and (value or "").strip().lower().startswith(("javascript:", "http")):
                self.found.append(f"{name}={value}")
        if any(name.startswith(("hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete")) for name in values):
            self._check_htmx(tag, values)

    def _check_htmx(self, tag: str, values: dict[str, str | None]) -> None:
        trigger = values.get("hx-trigger") or ""
        is_by_itself = any(word in trigger for word in self.BY_ITSELF)
        is_in_form = tag in self.CONTROLS or (tag == "button" and bool(self.forms and self.forms[-1]))
        if not (is_by_itself or is_in_form or {"href", "action", "formaction"} & set(values)):
            self.found.append(f"<{tag}> with {sorted(name for name in values if name.startswith('hx-'))} needs scripts")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self.forms:
            self.forms.pop()


def faults_of(html: str) -> list[str]:
    parser = Markup()
    parser.feed(html)
    return parser.found


def test_templates_obey_the_content_security_policy_and_work_without_scripts():
    found = [f"{template_name(path)}: {fault}" for path in templates() for fault in faults_of(markup_of(path))]

    assert not found, listed(found)


@pytest.mark.parametrize(
    "html",
    [
        "<script>x()</script>",
        '<a style="color:red">',
        '<a onclick="x()">',
        '<a href="javascript:x()">',
        "<style>a{}</style>",
        '<button hx-post="/x/">',
        '<form method="post">',
        '<a hx-get="/x/">',
    ],
)
def test_the_template_check_sees_what_it_should(html):
    assert len(faults_of(html)) == 1


@pytest.mark.parametrize(
    "html",
    [
        '<script src="/x.js"></script>',
        '<a hx-get="/x/" href="/x/">',
        '<form action="/x/" method="post"><button hx-post="/x/">',
        '<div hx-get="/x/" hx-trigger="poll from:body">',
    ],
)
def test_the_template_check_lets_good_markup_pass(html):
    assert faults_of(html) == []


def test_templates_say_what_they_need():
    """The first lines list the context, unless the template is a few words long (style guide 9)."""
    silent = [
        template_name(path)
        for path in templates()
        if lines_of(path) > 15
        and not template_name(path).startswith("core/components/")
        and "{#" not in "".join(path.read_text().splitlines()[:3])
    ]

    assert not silent, listed(silent)


def test_templates_mark_nothing_as_safe():
    unsafe = [
        template_name(path)
        for path in templates()
        if re.search(r"\|\s*safe\b|{%\s*autoescape off|\|\s*safeseq", TEMPLATE_COMMENT.sub("", path.read_text()))
    ]

    assert not unsafe, listed(unsafe)


# ---- the project knows nothing of the machine it was written on --------------------------------------------


def test_no_path_of_a_machine_in_the_code():
    found = [
        f"{name_of(path)}: {match}"
        for path in [*source_files(), *python_files("tests"), *templates()]
        if path != Path(__file__)
        for match in re.findall(r"/home/\w+/|/Users/\w+/|/root/\w+/", path.read_text())
    ]

    assert not found, listed(found)
