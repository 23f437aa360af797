"""Dockerfile, docker-compose.yml and nginx.conf: valid, pinned, without secrets, with as few rights as possible."""

import re
import shutil
import subprocess
import sys

import pytest
from django.conf import settings

from tests.deploy import compose

ROOT = compose.ROOT
DOCKERFILE = (ROOT / "Dockerfile").read_text()
NGINX = (ROOT / "deploy" / "nginx.conf").read_text()
FILLED = dict.fromkeys(compose.variables(), "x1")
SERVICES = compose.services(FILLED)
OURS = {name: service for name, service in SERVICES.items() if compose.is_ours(service)}
LONG_RUNNING = {name: service for name, service in SERVICES.items() if service["restart"] != "no"}


def test_compose_is_valid_by_the_schema_of_its_specification():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    good = subprocess.run([*command, str(compose.COMPOSE)], capture_output=True, text=True, check=False)

    assert good.returncode == 0, good.stdout


def test_the_schema_refuses_a_wrong_file(tmp_path):
    wrong = tmp_path / "compose.yml"
    wrong.write_text(compose.text().replace("healthcheck:", "healthchek:"))

    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(wrong)]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_everything_that_the_product_needs_is_there():
    assert set(SERVICES) == {
        "postgres", "redis", "migrate", "web", "worker-tick", "worker-heavy", "beat", "nginx", "backup",
    }  # fmt: skip
    assert compose.raw()["networks"]["data"] == {"internal": True}
    assert [name for name, service in SERVICES.items() if service.get("ports")] == ["nginx"]


def test_no_secret_has_a_default():
    modes = compose.variables()
    secret = {name for name in modes if re.search("PASSWORD|SECRET_KEY$|FIELD_KEYS|INDEX_KEY", name)}

    assert len(secret) >= 8
    assert {name: modes[name] for name in secret if modes[name] != {":?"}} == {}
    for name in secret:
        with pytest.raises(compose.MissingVariableError, match=name):
            compose.services(FILLED | {name: ""})


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_has_as_few_rights_as_possible(name):
    service = SERVICES[name]

    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("read_only") or name == "postgres"
    assert not service.get("privileged")
    assert "network_mode" not in service


@pytest.mark.parametrize("name", sorted(LONG_RUNNING))
def test_every_long_running_service_is_watched_restarted_and_given_time_to_stop(name):
    service = LONG_RUNNING[name]

    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert int(service["stop_grace_period"].rstrip("s")) >= (40 if name in OURS else 20)
    assert service["logging"]["options"]["max-size"]


def test_images_are_pinned():
    pinned = r"^[\w./-]+:\d+\.\d+(\.\d+)?-[\w-]+$"
    foreign = [service["image"] for service in SERVICES.values() if not compose.is_ours(service)]
    bases = re.findall(r"^ARG \w+_IMAGE=(\S+)$", DOCKERFILE, re.MULTILINE)

    assert len(foreign) == 3
    assert len(bases) == 2
    assert [image for image in [*foreign, *bases] if not re.match(pinned, image)] == []
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${NODE_IMAGE}", "${PYTHON_IMAGE}"}


def test_redis_loses_little_forgets_nothing_and_asks_for_a_password():
    command = " ".join(SERVICES["redis"]["command"])

    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command
    assert "requirepass" in command
    assert "x1" not in command  # the password is not on the command line


