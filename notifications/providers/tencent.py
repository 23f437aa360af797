"""Text messages through Tencent Cloud (SMS 2021-01-11, SendSms).

Source of the signature: cloud.tencent.com/document/api/382/52071 (TC3-HMAC-SHA256); of the request and its codes:
cloud.tencent.com/document/api/382/55981 and /59177.
"""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

from core import clock
from notifications.providers import http
from notifications.providers.base import Answer, Config, NotSent, Outgoing, Throttled, Uncertain

ENDPOINT = "https://sms.tencentcloudapi.com"
VERSION = "2021-01-11"
REGION = "ap-guangzhou"
ALGORITHM = "TC3-HMAC-SHA256"
CONTENT_TYPE = "application/json; charset=utf-8"
SIGNED = "content-type;host;x-tc-action"

FINAL = (
    "InvalidParameterValue",
    "FailedOperation.ContainSensitiveWord",
    "FailedOperation.PhoneNumberInBlacklist",
    "FailedOperation.TemplateIncorrectOrUnapproved",
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
    "UnsupportedOperation",
)
UNKNOWN = ("InternalError.Timeout", "InternalError.OtherError", "InternalError.RequestTimeException")


class TencentSms:
    name = "tencent_sms"
    is_repeatable = False

    def send(self, message: Outgoing, config: Config) -> Answer:
        if not message.template:
            raise NotSent("no_template")
        body = json.dumps(
            {
                "PhoneNumberSet": [message.address],
                "SmsSdkAppId": config.get("sdk_app_id"),
                "SignName": message.sign_name or config.get("sign_name"),
                "TemplateId": message.template,
                "TemplateParamSet": [value for _name, value in message.values],
                "SessionContext": message.key,
            }
        ).encode()
        url = config.get("endpoint", ENDPOINT)
        headers = sign(
            service="sms",
            action="SendSms",
            host=urlsplit(url).netloc,
            body=body,
            secret_id=config.get("secret_id"),
            secret=config.secret,
            at=clock.now(),
        )
        headers |= {"X-TC-Version": VERSION, "X-TC-Region": config.get("region", REGION)}
        return _judge(http.post(f"{url}/", body=body, headers=headers))


def _judge(response: http.Response) -> Answer:
    data = response.json().get("Response")
    if response.status >= 500 or not isinstance(data, dict):
        raise Uncertain(f"http_{response.status}")
    statuses = data.get("SendStatusSet") or [{}]
    found = data.get("Error") or statuses[0]
    code, text = str(found.get("Code", "")), str(found.get("Message", ""))
    if code == "Ok":
        return Answer(str(found.get("SerialNo", "")), code)
    if not code or code == "InternalError" or code.startswith(UNKNOWN):
        raise Uncertain(code or f"http_{response.status}", text)
    if code.startswith("RequestLimitExceeded"):
        raise Throttled(code, text)
    raise NotSent(code, text, is_final=code.startswith(FINAL))


def sign(
    *, service: str, action: str, host: str, body: bytes, secret_id: str, secret: str, at: datetime
) -> dict[str, str]:
    """Content type, action, time and signature."""
    moment = at.astimezone(UTC)
    stamp, day = str(int(moment.timestamp())), moment.strftime("%Y-%m-%d")
    scope = f"{day}/{service}/tc3_request"
    lines = f"content-type:{CONTENT_TYPE}\nhost:{host}\nx-tc-action:{action.lower()}\n"
    request = "\n".join(["POST", "/", "", lines, SIGNED, hashlib.sha256(body).hexdigest()])
    text = "\n".join([ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"TC3{secret}".encode()
    for part in (day, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return {
        "Content-Type": CONTENT_TYPE,
        "X-TC-Action": action,
        "X-TC-Timestamp": stamp,
        "Authorization": f"{ALGORITHM} Credential={secret_id}/{scope}, SignedHeaders={SIGNED}, Signature={signature}",
    }
