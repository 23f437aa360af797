"""A robot in a WeCom group of the staff. The address holds the key of the group, so all of it is the secret.

Source: developer.work.weixin.qq.com/document/path/91770 (text 2,048 bytes, markdown 4,096 bytes, 20 messages a minute
and robot). For the staff only: nothing about a customer beyond what a colleague may read on a screen in the showroom.
"""

import json
from urllib.parse import quote

from notifications.providers import http
from notifications.providers.base import Answer, Config, NotSent, Outgoing, Throttled, Uncertain

ENDPOINT = "https://qyapi.weixin.qq.com"
PATH = "/cgi-bin/webhook/send"
MAX_BYTES = 4096
TOO_FAST = frozenset({45009, 45033, 130101})
BUSY = -1


class WecomRobot:
    name = "wecom_robot"
    is_repeatable = True  # a line twice in a group of colleagues hurts nobody; a lost one may

    def send(self, message: Outgoing, config: Config) -> Answer:
        kind = config.get("format", "markdown")
        content = cut(message.body, MAX_BYTES if kind == "markdown" else MAX_BYTES // 2)
        body = json.dumps({"msgtype": kind, kind: {"content": content}}, ensure_ascii=False).encode()
        url = f"{config.get('endpoint', ENDPOINT)}{PATH}?key={quote(config.secret, safe='')}"
        response = http.post(url, body=body, headers={"Content-Type": "application/json; charset=utf-8"})
        http.judge(response)
        data = response.json()
        code, text = data.get("errcode"), str(data.get("errmsg", ""))
        if code == 0:
            return Answer("", "0")
        if code is None or code == BUSY:
            raise Uncertain(str(code or "no_code"), text)
        if code in TOO_FAST:
            raise Throttled(str(code), text)
        raise NotSent(str(code), text)


def cut(text: str, limit: int) -> str:
    """At most so many bytes of UTF-8, no character in halves."""
    return text.encode()[:limit].decode(errors="ignore")
