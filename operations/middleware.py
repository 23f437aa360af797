"""Counts and times every request and writes one line about it."""

import logging
from collections.abc import Callable
from time import perf_counter
from typing import Any

from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from operations.metrics import DB_QUERIES, DB_SECONDS, REQUESTS, SECONDS

GetResponse = Callable[[HttpRequest], HttpResponseBase]
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
logger = logging.getLogger("operations.requests")


class _Stopwatch:
    """Time and number of the statements of one request."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.count = 0

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        begin = perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds += perf_counter() - begin
            self.count += 1


class RequestMetricsMiddleware:
    """Labels are the names of views, never addresses: those have no end and may hold what nobody should read."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        database, begin = _Stopwatch(), perf_counter()
        with connection.execute_wrapper(database):
            response = self.get_response(request)
        seconds = perf_counter() - begin
        view = request.resolver_match.view_name if request.resolver_match else "none"
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(view, method, str(response.status_code)).inc()
        SECONDS.labels(view).observe(seconds)
        DB_SECONDS.labels(view).inc(database.seconds)
        DB_QUERIES.labels(view).inc(database.count)
        logger.info(
            "request",
            extra={
                "view": view,
                "method": method,
                "path": request.path,
                "status": response.status_code,
                "ms": round(seconds * 1000),
                "db_ms": round(database.seconds * 1000),
                "db_queries": database.count,
            },
        )
        return response
