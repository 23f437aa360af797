"""One HTTPS request to an address that an administrator typed in.

Certificates are checked, redirects are not followed, the answer is read up to a limit, the whole takes at most
`TOTAL_S`. The name is resolved once, every address it has must be a public one, and the connection goes to the address
that was checked: a name that answers differently the second time gains nothing. Networks of the own house are open
only when OUTBOX_ALLOWED_NETWORKS names them; only there may the address be plain http.
"""

import http.client
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from notifications.providers.base import NotSent, Throttled, Uncertain

CONNECT_S, READ_S, TOTAL_S = 5.0, 10.0, 20.0
MAX_ANSWER = 64 * 1024
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The answer as an object, {} when it is none."""
        try:
            data = json.loads(self.body)
        except ValueError:
            return {}
        return data if isinstance(data, dict) else {}


@dataclass(frozen=True)
class Target:
    """A checked URL: `address` is where the connection goes, `netloc` what the Host header says."""

    is_tls: bool
    host: str
    port: int
    netloc: str
    path: str
    query: str
    address: str


def check_shape(url: str) -> SplitResult:
    """What can be said without asking anybody: http or https, a host, no password, no fragment. Raises NotSent."""
    try:
        parts = urlsplit(url)
        is_bad = parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0
    except ValueError:
        raise NotSent("url_invalid") from None
    if is_bad or parts.username is not None or parts.fragment or any(char.isspace() for char in url):
        raise NotSent("url_invalid")
    return parts


def check_url(url: str) -> Target:
    """Resolve the URL and refuse what must not be called. Raises NotSent."""
    parts = check_shape(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = resolve(host, port)
    is_own_network = all(_is_allowed(address) for address in found)
    if parts.scheme != "https" and not is_own_network:
        raise NotSent("url_not_https", host)
    return Target(
        is_tls=parts.scheme == "https",
        host=host,
        port=port,
        netloc=parts.netloc,
        path=parts.path or "/",
        query=parts.query,
        address=str(found[0]),
    )


def resolve(host: str, port: int) -> list[Address]:
    """Every address of the host. Raises NotSent when there is none, or when one of them is not for us to call."""
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSent("host_unknown", f"{host}: {error}") from error
    found = [ipaddress.ip_address(str(info[4][0]).partition("%")[0]) for info in infos]
    for address in found:
        if not (_is_public(address) or _is_allowed(address)):
            raise NotSent("address_refused", str(address) if host == str(address) else f"{host} is {address}")
    return found


def _plain(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one, where there is one."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return inner or address
    return address


def _is_public(address: Address) -> bool:
    plain = _plain(address)
    return plain.is_global and not plain.is_multicast


def _is_allowed(address: Address) -> bool:
    plain = _plain(address)
    networks = (ipaddress.ip_network(text, strict=False) for text in settings.OUTBOX_ALLOWED_NETWORKS)
    return any(plain.version == network.version and plain in network for network in networks)


def post(url: str, *, body: bytes, headers: Mapping[str, str]) -> Response:
    """Send the body. Raises NotSent while nothing has left, Uncertain once something has.

    A redirect is NotSent; every other status is for the caller to judge.
    """
    target = check_url(url)
    connection = _Connection(target)
    try:
        connection.connect()
    except (OSError, ssl.SSLError) as error:
        connection.close()
        raise NotSent("no_connection", f"{target.host}: {error}") from error
    path = f"{target.path}?{target.query}" if target.query else target.path
    watch = threading.Timer(TOTAL_S, connection.cut)
    watch.daemon = True
    watch.start()
    try:
        connection.request("POST", path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        data = answer.read(MAX_ANSWER)
        response = Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, data)
    except (OSError, http.client.HTTPException) as error:
        raise Uncertain("no_answer", f"{target.host}: {type(error).__name__} {error}".strip()) from error
    finally:
        watch.cancel()
        connection.close()
    if 300 <= response.status < 400:
        raise NotSent("redirect", f"{target.host} answered {response.status}")
    return response


def judge(response: Response) -> None:
    """The plain HTTP meaning of a status: 2xx passes, 429 is Throttled, 5xx Uncertain, anything else NotSent."""
    status = response.status
    if 200 <= status < 300:
        return
    code = f"http_{status}"
    if status == http.HTTPStatus.TOO_MANY_REQUESTS:
        raise Throttled(code, retry_after_s=retry_after(response))
    if status >= 500:
        raise Uncertain(code)
    raise NotSent(code)


def retry_after(response: Response, *, default_s: int = 60, most_s: int = 3600) -> int:
    """Seconds of the Retry-After header; a date or nonsense is the default."""
    text = response.headers.get("retry-after", "")
    return min(int(text), most_s) if text.isdigit() and len(text) < 10 else default_s


class _Connection(http.client.HTTPConnection):
    """Connects to the address that was checked, and proves the name by its certificate."""

    def __init__(self, target: Target) -> None:
        super().__init__(target.host, target.port, timeout=READ_S)
        self._target = target

    def connect(self) -> None:
        sock = socket.create_connection((self._target.address, self._target.port), CONNECT_S)
        try:
            if self._target.is_tls:
                sock = ssl.create_default_context().wrap_socket(sock, server_hostname=self._target.host)
            sock.settimeout(READ_S)
        except BaseException:
            sock.close()
            raise
        self.sock = sock

    def putrequest(self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False) -> None:
        super().putrequest(method, url, skip_host=True, skip_accept_encoding=True)
        self.putheader("Host", self._target.netloc)

    def cut(self) -> None:
        """The time is over: whoever waits for this connection hears of it at once."""
        sock = self.sock
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                sock.close()