def test_ours_start_after_the_migration_and_only_the_migration_owns_the_tables():
    for name, service in OURS.items():
        role = re.search(r"//(\w+):", service["environment"]["DATABASE_URL"])
        assert role
        assert role[1] == ("shuncheng_owner" if name in {"migrate", "backup"} else "shuncheng_app")
        if name not in {"migrate", "backup"}:
            assert service["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
            assert service["depends_on"].get("redis", {}).get("condition") != "service_healthy"  # pages work without it


def test_every_queue_has_its_worker():
    queues = [word for service in OURS.values() for option, word in _pairs(service["command"]) if option == "-Q"]

    assert sorted(queues) == sorted(settings.CELERY_TASK_QUEUES)


def _pairs(words):
    return list(zip(words, words[1:], strict=False))


# ---- Dockerfile ------------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^\s*#.*\n", "", DOCKERFILE, flags=re.MULTILINE))
    return [(line.split()[0], line.partition(" ")[2]) for line in joined.splitlines() if line.strip()]


def test_the_image_runs_as_nobody_in_particular():
    last_stage = [name for name, _rest in instructions()][-20:]
    users = [rest for name, rest in instructions() if name == "USER"]

    assert users == ["10001:10001"]
    assert last_stage.index("USER") > last_stage.index("COPY")


def test_the_image_holds_no_secret():
    text = "\n".join(f"{name} {rest}" for name, rest in instructions())

    assert "ADD" not in {name for name, _rest in instructions()}
    assert not re.search(r"(ARG|ENV)[^\n]*(PASSWORD|SECRET|TOKEN|_KEY)", text)
    assert not re.search(r"COPY[^\n]*\.env", text)


def test_packages_come_by_lock_and_hash_and_the_rest_is_built_in_the_image():
    runs = " ".join(rest for name, rest in instructions() if name == "RUN")

    assert "npm ci --omit=dev --ignore-scripts" in runs
    assert "--require-hashes" in runs
    assert "devtools.translations" in runs
    assert "collectstatic" in runs


def test_the_builder_gets_the_code_and_nothing_else():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    taken = {line[1:] for line in lines if line.startswith("!")}

    assert "*" in lines
    assert set(settings.LOCAL_APPS) | {"dealership", "devtools", "templates", "static", "locale"} <= taken
    assert not taken & {"tests", "var", ".env", ".git", "docs", "benchmarks"}
    assert [name for name in taken if not (ROOT / name).exists()] == []


# ---- nginx -----------------------------------------------------------------------------------------------


def directives() -> dict[str, list[str]]:
    """Every directive with its arguments, whatever block it stands in. Fails on a missing semicolon or brace."""
    bare = re.sub(r"(?<!\S)#.*", "", NGINX)
    words = re.findall(r"\"[^\"]*\"|'[^']*'|[{};]|[^\s{};\"']+(?:\([^)]*\)\$?)?", bare)
    found: dict[str, list[str]] = {}
    statement, depth = [], 0
    for word in words:
        if word in {";", "{"}:
            assert statement, "a directive is missing"
            found.setdefault(statement[0], []).append(" ".join(statement[1:]))
            statement, depth = [], depth + (word == "{")
        elif word == "}":
            assert not statement, f"no semicolon after {statement}"
            depth -= 1
        else:
            statement.append(word)
    assert depth == 0
    assert not statement
    return found


def test_nginx_keeps_slow_and_large_requests_away():
    found = directives()

    assert found["client_header_timeout"] == ["10s"]
    assert found["client_body_timeout"] == ["20s"]
    assert found["proxy_request_buffering"] == found["proxy_buffering"] == ["on"]
    assert found["server_tokens"] == ["off"]
    limit_mb = int(found["client_max_body_size"][0].rstrip("m"))
    assert limit_mb * 1024 * 1024 == settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert "TRACE" not in found["if"][0]


def test_nginx_says_itself_who_asks_and_how():
    headers = dict(value.split(" ", 1) for value in directives()["proxy_set_header"])

    assert headers["X-Forwarded-For"] == "$remote_addr"
    assert headers["X-Forwarded-Proto"] == "$scheme"
    assert {name for name, value in headers.items() if value == '""'} >= {
        "X-Forwarded-Host", "X-Forwarded-Port", "X-Real-IP", "Forwarded", "X-Request-ID",
    }  # fmt: skip
    assert directives()["proxy_set_header"] == [*dict.fromkeys(directives()["proxy_set_header"])]


def test_nginx_writes_no_query_into_its_log():
    assert not re.search(r"\$(request|request_uri|args|query_string|http_referer|http_cookie)\b(?!_)", _log_format())


def _log_format() -> str:
    return NGINX[NGINX.index("log_format") : NGINX.index("access_log")]


@pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not installed here")
def test_nginx_accepts_its_configuration(tmp_path):
    certificate, key = tmp_path / "fullchain.pem", tmp_path / "privkey.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=crm.example.cn"]
        + ["-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    config = tmp_path / "nginx.conf"
    config.write_text(
        NGINX.replace("/etc/nginx/tls", str(tmp_path)).replace("server web:8000", "server 127.0.0.1:8000")
    )

    done = subprocess.run(["nginx", "-t", "-c", str(config)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
