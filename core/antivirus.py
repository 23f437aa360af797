"""The virus scanner, when there is one: clamd over its socket, protocol INSTREAM (settings.CLAMD_URL)."""

import socket
import struct
from urllib.parse import urlsplit

from django.conf import settings

TIMEOUT_S = 10
CHUNK = 64 * 1024


class ScannerError(Exception):
    """The scanner is configured and does not answer as one. Then nothing is stored."""


def scan(content: bytes) -> str:
    """Return the name of what was found, "" for nothing and when no scanner is configured. Raises ScannerError."""
    if not settings.CLAMD_URL:
        return ""
    try:
        with _connect(settings.CLAMD_URL) as connection:
            connection.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), CHUNK):
                chunk = content[start : start + CHUNK]
                connection.sendall(struct.pack(">I", len(chunk)) + chunk)
            connection.sendall(struct.pack(">I", 0))
            answer = connection.recv(1024).decode("utf-8", "replace").strip("\0\n ")
    except OSError as error:
        raise ScannerError(str(error)) from error
    if answer == "stream: OK":
        return ""
    if answer.endswith(" FOUND"):
        return answer.removeprefix("stream: ").removesuffix(" FOUND")
    raise ScannerError(f"unexpected answer: {answer[:80]!r}")


def _connect(url: str) -> socket.socket:
    """`unix:///run/clamav/clamd.ctl` or `tcp://clamav:3310`."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(TIMEOUT_S)
        try:
            connection.connect(parts.path)
        except OSError:
            connection.close()
            raise
        return connection
    return socket.create_connection((parts.hostname or "", parts.port or 3310), TIMEOUT_S)
