"""What every log line carries (the id of the request or task, who asked) and what none may carry (personal data).

Trial: a readable line. Production: one JSON object per line, made by structlog. Nothing here needs Django.
"""

import logging
import re
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any

import structlog

NO_REQUEST = "-"

request_id_var: ContextVar[str] = ContextVar("core_request_id", default=NO_REQUEST)
# The request itself: whoever is signed in is only known later, and asking would cost the health page a query.
request_var: ContextVar[Any] = ContextVar("core_request", default=None)
task_var: ContextVar[str] = ContextVar("core_task", default="")

_MOBILE = re.compile(r"(?<!\d)((?:(?:\+|00)?86[ -]?)?1[3-9]\d)[ -]?\d{4}[ -]?(\d{4})(?!\d)")
# ID cards (15 or 18 characters, the last may be X) and bank cards (16 to 19 digits).
_LONG_NUMBER = re.compile(r"(?<![\dA-Za-z])(\d{6})\d{8,12}[\dXx](?![\dA-Za-z])")
# PostgreSQL quotes the values, sometimes the whole row, when a constraint is violated.
_ROW = re.compile(r"Failing row contains \(.*?\)(?=\.?$|\.?\n|\\n)", re.MULTILINE)
_KEY_VALUE = re.compile(r"(Key \([^)]*\)=)\(.*?\)(?= (?:already|is|conflicts|=))")
_DROPPED = frozenset({"request", "server_time", "_record", "_from_structlog"})


def current_request_id() -> str:
    """Return the id of the request that this code serves, e.g. "7F3A-21B0"; "-" outside a request."""
    return request_id_var.get()


def mask_phones(text: str) -> str:
    """Return the text with the middle four digits of every mobile number hidden."""
    return _MOBILE.sub(r"\1****\2", text)


def mask_personal(text: str) -> str:
    """Return the text without full phone, ID and card numbers and without the rows that PostgreSQL quotes."""
    text = _ROW.sub("Failing row contains (…)", text)
    text = _KEY_VALUE.sub(r"\1(…)", text)
    return mask_phones(_LONG_NUMBER.sub(r"\1********", text))


def masked(value: Any) -> Any:
    """The value with every text in it masked; what is no plain value becomes masked text."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        text = str(value)
        return value if mask_personal(text) == text else mask_personal(text)
    if isinstance(value, Mapping):
        return {mask_personal(str(key)): masked(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(item) for item in value]
    return mask_personal(str(value))


class RequestIdFilter(logging.Filter):
    """Give every record `request_id`, so that the id a user reads on an error page finds the lines in the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id()
        return True


class PersonalDataFilter(logging.Filter):
    """Hide numbers of people in messages and in tracebacks (a unique violation of PostgreSQL quotes the value)."""

    _formatter = logging.Formatter()

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        clean = mask_personal(message)
        if clean != message:
            record.msg, record.args = clean, None
        if record.exc_info and not record.exc_text:
            record.exc_text = self._formatter.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = mask_personal(record.exc_text)
        return True


def json_formatter() -> logging.Formatter:
    """One JSON object per line: time, level, logger, event, request_id, user_id, task, and what `extra` holds."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            _add_context,
            structlog.processors.format_exc_info,
            _mask_event,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )


Event = MutableMapping[str, Any]


def _add_context(_logger: Any, _method: str, event: Event) -> Event:
    event["request_id"] = current_request_id()
    if task := task_var.get():
        event["task"] = task
    user = getattr(request_var.get(), "_cached_user", None)  # set once somebody has asked; never asks itself
    if user is not None and user.pk is not None:
        event["user_id"] = user.pk
    return event


def _mask_event(_logger: Any, _method: str, event: Event) -> Event:
    return {name: masked(value) for name, value in event.items() if name not in _DROPPED}
