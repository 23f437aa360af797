"""A person with a browser, as gunicorn sees one behind nginx: cookies, CSRF token, HTTPS said by the proxy."""

import http.client
import ssl
from http.cookies import SimpleCookie
from typing import NamedTuple
from urllib.parse import urlencode

from tests.deploy.test_environment import GOOD

HOST = GOOD["ALLOWED_HOSTS"]
PATIENCE_S = 15


class Answer(NamedTuple):
    """`status` 0: nobody answered."""

    status: int
    text: str
    location: str = ""


class Visitor:
    def __init__(self, port: int, *, is_tls: bool = False) -> None:
        self.port, self.is_tls = port, is_tls
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, path: str, **fields: str) -> Answer:
        token = {"csrfmiddlewaretoken": self.cookies.get("__Host-csrf", "")}
        return self.ask("POST", path, urlencode(fields | token))

    def ask(self, method: str, path: str, body: str = "") -> Answer:
        connection = self._connection()
        headers = {"Host": HOST, "Referer": f"https://{HOST}{path}", "X-Forwarded-Proto": "https"}
        headers["X-Forwarded-For"] = "10.1.2.3"
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        except OSError as error:
            return Answer(0, repr(error))
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return Answer(response.status, text, response.headers.get("Location", ""))

    def _connection(self) -> http.client.HTTPConnection:
        if not self.is_tls:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE_S, context=context)

    def sign_in(self, name: str, password: str) -> Answer:
        self.get("/staff/login/")
        return self.post("/staff/login/", username=name, password=password)
