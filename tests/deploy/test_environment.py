"""What production asks of its environment, and that .env.example tells all of it."""

import ast
import base64
import os
import re
import subprocess
import sys

import pytest

from dealership.environment import REQUIRED, problems
from devtools.gates import DEPLOY_ENV
from tests.deploy import compose

ROOT = compose.ROOT
SOURCES = [
    *(path for path in sorted((ROOT / "dealership").rglob("*.py")) if path.stem not in {"test", "trial", "embedded"}),
    ROOT / "gunicorn.conf.py",
    ROOT / "operations" / "probe.py",
]
READERS = {"str", "int", "bool", "list", "db", "float", "get", "setdefault"}
NEVER_IN_PRODUCTION = {"DEBUG"}


def key(byte: int) -> str:
    return base64.b64encode(bytes([byte]) * 32).decode()


GOOD = {
    "SECRET_KEY": "Zq8-vY3nR_7tLw2xKb9mHd4sFg6jPc1aUe5iOo0yTq8vY3nR7tLw",
    "DATABASE_URL": "postgres://shuncheng_app:1f0c9b@db:5432/shuncheng",
    "REDIS_URL": "redis://:77ab01@redis:6379/0",
    "FIELD_KEYS": f"k2:{key(2)},k1:{key(1)}",
    "INDEX_KEY": key(3),
    "ALLOWED_HOSTS": "crm.example.cn",
    "CSRF_TRUSTED_ORIGINS": "https://crm.example.cn",
}


def names_read() -> set[str]:
    """The environment variables that the code asks for, by name in the source."""
    found = set(REQUIRED)
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            name = None
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READERS:
                holder = node.func.value
                is_env = getattr(holder, "id", getattr(holder, "attr", "")) in {"env", "environ"}
                name = node.args[0] if is_env and node.args else None
            elif isinstance(node, ast.Subscript) and getattr(node.value, "attr", "") == "environ":
                name = node.slice
            if isinstance(name, ast.Constant):
                found.add(name.value)
    return found - NEVER_IN_PRODUCTION


def names_offered() -> set[str]:
    """Variables that the operator fills in; the others stand there as comments."""
    return set(re.findall(r"^([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def names_explained() -> dict[str, bool]:
    """Variables of .env.example, and whether a comment stands above them (or above the group they belong to)."""
    found, is_explained = {}, False
    for line in (ROOT / ".env.example").read_text().splitlines():
        match = re.fullmatch(r"#?([A-Z][A-Z0-9_]*)=.*", line)
        if match:
            found[match[1]] = is_explained
        else:
            is_explained = line.startswith("#") and not line.startswith("# ----")
    return found


def test_every_variable_that_is_read_is_explained_and_every_explained_one_is_read():
    read, explained = names_read(), names_explained()

    assert sorted((read | set(compose.variables())) - set(explained)) == []
    assert sorted(set(explained) - read - set(compose.variables())) == []
    assert names_offered() == set(compose.variables())  # what is filled in there reaches a container
    assert [name for name, is_explained in explained.items() if not is_explained] == []


def test_the_example_names_every_variable_once_and_holds_no_secret():
    lines = (ROOT / ".env.example").read_text().splitlines()
    names = [line.lstrip("#").partition("=")[0] for line in lines if re.match(r"#?[A-Z][A-Z0-9_]*=", line)]
    assert len(names) == len(set(names))
    given = {
        name
        for name, sign, value in (line.partition("=") for line in lines)
        if name and sign and value and name[0] != "#"
    }

    assert [name for name in given if re.search("KEY|PASSWORD|TOKEN|DSN", name)] == []


def test_a_complete_environment_is_accepted():
    assert problems(GOOD) == []
    assert problems(DEPLOY_ENV) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [
        *(({name: ""}, name) for name in REQUIRED),
        ({"SECRET_KEY": "short"}, "50 random"),
        ({"SECRET_KEY": "ab" * 40}, "50 random"),
        ({"SECRET_KEY": "trial-only-key-never-used-in-production-0123456789abcdef"}, "example"),
        ({"SECRET_KEY": "please-change-me-0123456789abcdefghijklmnopqrstuvwxyz"}, "example"),
        ({"FIELD_KEYS": "no-colon"}, "FIELD_KEYS"),
        ({"FIELD_KEYS": "k1:" + base64.b64encode(b"short").decode()}, "FIELD_KEYS"),
        ({"FIELD_KEYS": "k1:***"}, "FIELD_KEYS"),
        ({"INDEX_KEY": "k"}, "INDEX_KEY"),
        ({"INDEX_KEY": key(1)}, "differ"),
        ({"ALLOWED_HOSTS": "crm.example.cn, *"}, "ALLOWED_HOSTS"),
        ({"CSRF_TRUSTED_ORIGINS": "http://crm.example.cn"}, "https://"),
        ({"DATABASE_URL": "postgres://app@db/x"}, "no password"),
        ({"DATABASE_URL": "postgres://postgres:postgres@db/x"}, "everybody tries"),
        ({"DATABASE_URL": "postgres://shuncheng@//var/lib/shuncheng-embedded/1a2b/run/shuncheng"}, "embedded"),
        ({"DATABASE_URL": "postgres://shuncheng@/shuncheng?host=/srv/app/var/embedded/run"}, "embedded"),
        ({"DATABASE_URL": "postgres://[broken"}, "no URL"),
        ({"REDIS_URL": "redis://redis:6379/0"}, "no password"),
        ({"REDIS_URL": "redis+socket:///var/lib/shuncheng-embedded/1a2b/run/valkey.sock"}, "embedded"),
        ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN"),
        ({"DEBUG": "True"}, "DEBUG"),
    ],
)
def test_what_is_missing_or_unsafe_is_named_and_not_repeated(change, word):
    found = problems(GOOD | change)

    assert len(found) == 1
    assert word in found[0]
    for name, value in change.items():
        if len(value) > 6 and re.search("KEY|URL|TOKEN", name):
            assert value not in found[0]


@pytest.mark.parametrize(
    "url", ["postgres://app@127.0.0.1/x", "postgres://app@/x?host=/run/postgresql", "postgres://app:9f3k2m@db/x"]
)
def test_servers_of_this_machine_may_know_us_without_a_password(url):
    assert problems(GOOD | {"DATABASE_URL": url}) == []


def run(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    settings = {"DJANGO_SETTINGS_MODULE": "dealership.settings.production", "PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=kept | settings | env, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_the_start_fails_with_one_message_that_lists_everything():
    done = run("manage.py", "check", env={"SECRET_KEY": "short", "ALLOWED_HOSTS": "*"})

    message = done.stderr[done.stderr.rindex("ImproperlyConfigured") :]
    assert done.returncode != 0
    for name in {*REQUIRED, "ALLOWED_HOSTS must"}:
        assert name in message


@pytest.mark.slow
def test_the_deployment_check_of_django_finds_nothing():
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", env=GOOD)

    assert done.returncode == 0, done.stderr
