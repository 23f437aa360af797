"""Errors to a Sentry or GlitchTip of the operator's own, only when SENTRY_DSN is set. Nothing personal leaves.

Kept: where and of what kind the error is, the method of the request and its id, by which the log is found. Not kept:
the text of the error (a name may stand in it), address, query, body, cookies, headers, variables.
"""

import importlib.util
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from core.logs import current_request_id, masked

KEPT_OF_REQUEST = ("method",)
DROPPED = ("user", "breadcrumbs", "server_name", "modules", "extra")


def start(dsn: str) -> None:
    """Send errors from now on. Raises ImproperlyConfigured when the package is not installed."""
    if importlib.util.find_spec("sentry_sdk") is None:
        raise ImproperlyConfigured(
            "SENTRY_DSN is set, but sentry-sdk is not installed: build the image with --build-arg WITH_SENTRY=1, or"
            " install requirements-sentry.lock."
        )
    import sentry_sdk  # noqa: PLC0415 -- an extra: most installations have no use for it

    sentry_sdk.init(
        dsn=dsn,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        traces_sample_rate=0.0,
        before_send=scrubbed,
    )


def scrubbed(event: dict[str, Any], hint: dict[str, Any] | None = None) -> dict[str, Any]:
    """The event without what could tell who somebody is; all texts masked as in the log."""
    request = event.get("request", {})
    clean = {key: masked(value) for key, value in event.items() if key not in DROPPED}
    clean["request"] = {name: request[name] for name in KEPT_OF_REQUEST if name in request}
    clean["tags"] = {**masked(event.get("tags") or {}), "request_id": current_request_id()}
    if "logentry" in clean:
        clean["logentry"] = {"message": clean["logentry"].get("message", "")}  # the pattern, not what was filled in
    for error in (clean.get("exception") or {}).get("values") or []:
        error.pop("value", None)
        for frame in (error.get("stacktrace") or {}).get("frames") or []:
            frame.pop("vars", None)
    return clean
