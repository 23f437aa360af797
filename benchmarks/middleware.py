"""Counts the statements of a request and tells them in a header."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEADER = "X-Statements"


class CountStatements:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        counted = 0

        def count(execute: Callable[..., Any], *args: Any) -> Any:
            nonlocal counted
            counted += 1
            return execute(*args)

        with connection.execute_wrapper(count):
            response = self.get_response(request)
        response[HEADER] = str(counted)
        return response
