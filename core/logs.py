"""What every log line carries (the id of the request) and what none may carry (somebody's phone number)."""

import logging
import re
from contextvars import ContextVar

NO_REQUEST = "-"

request_id_var: ContextVar[str] = ContextVar("core_request_id", default=NO_REQUEST)

_MOBILE = re.compile(r"(?<!\d)((?:(?:\+|00)?86[ -]?)?1[3-9]\d)[ -]?\d{4}[ -]?(\d{4})(?!\d)")


def current_request_id() -> str:
    """Return the id of the request that this code serves, e.g. "7F3A-21B0"; "-" outside a request."""
    return request_id_var.get()


def mask_phones(text: str) -> str:
    """Return the text with the middle four digits of every mobile number hidden."""
    return _MOBILE.sub(r"\1****\2", text)


class RequestIdFilter(logging.Filter):
    """Give every record `request_id`, so that the id a user reads on an error page finds the lines in the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id()
        return True


class PhoneMaskFilter(logging.Filter):
    """Hide mobile numbers in messages and in tracebacks (a unique violation of PostgreSQL quotes the value)."""

    _formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        masked = mask_phones(message)
        if masked != message:
            record.msg, record.args = masked, None
        if record.exc_info and not record.exc_text:
            record.exc_text = self._formatter.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = mask_phones(record.exc_text)
        return True
