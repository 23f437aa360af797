"""Copies, erasure and periods of keeping."""

from privacy.services.copies import copy_take
from privacy.services.erase import customer_erase
from privacy.services.requests import (
    request_decided,
    request_ended,
    request_record,
    request_withdraw,
)
from privacy.services.retention import (
    retention_change,
    retention_run_daily,
    retention_work_next,
    run_decided,
)

__all__ = [
    "copy_take",
    "customer_erase",
    "request_decided",
    "request_ended",
    "request_record",
    "request_withdraw",
    "retention_change",
    "retention_run_daily",
    "retention_work_next",
    "run_decided",
]
