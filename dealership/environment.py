"""What production needs from its environment. Everything that is missing or unsafe is told at once, not one by one."""

import base64
import binascii
import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

SECRET_KEY_LENGTH = 50
SECRET_KEY_LETTERS = 12  # different ones: "aaaa…" is long as well
KEY_BYTES = 32
METRICS_TOKEN_LENGTH = 24
REQUIRED = {
    "SECRET_KEY": "sign-ins and links are signed with it",
    "DATABASE_URL": "postgres://user:password@host:5432/database",
    "REDIS_URL": "redis://:password@host:6379/0",
    "FIELD_KEYS": "keys of the encrypted fields, id:base64",
    "INDEX_KEY": "key of the search index over encrypted fields",
    "ALLOWED_HOSTS": "the names under which the site is reached",
    "CSRF_TRUSTED_ORIGINS": "the same with https:// in front",
}
# Keys of examples, tests and the trial; whoever reads the source code knows them.
WELL_KNOWN = ("trial-only", "test-only", "django-insecure", "change", "example", "secret-key")
EMBEDDED_PLACES = re.compile(r"shuncheng-embedded|/var/(embedded|test)/|^/tmp/shuncheng-")


def problems(env: Mapping[str, str]) -> list[str]:
    """Sentences about what keeps production from starting; empty when nothing does. They never repeat a secret."""
    found = [f"{name} is missing ({why})." for name, why in REQUIRED.items() if not env.get(name, "").strip()]
    found += _of_secret_key(env.get("SECRET_KEY", ""))
    found += _of_keys(env.get("FIELD_KEYS", ""), env.get("INDEX_KEY", ""))
    found += _of_hosts(env.get("ALLOWED_HOSTS", ""), env.get("CSRF_TRUSTED_ORIGINS", ""))
    found += [text for name in ("DATABASE_URL", "REDIS_URL") for text in _of_server(name, env.get(name, ""))]
    token = env.get("METRICS_TOKEN", "")
    if token and len(token) < METRICS_TOKEN_LENGTH:
        found.append(f"METRICS_TOKEN is shorter than {METRICS_TOKEN_LENGTH} characters.")
    if env.get("DEBUG", "").strip().lower() in {"1", "true", "yes", "on"}:
        found.append("DEBUG is set: error pages would show settings and customers' data.")
    return found


def report(found: list[str]) -> str:
    """One message for the person who starts the service."""
    lines = "\n".join(f"  - {text}" for text in found)
    return f"The environment is not fit for production; .env.example describes every variable.\n{lines}"


def _of_secret_key(key: str) -> list[str]:
    if not key:
        return []
    if any(word in key.lower() for word in WELL_KNOWN):
        return ["SECRET_KEY is an example; make one of your own."]
    if len(key) < SECRET_KEY_LENGTH or len(set(key)) < SECRET_KEY_LETTERS:
        return [f"SECRET_KEY must have {SECRET_KEY_LENGTH} random characters or more."]
    return []


def _of_keys(field_keys: str, index_key: str) -> list[str]:
    found = []
    encoded = [part.strip().partition(":") for part in field_keys.split(",") if part.strip()]
    if any(not (name and colon and _is_key(value)) for name, colon, value in encoded):
        found.append(f"FIELD_KEYS must be id:base64 of {KEY_BYTES} bytes, several separated by commas.")
    if index_key and not _is_key(index_key.strip()):
        found.append(f"INDEX_KEY must be the base64 of {KEY_BYTES} bytes.")
    if index_key and index_key.strip() in {value for _name, _colon, value in encoded}:
        found.append("INDEX_KEY must differ from every key in FIELD_KEYS.")
    return found


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def _of_hosts(hosts: str, origins: str) -> list[str]:
    found = []
    if "*" in {name.strip() for name in hosts.split(",")}:
        found.append("ALLOWED_HOSTS must name the hosts; * lets anybody choose the address in our links.")
    if any(not origin.strip().startswith("https://") for origin in origins.split(",") if origin.strip()):
        found.append("CSRF_TRUSTED_ORIGINS must begin with https://.")
    return found


def _of_server(name: str, url: str) -> list[str]:
    if not url:
        return []
    try:
        parts = urlsplit(url)
        place = unquote(f"{parts.hostname or ''}{parts.path}{parts.query}")
    except ValueError:
        return [f"{name} is no URL."]
    if EMBEDDED_PLACES.search(place):
        return [f"{name} points at the embedded servers of the trial; production needs its own."]
    is_remote = bool(parts.hostname) and parts.hostname not in {"localhost", "127.0.0.1", "::1"}
    if is_remote and not parts.password:
        return [f"{name} has no password."]
    if parts.password and parts.password in {"postgres", "password", "shuncheng", "secret", "redis", parts.username}:
        return [f"{name} has a password that everybody tries first."]
    return []
