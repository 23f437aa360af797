"""The mail server of the store: a real conversation over a socket."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header

import pytest

from notifications.providers import PROVIDERS, Config, NotSent, Outgoing, Uncertain

MESSAGE = Outgoing(
    "6f8f4dd2-0000-4000-8000-000000000001", "gaoyuan@example.com", "导出已批准", title="导出\r\nBcc: x@x.x"
)


@dataclass
class MailServer:
    """`answers` to the commands by their first word; `is_cut`: the line goes dead after the text arrived."""

    answers: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False
    mails: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    port: int = 0


def _talk(server: MailServer, connection: socket.socket) -> None:
    lines = connection.makefile("rb")
    connection.sendall(b"220 fake\r\n")
    for line in lines:
        word = line.split()[0].decode().upper() if line.split() else ""
        if word == "RCPT":
            server.recipients.append(line.decode().split("<")[1].split(">")[0])
        if word == "DATA" and "DATA" not in server.answers:
            connection.sendall(b"354 go\r\n")
            text = b""
            while (part := lines.readline()) != b".\r\n":
                text += part
            server.mails.append(text)
            if server.is_cut:
                return
        answer = server.answers.get(word, "250 OK")
        connection.sendall(f"{'221' if word == 'QUIT' else answer}\r\n".encode())
        if word == "QUIT":
            return


@contextmanager
def serving(server: MailServer) -> Iterator[MailServer]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]

        def run() -> None:
            connection, _address = listener.accept()
            with connection:
                _talk(server, connection)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield server
        thread.join(timeout=10)


def send(server: MailServer, **parameters):
    given = {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "crm@example.com"}
    return PROVIDERS["smtp"].send(MESSAGE, Config({**given, **parameters}))


def test_a_mail_arrives_with_the_key_as_its_id_and_no_header_of_a_strangers(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with serving(MailServer()) as server:
        answer = send(server)

    mail = message_from_bytes(server.mails[0])
    assert answer.reference == f"<{MESSAGE.key}@example.com>"
    assert (mail["Message-ID"], mail["To"], mail["From"]) == (answer.reference, MESSAGE.address, "crm@example.com")
    assert str(make_header(decode_header(mail["Subject"]))) == "导出 Bcc: x@x.x"
    assert mail["Bcc"] is None
    assert mail.get_payload(decode=True).decode().split() == ["导出已批准"]
    assert server.recipients == [MESSAGE.address]


@pytest.mark.parametrize(
    ("answers", "code", "is_final"),
    [
        ({"RCPT": "550 unknown"}, "smtp_550", True),
        ({"RCPT": "451 later"}, "smtp_451", False),
        ({"MAIL": "530 sign in first"}, "smtp_530", False),
        ({"DATA": "554 no"}, "smtp_554", False),
    ],
)
def test_what_a_mail_server_may_refuse(answers, code, is_final):
    with serving(MailServer(answers)) as server, pytest.raises(NotSent) as refused:
        send(server)

    assert (refused.value.code, refused.value.is_final, server.mails) == (code, is_final, [])


def test_a_line_that_goes_dead_after_the_text_is_unclear():
    with serving(MailServer(is_cut=True)) as server, pytest.raises(Uncertain):
        send(server)

    assert len(server.mails) == 1


def test_nobody_there_and_an_address_of_the_house_are_certainly_not_sent(settings):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NotSent):
        send(MailServer(port=port))
    settings.OUTBOX_ALLOWED_NETWORKS = []
    with pytest.raises(NotSent) as refused:
        send(MailServer(port=25))

    assert refused.value.code == "address_refused"
