"""Runs what docker-compose.yml says, without containers: same command, same environment, real servers."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dealership.embedded import NAME, Embedded, Options
from tests.deploy import compose
from tests.deploy.test_environment import GOOD

BIN = Path(sys.executable).parent
PASSWORDS = ("POSTGRES_PASSWORD", "OWNER_DB_PASSWORD", "APP_DB_PASSWORD", "READONLY_DB_PASSWORD", "REDIS_PASSWORD")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Plant:
    """PostgreSQL and Valkey with the roles of production, and the services of the compose file on top of them."""

    folder: Path
    servers: Embedded
    port: int = field(default_factory=free_port)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @classmethod
    def build(cls, folder: Path) -> "Plant":
        plant = cls(folder, Embedded(folder / "servers", Options(ephemeral=True, fast=True)))
        plant.servers.start()
        # Production refuses the servers of the trial by their place; here they stand for real ones.
        (folder / "db").symlink_to(plant.servers.run)
        build = os.environ | {"DJANGO_SETTINGS_MODULE": "dealership.settings.build"}
        plant.call([sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"], build)
        return plant

    @property
    def env_file(self) -> dict[str, str]:
        """What the operator's .env would hold."""
        return GOOD | {name: f"pw{number}" for number, name in enumerate(PASSWORDS)} | {"WEB_WORKERS": "1"}

    def services(self) -> dict[str, dict[str, Any]]:
        return compose.services(self.env_file)

    def programs(self) -> Path:
        """PostgreSQL's own programs: those of the server that runs."""
        return Path(self.servers.servers["postgres"].argv[0]).parent

    def make_roles(self) -> None:
        """The script that the image of PostgreSQL runs when the data directory is made."""
        script = compose.ROOT / "deploy" / "postgres" / "10-roles.sh"
        env = self.services()["postgres"]["environment"] | {"POSTGRES_USER": NAME, "PGHOST": str(self.servers.run)}
        env |= {"PATH": f"{self.programs()}:/usr/bin:/bin"}
        # The embedded cluster was made with a database of that name; production's has none yet.
        self.psql("ALTER DATABASE shuncheng RENAME TO before", database="postgres")
        self.call(["sh", str(script)], env)

    def psql(self, statement: str, *, database: str = NAME) -> str:
        argv = [
            str(self.programs() / "psql"),
            "-h",
            str(self.servers.run),
            "-U",
            NAME,
            "-d",
            database,
            "-Atqc",
            statement,
        ]
        return self.call(argv, {"PATH": os.environ["PATH"]})

    def call(self, argv: list[str], env: dict[str, str]) -> str:
        done = subprocess.run(argv, env=env, cwd=compose.ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def env_of(self, name: str) -> dict[str, str]:
        """The service's environment, with the servers and folders of this machine in the place of the containers'."""
        env = {key: str(value) for key, value in self.services()[name]["environment"].items()}
        env["DATABASE_URL"] = env["DATABASE_URL"].replace(
            "@postgres:5432/shuncheng", f"@/shuncheng?host={self.folder}/db"
        )
        env["REDIS_URL"] = f"redis+socket://{self.folder}/db/valkey.sock"
        if "WEB_BIND" in env:
            env["WEB_BIND"] = f"127.0.0.1:{self.port}"
        image = {"DJANGO_SETTINGS_MODULE": "dealership.settings.production", "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
        path = {"PATH": f"{BIN}:/usr/bin:/bin", "SWEEP_INTERVAL_S": "1"}
        return path | image | {key: self.local(value) for key, value in env.items()}

    def local(self, text: str) -> str:
        """Folders that a container has for itself."""
        folder = str(self.folder)
        if folder in text:
            return text
        return text.replace("/tmp/", f"{folder}/").replace("/data/", f"{folder}/data-")  # noqa: S108

    def command(self, words: list[str], env: dict[str, str]) -> list[str]:
        program = shutil.which(words[0], path=env["PATH"])
        assert program, f"there is no {words[0]}"
        return [program, *map(self.local, words[1:])]

    def start(self, name: str) -> subprocess.Popen[bytes]:
        env = self.env_of(name)
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                self.command(self.services()[name]["command"], env),
                env=env, cwd=compose.ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        self.running[name] = process
        return process

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def run(self, name: str, *extra: str) -> str:
        """A service that ends by itself; its output."""
        env = self.env_of(name)
        return self.call([*self.command(self.services()[name]["command"], env), *extra], env)

    def is_healthy(self, name: str) -> bool:
        """What Docker would find: the health check of the compose file, run in the service's environment."""
        kind, *words = self.services()[name]["healthcheck"]["test"]
        assert kind == "CMD"
        env = self.env_of(name)
        return subprocess.run(self.command(words, env), env=env, cwd=compose.ROOT, capture_output=True).returncode == 0

    def wait_healthy(self, *names: str, seconds: float = 90) -> list[str]:
        """The services that are not healthy in time."""
        missing, end = list(names), time.monotonic() + seconds
        while missing and time.monotonic() < end:
            missing = [name for name in missing if not self.is_healthy(name)]
            time.sleep(0.3)
        return missing

    def stop(self, name: str) -> int | None:
        """SIGTERM as `docker stop` sends it; the exit status, None when the time to stop was not enough."""
        process = self.running[name]
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(int(self.services()[name]["stop_grace_period"].rstrip("s")))
        except subprocess.TimeoutExpired:
            return None

    def tear_down(self) -> None:
        for process in self.running.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.servers.stop()
