"""gunicorn in production (docker-compose.yml, docs/operations.md); `./dev demo` overrides most of it by arguments."""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

bind = os.environ.get("WEB_BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
preload_app = True
timeout = 30
graceful_timeout = 30
keepalive = 35  # longer than nginx keeps its connections idle
max_requests = 2000  # a leak ends here
max_requests_jitter = 200
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 -- the heartbeat file of gunicorn
control_socket_disable = True
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190
forwarded_allow_ips = "127.0.0.1"  # the scheme is decided by Django (PROXY_COUNT), not here
accesslog = None  # nginx writes one, and the application a line for each request
errorlog = "-"
if os.environ.get("DJANGO_SETTINGS_MODULE", "").endswith(".production"):  # its lines look like those of the application
    sys.path.insert(0, str(Path(__file__).parent))
    logconfig_dict = {"formatters": {"generic": {"()": "core.logs.json_formatter"}}}

# Numbers of the last start would count twice. Here and not in a hook: the application is loaded before those.
if metrics_folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    shutil.rmtree(metrics_folder, ignore_errors=True)
    Path(metrics_folder).mkdir(parents=True, exist_ok=True)


def child_exit(server: Any, worker: Any) -> None:
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 -- reads the variable at import

        mark_process_dead(worker.pid)
