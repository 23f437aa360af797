"""docker-compose.yml as Docker reads it: merged, and its variables filled in."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker-compose.yml"
VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?:(?P<mode>:[-?])(?P<rest>[^}]*))?\})")


class MissingVariableError(Exception):
    pass


def text() -> str:
    return COMPOSE.read_text()


def raw() -> dict[str, Any]:
    return yaml.safe_load(text())


def variables() -> dict[str, set[str]]:
    """Name -> how it is used: ":?" required, ":-" with a default, "" plain."""
    found: dict[str, set[str]] = {}
    for match in VARIABLE.finditer(text()):
        if match["name"]:
            found.setdefault(match["name"], set()).add(match["mode"] or "")
    return found


def filled(value: Any, env: dict[str, str]) -> Any:
    """The value with its variables replaced. Raises MissingVariableError, as compose does for ${NAME:?sentence}."""
    if isinstance(value, dict):
        return {key: filled(item, env) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, env) for item in value]
    return VARIABLE.sub(lambda match: _value_of(match, env), value) if isinstance(value, str) else value


def _value_of(match: re.Match[str], env: dict[str, str]) -> str:
    if match[0] == "$$":
        return "$"
    given = env.get(match["name"], "")
    if given or not match["mode"]:
        return given
    if match["mode"] == ":?":
        raise MissingVariableError(match["rest"])
    return match["rest"]


def services(env: dict[str, str]) -> dict[str, dict[str, Any]]:
    return filled(raw()["services"], env)


def is_ours(service: dict[str, Any]) -> bool:
    return service["image"].startswith("shuncheng:")
