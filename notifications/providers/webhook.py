"""Events for other systems: a signed JSON request. docs/webhooks.md tells a receiver how to check it.

The signature covers the moment and the body: HMAC-SHA256 with the shared secret over "<timestamp>.<body>". A repeat
carries the same delivery id, so the receiver can drop what it has already.
"""

import hashlib
import hmac

from core import clock
from notifications.providers import http
from notifications.providers.base import Answer, Config, Outgoing


class Webhook:
    name = "webhook"
    is_repeatable = True

    def send(self, message: Outgoing, config: Config) -> Answer:
        body = message.body.encode()
        stamp = str(int(clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Shuncheng-Webhook/1",
            "X-Shuncheng-Event": message.title,
            "X-Shuncheng-Delivery": message.key,
            "X-Shuncheng-Timestamp": stamp,
            "X-Shuncheng-Signature": f"v1={signature(config.secret, stamp, body)}",
        }
        response = http.post(config.get("url"), body=body, headers=headers)
        http.judge(response)
        return Answer(response.headers.get("x-request-id", "")[:80], f"http_{response.status}")


def signature(secret: str, stamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
