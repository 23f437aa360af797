"""Text messages through Alibaba Cloud (Dysmsapi 2017-05-25, SendSms).

Source of the signature: help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature (ACS3-HMAC-SHA256);
of the codes: help.aliyun.com/document_detail/101346.html. The service has no idempotency of its own ("please take care
yourself", same manual): that is why an unknown outcome is never tried again.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from core import clock
from notifications.providers import http
from notifications.providers.base import Answer, Config, NotSent, Outgoing, Throttled, Uncertain

ENDPOINT = "https://dysmsapi.aliyuncs.com"
VERSION = "2017-05-25"
ALGORITHM = "ACS3-HMAC-SHA256"

# The message itself is wrong: the same again would be refused again.
FINAL = frozenset(
    {
        "isv.MOBILE_NUMBER_ILLEGAL",
        "isv.MOBILE_COUNT_OVER_LIMIT",
        "isv.TEMPLATE_MISSING_PARAMETERS",
        "isv.TEMPLATE_PARAMS_ILLEGAL",
        "isv.SMS_TEMPLATE_ILLEGAL",
        "isv.SMS_CONTENT_ILLEGAL",
        "isv.INVALID_PARAMETERS",
        "isv.INVALID_JSON_PARAM",
        "isv.PARAM_LENGTH_LIMIT",
        "isv.BLACK_KEY_CONTROL_LIMIT",
        "isv.DOMESTIC_NUMBER_NOT_SUPPORTED",
    }
)
# The account may not send any more for a while.
RESTS_S = {"isv.DAY_LIMIT_CONTROL": 3600, "isv.MONTH_LIMIT_CONTROL": 3600}


class AliyunSms:
    name = "aliyun_sms"
    is_repeatable = False

    def send(self, message: Outgoing, config: Config) -> Answer:
        if not message.template:
            raise NotSent("no_template")
        query = {
            "OutId": message.key,
            "PhoneNumbers": national(message.address),
            "SignName": message.sign_name or config.get("sign_name"),
            "TemplateCode": message.template,
            "TemplateParam": json.dumps(dict(message.values), ensure_ascii=False, separators=(",", ":")),
        }
        url = config.get("endpoint", ENDPOINT)
        headers = sign(
            action="SendSms",
            version=VERSION,
            host=urlsplit(url).netloc,
            query=query,
            access_key_id=config.get("access_key_id"),
            secret=config.secret,
            at=clock.now(),
            nonce=secrets.token_hex(16),
        )
        return _judge(http.post(f"{url}/?{canonical(query)}", body=b"", headers=headers))


def _judge(response: http.Response) -> Answer:
    data = response.json()
    code = str(data.get("Code", ""))
    if response.status >= 500 or not code or code.startswith("isp.SYSTEM_ERROR"):
        raise Uncertain(code or f"http_{response.status}", str(data.get("Message", "")))
    if code == "OK":
        return Answer(str(data.get("BizId", "")))
    text = str(data.get("Message", ""))
    if code in RESTS_S or code.startswith("Throttling"):
        raise Throttled(code, text, retry_after_s=RESTS_S.get(code, 60))
    raise NotSent(code, text, is_final=code in FINAL)


def national(number: str) -> str:
    """Mainland numbers without the country code, others with it and without the plus."""
    return number.removeprefix("+86") if number.startswith("+86") else number.removeprefix("+")


def canonical(query: Mapping[str, str]) -> str:
    """Sorted by name, percent-encoded by RFC 3986."""
    return "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in sorted(query.items()))


def sign(
    *,
    action: str,
    version: str,
    host: str,
    query: Mapping[str, str],
    access_key_id: str,
    secret: str,
    at: datetime,
    nonce: str,
    body: bytes = b"",
) -> dict[str, str]:
    """All headers of the request, the signature among them."""
    hashed = hashlib.sha256(body).hexdigest()
    signed = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": hashed,
        "x-acs-date": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    request = "\n".join(["POST", "/", canonical(query), lines, names, hashed])
    text = f"{ALGORITHM}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    del signed["host"]  # the connection writes it
    return {
        **signed,
        "Accept": "application/json",
        "Authorization": f"{ALGORITHM} Credential={access_key_id},SignedHeaders={names},Signature={signature}",
    }
