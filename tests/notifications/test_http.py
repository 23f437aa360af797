"""Addresses that administrators type: none of them may reach into the own network, and no server holds us up."""

import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from notifications.providers import NotSent, Uncertain, http
from tests.notifications.gateways import Gateway, serving

HOSTS = {
    "rebound.example": ["93.184.216.34", "127.0.0.1"],
    "mapped.example": ["::ffff:10.0.0.5"],
    "nat64.example": ["64:ff9b::a00:5"],
    "sixtofour.example": ["2002:a00:5::1"],
    "metadata.example": ["169.254.169.254"],
    "carrier.example": ["100.64.0.1"],
    "local.example": ["fe80::1"],
    "unique.example": ["fd00::1"],
    "multicast.example": ["224.0.0.1"],
    "zero.example": ["0.0.0.0"],  # noqa: S104 -- an answer of a name server
    "public.example": ["93.184.216.34"],
}


@pytest.fixture
def names(monkeypatch):
    """A name server that knows HOSTS only; numbers stand for themselves."""
    asked: list[str] = []

    def look_up(host, port, *args, **kwargs):
        asked.append(host)
        if host not in HOSTS and not host[0].isdigit() and ":" not in host:
            raise socket.gaierror("unknown")
        found = HOSTS.get(host, [host])
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(http.socket, "getaddrinfo", look_up)
    return asked


@pytest.fixture
def closed(settings):
    settings.OUTBOX_ALLOWED_NETWORKS = []


@pytest.mark.usefixtures("names", "closed")
@pytest.mark.parametrize("host", [host for host in HOSTS if host != "public.example"])
def test_a_name_that_leads_into_a_network_of_ours_is_refused(host):
    with pytest.raises(NotSent) as refused:
        http.check_url(f"https://{host}/")

    assert refused.value.code == "address_refused"


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "10.20.0.8", "2130706433", "0x7f.1", "192.168.1.1", "localhost"]
)
def test_a_number_of_our_network_is_refused_however_it_is_written(host):
    with pytest.raises(NotSent) as refused:
        http.check_url(f"https://{host}/")

    assert refused.value.code in {"address_refused", "host_unknown"}


@pytest.mark.usefixtures("names", "closed")
@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://public.example/", "url_not_https"),
        ("ftp://public.example/", "url_invalid"),
        ("file:///etc/passwd", "url_invalid"),
        ("https://me:secret@public.example/", "url_invalid"),
        ("https://public.example/#part", "url_invalid"),
        ("https://public.example:99999/", "url_invalid"),
        ("https://public.example/a b", "url_invalid"),
        ("https:///path", "url_invalid"),
        ("https://[::1", "url_invalid"),
        ("", "url_invalid"),
        ("https://nowhere.example/", "host_unknown"),
    ],
)
def test_other_addresses_that_are_not_called(url, code):
    with pytest.raises(NotSent) as refused:
        http.check_url(url)

    assert refused.value.code == code


@pytest.mark.usefixtures("closed")
def test_the_connection_goes_to_the_address_that_was_checked(names):
    target = http.check_url("https://public.example:8443/hooks?a=1")

    assert (target.address, target.host, target.netloc) == ("93.184.216.34", "public.example", "public.example:8443")
    assert (target.path, target.query, target.is_tls) == ("/hooks", "a=1", True)
    assert names == ["public.example"], "asked once: a second answer cannot differ"


def test_a_network_of_the_house_is_open_when_the_operator_names_it(settings, names):
    settings.OUTBOX_ALLOWED_NETWORKS = ["10.0.0.0/8"]

    assert http.check_url("http://10.20.0.8/").address == "10.20.0.8"
    with pytest.raises(NotSent):
        http.check_url("https://192.168.1.1/")


def test_a_long_answer_is_read_to_the_limit_only():
    with serving(Gateway(answer=lambda seen: (200, {}, b"x" * 300_000))) as gateway:
        response = http.post(gateway.url, body=b"", headers={})

    assert len(response.body) == http.MAX_ANSWER


def test_a_redirect_is_not_followed():
    with serving(Gateway()) as second:
        with (
            serving(Gateway(answer=lambda seen: (307, {"Location": second.url}, b""))) as first,
            pytest.raises(NotSent) as refused,
        ):
            http.post(first.url, body=b"", headers={})

        assert (refused.value.code, len(first.seen), len(second.seen)) == ("redirect", 1, 0)


@contextmanager
def listening(talk) -> Iterator[str]:
    """A server that does what `talk` does with the first connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def run() -> None:
            connection, _address = server.accept()
            with connection:
                talk(connection)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join(timeout=10)


def test_nobody_there_is_certainly_not_sent():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(NotSent) as refused:
        http.post(f"http://127.0.0.1:{port}/", body=b"", headers={})

    assert refused.value.code == "no_connection"


def test_a_server_that_dribbles_is_cut_off(monkeypatch):
    monkeypatch.setattr(http, "TOTAL_S", 0.6)

    def dribble(connection: socket.socket) -> None:
        connection.recv(1000)
        try:
            for _count in range(200):
                connection.sendall(b"H")
                time.sleep(0.05)
        except OSError:
            return

    with listening(dribble) as address, pytest.raises(Uncertain) as unclear:
        http.post(f"http://{address}/", body=b"", headers={})

    assert unclear.value.code == "no_answer"


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own_certificate(tmp_path))
    got: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        try:
            with context.wrap_socket(connection, server_side=True) as tls:
                got.append(tls.recv(1000))
        except OSError:
            return

    with listening(talk) as address, pytest.raises(NotSent) as refused:
        http.post(f"https://{address}/", body=b"secret", headers={})

    assert refused.value.code == "no_connection"
    assert got == []


def own_certificate(folder) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "own.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return str(path)
