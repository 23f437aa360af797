"""E-mail through the store's own mail server. A repeat has the same Message-ID, so mail programs show it once."""

import smtplib

from django.core.mail import EmailMessage, get_connection

from notifications.providers import http
from notifications.providers.base import Answer, Config, NotSent, Outgoing, Uncertain

TIMEOUT_S = 10
BACKEND = "django.core.mail.backends.smtp.EmailBackend"


class Smtp:
    name = "smtp"
    is_repeatable = True

    def send(self, message: Outgoing, config: Config) -> Answer:
        host, port = config.get("host"), int(config.get("port", "465"))
        http.resolve(host, port)
        security = config.get("security", "ssl")
        connection = get_connection(
            BACKEND,
            host=host,
            port=port,
            username=config.get("username"),
            password=config.secret,
            use_ssl=security == "ssl",
            use_tls=security == "starttls",
            timeout=TIMEOUT_S,
        )
        sender = config.get("sender")
        message_id = f"<{message.key}@{sender.rpartition('@')[2] or 'localhost'}>"
        mail = EmailMessage(
            subject=" ".join(message.title.split()),
            body=message.body,
            from_email=sender,
            to=[message.address],
            headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
            connection=connection,
        )
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            code = max((answer[0] for answer in error.recipients.values()), default=550)
            raise NotSent(f"smtp_{code}", "recipient refused", is_final=code >= 500) from error
        except smtplib.SMTPResponseException as error:
            raise NotSent(f"smtp_{error.smtp_code}", _text(error.smtp_error)) from error
        except smtplib.SMTPServerDisconnected as error:
            raise Uncertain("smtp_cut", str(error)) from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise NotSent(type(error).__name__, str(error)) from error
        return Answer(message_id, "250")


def _text(answer: bytes | str) -> str:
    return answer.decode(errors="replace") if isinstance(answer, bytes) else answer
