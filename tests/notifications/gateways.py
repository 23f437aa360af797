"""Stand-ins for the world outside: real servers on real sockets that check signatures with their own code.

The checks are written from the providers' manuals and share no line with `notifications.providers`.
"""

import hashlib
import hmac
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Seen:
    """One request as it arrived."""

    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def values(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass
class Gateway:
    """`answer` decides what is said to a request; None cuts the connection. `keys` counts what was accepted."""

    url: str = ""
    answer: Callable[[Seen], tuple[int, dict[str, str], bytes] | None] = lambda seen: (200, {}, b"{}")
    seen: list[Seen] = field(default_factory=list)
    keys: Counter[str] = field(default_factory=Counter)


@contextmanager
def serving(gateway: Gateway) -> Iterator[Gateway]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Seen(parts.path, parts.query, headers, self.rfile.read(length))
            gateway.seen.append(request)
            told = gateway.answer(request)
            if told is None:
                self.connection.close()
                return
            status, extra, body = told
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **extra}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *args: None  # type: ignore[method-assign]  # connections that a test cuts
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    gateway.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield gateway
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def as_json(data: dict[str, Any], status: int = 200) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": "application/json"}, json.dumps(data).encode()


# ---- Alibaba Cloud: help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature ----------------------


def aliyun_is_right(seen: Seen, secret: str) -> bool:
    """Rebuild the canonical request from what arrived on the wire."""
    found = re.fullmatch(
        r"ACS3-HMAC-SHA256 Credential=(?P<id>[^,]+),SignedHeaders=(?P<names>[^,]+),Signature=(?P<hex>[0-9a-f]{64})",
        seen.headers.get("authorization", ""),
    )
    if found is None or seen.headers.get("x-acs-content-sha256") != hashlib.sha256(seen.body).hexdigest():
        return False
    names = found["names"].split(";")
    needed = {"host", *(name for name in seen.headers if name.startswith("x-acs-"))}
    if not needed <= set(names) or names != sorted(names):
        return False
    if any(char in seen.query for char in "+*'() ") or not seen.values:
        return False  # RFC 3986: everything but letters, digits and -_.~ is percent-encoded
    lines = [f"{name}:{seen.headers[name].strip()}" for name in names]
    request = ["POST", seen.path, "&".join(sorted(seen.query.split("&"))), *lines, "", found["names"],
               hashlib.sha256(seen.body).hexdigest()]  # fmt: skip
    hashed = hashlib.sha256("\n".join(request).encode()).hexdigest()
    right = hmac.digest(secret.encode(), f"ACS3-HMAC-SHA256\n{hashed}".encode(), "sha256").hex()
    return hmac.compare_digest(right, found["hex"])


def aliyun(secret: str) -> Gateway:
    gateway = Gateway()

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if not aliyun_is_right(seen, secret):
            return as_json({"Code": "SignatureDoesNotMatch", "Message": "no"}, 400)
        gateway.keys[seen.values["OutId"]] += 1
        return as_json({"Code": "OK", "Message": "OK", "BizId": f"biz-{len(gateway.seen)}", "RequestId": "r"})

    gateway.answer = answer
    return gateway


# ---- Tencent Cloud: cloud.tencent.com/document/api/382/52071 --------------------------------------------------------


def tencent_is_right(seen: Seen, secret: str) -> bool:
    found = re.fullmatch(
        r"TC3-HMAC-SHA256 Credential=(?P<id>[^/]+)/(?P<day>[\d-]{10})/(?P<service>\w+)/tc3_request, "
        r"SignedHeaders=(?P<names>[^,]+), Signature=(?P<hex>[0-9a-f]{64})",
        seen.headers.get("authorization", ""),
    )
    if found is None:
        return False
    names = found["names"].split(";")
    stamp = int(seen.headers["x-tc-timestamp"])
    if not {"content-type", "host"} <= set(names) or abs(stamp - _day(found["day"])) > 86_400:
        return False
    lines = "".join(f"{name}:{_tencent_value(name, seen.headers[name])}\n" for name in names)
    request = "\n".join(["POST", seen.path, seen.query, lines, found["names"], hashlib.sha256(seen.body).hexdigest()])
    scope = f"{found['day']}/{found['service']}/tc3_request"
    text = f"TC3-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = ("TC3" + secret).encode()
    for word in scope.split("/"):
        key = hmac.digest(key, word.encode(), "sha256")
    return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), found["hex"])


def _tencent_value(name: str, value: str) -> str:
    return value.strip().lower() if name == "x-tc-action" else value.strip()


def _day(text: str) -> int:

    return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp())


def tencent(secret: str) -> Gateway:
    gateway = Gateway()

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if not tencent_is_right(seen, secret):
            return as_json({"Response": {"Error": {"Code": "AuthFailure.SignatureFailure", "Message": "no"}}})
        data = json.loads(seen.body)
        gateway.keys[data["SessionContext"]] += 1
        status = {"SerialNo": f"serial-{len(gateway.seen)}", "Code": "Ok", "Message": "send success", "Fee": 1}
        return as_json({"Response": {"SendStatusSet": [status], "RequestId": "r"}})

    gateway.answer = answer
    return gateway


# ---- webhooks: docs/webhooks.md -------------------------------------------------------------------------------------


def webhook_is_right(seen: Seen, secret: str, *, now: float, tolerance_s: int = 300) -> bool:
    """What docs/webhooks.md tells a receiver to do."""
    stamp = seen.headers.get("x-shuncheng-timestamp", "")
    if not stamp.isdigit() or abs(now - int(stamp)) > tolerance_s:
        return False
    right = hmac.new(secret.encode(), stamp.encode() + b"." + seen.body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"v1={right}", seen.headers.get("x-shuncheng-signature", ""))


def webhook(secret: str, now: float) -> Gateway:
    gateway = Gateway()

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if not webhook_is_right(seen, secret, now=now):
            return 401, {}, b""
        gateway.keys[seen.headers["x-shuncheng-delivery"]] += 1
        return 204, {}, b""

    gateway.answer = answer
    return gateway


def wecom(key: str) -> Gateway:
    gateway = Gateway()

    def answer(seen: Seen) -> tuple[int, dict[str, str], bytes]:
        if seen.path != "/cgi-bin/webhook/send" or seen.values.get("key") != key:
            return as_json({"errcode": 93000, "errmsg": "invalid webhook url"})
        gateway.keys[seen.body.decode()] += 1
        return as_json({"errcode": 0, "errmsg": "ok"})

    gateway.answer = answer
    return gateway
