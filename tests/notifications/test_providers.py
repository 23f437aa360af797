"""What leaves the house: signatures against the providers' own examples, and every answer a gateway may give."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from core import clock
from notifications.providers import PROVIDERS, Config, NotSent, Outgoing, Throttled, Uncertain
from notifications.providers import aliyun as aliyun_provider
from notifications.providers import tencent as tencent_provider
from notifications.providers.wecom import cut
from tests.conftest import NOON
from tests.notifications import gateways
from tests.notifications.gateways import Gateway, as_json, serving

SECRET = "a made-up secret with 汉字"
MESSAGE = Outgoing(
    key="6f8f4dd2-0000-4000-8000-000000000001",
    address="+8619900000001",
    body="王先生您好 & 欢迎 ~ (*)",
    title="lead.registered",
    sign_name="顺程汽车",
    template="SMS_1001",
    values=[("customer", "王先生"), ("model", "远行 +L 1.5T ~*'")],
)


def send(provider: str, gateway: Gateway, message: Outgoing = MESSAGE, secret: str = SECRET, **parameters):
    given = {"endpoint": gateway.url, "url": f"{gateway.url}/hooks?shop=1", "access_key_id": "id", "secret_id": "id"}
    return PROVIDERS[provider].send(message, Config({**given, **parameters}, secret))


# ---- the examples of the manuals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nonce", "at", "signature"),
    [
        (
            "3156853299f313e23d1673dc12e1703d",
            datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC),
            "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0",
        ),
        (
            "d410180a5abf7fe235dd9b74aca91fc0",
            datetime(2023, 10, 26, 9, 1, 1, tzinfo=UTC),
            "e521358f7776c97df52e6b2891a8bc73026794a071b50c3323388c4e0df64804",
        ),
    ],
)
def test_the_signature_of_alibabas_manual(nonce, at, signature):
    headers = aliyun_provider.sign(
        action="RunInstances",
        version="2014-05-26",
        host="ecs.cn-shanghai.aliyuncs.com",
        query={"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"},
        access_key_id="YourAccessKeyId",
        secret="YourAccessKeySecret",
        at=at,
        nonce=nonce,
    )

    assert headers["Authorization"] == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
        f"x-acs-signature-nonce;x-acs-version,Signature={signature}"
    )


def test_the_signature_of_tencents_manual():
    headers = tencent_provider.sign(
        service="cvm",
        action="DescribeInstances",
        host="cvm.tencentcloudapi.com",
        body=b'{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}',
        secret_id="AKID" + "*" * 32,
        secret="*" * 32,
        at=datetime.fromtimestamp(1551113065, tz=UTC),
    )

    assert headers["Authorization"].endswith(
        "/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host;x-tc-action, "
        "Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
    )


# ---- what arrives ---------------------------------------------------------------------------------------------------


def test_alibaba_gets_a_request_that_it_can_check(noon):
    with serving(gateways.aliyun(SECRET)) as gateway:
        answer = send("aliyun_sms", gateway)

    (seen,) = gateway.seen
    assert answer.reference == "biz-1"
    assert gateway.keys == {MESSAGE.key: 1}
    assert seen.values == {
        "OutId": MESSAGE.key,
        "PhoneNumbers": "19900000001",
        "SignName": "顺程汽车",
        "TemplateCode": "SMS_1001",
        "TemplateParam": '{"customer":"王先生","model":"远行 +L 1.5T ~*\'"}',
    }
    assert seen.headers["x-acs-date"] == "2026-11-17T04:00:00Z"
    assert (seen.headers["x-acs-action"], seen.headers["x-acs-version"]) == ("SendSms", "2017-05-25")


def test_tencent_gets_a_request_that_it_can_check(noon):
    with serving(gateways.tencent(SECRET)) as gateway:
        answer = send("tencent_sms", gateway, sdk_app_id="1400006666")

    (seen,) = gateway.seen
    assert (answer.reference, answer.code) == ("serial-1", "Ok")
    assert gateway.keys == {MESSAGE.key: 1}
    assert json.loads(seen.body) == {
        "PhoneNumberSet": ["+8619900000001"],
        "SmsSdkAppId": "1400006666",
        "SignName": "顺程汽车",
        "TemplateId": "SMS_1001",
        "TemplateParamSet": ["王先生", "远行 +L 1.5T ~*'"],
        "SessionContext": MESSAGE.key,
    }
    assert (seen.headers["x-tc-version"], seen.headers["x-tc-region"]) == ("2021-01-11", "ap-guangzhou")


def test_a_receiver_can_check_a_webhook(noon):
    body = json.dumps({"event": "lead.registered"})
    with serving(gateways.webhook(SECRET, noon.timestamp())) as gateway:
        answer = send("webhook", gateway, Outgoing(MESSAGE.key, "", body, title="lead.registered"))

    (seen,) = gateway.seen
    assert answer.code == "http_204"
    assert gateway.keys == {MESSAGE.key: 1}
    assert (seen.path, seen.query, seen.body.decode()) == ("/hooks", "shop=1", body)
    assert seen.headers["x-shuncheng-event"] == "lead.registered"


@pytest.mark.parametrize(("secret", "late"), [("another", 0), (SECRET, 301), (SECRET, -301)])
def test_control_a_wrong_secret_or_an_old_request_is_seen_through(noon, secret, late):
    with serving(gateways.webhook(secret, noon.timestamp() + late)) as gateway, pytest.raises(NotSent) as refused:
        send("webhook", gateway)

    assert (refused.value.code, gateway.keys) == ("http_401", {})


def test_a_changed_body_does_not_pass_the_receivers_check(noon):
    with serving(gateways.webhook(SECRET, noon.timestamp())) as gateway:
        send("webhook", gateway)
    seen = gateway.seen[0]

    assert gateways.webhook_is_right(seen, SECRET, now=noon.timestamp())
    seen.body += b" "
    assert not gateways.webhook_is_right(seen, SECRET, now=noon.timestamp())


@pytest.mark.parametrize(("provider", "make"), [("aliyun_sms", gateways.aliyun), ("tencent_sms", gateways.tencent)])
def test_control_a_wrong_secret_is_refused_by_the_gateway(noon, provider, make):
    with serving(make("another secret")) as gateway, pytest.raises(NotSent) as refused:
        send(provider, gateway)

    assert "Signature" in refused.value.code
    assert not refused.value.is_final, "the settings are wrong, not the message"
    assert gateway.keys == {}


def test_the_robot_speaks_in_the_group(noon):
    with serving(gateways.wecom("a key/with signs")) as gateway:
        send("wecom_robot", gateway, secret="a key/with signs")

    (seen,) = gateway.seen
    assert json.loads(seen.body) == {"msgtype": "markdown", "markdown": {"content": MESSAGE.body}}


def test_a_long_text_is_cut_between_two_characters():
    assert cut("顺程" * 1000, 4096) == ("顺程" * 1000)[: 4096 // 3]
    assert cut("short", 4096) == "short"


# ---- what a gateway may answer --------------------------------------------------------------------------------------

SMS = {
    "aliyun_sms": lambda code: as_json({"Code": code, "Message": "m"}),
    "tencent_sms": lambda code: as_json({"Response": {"SendStatusSet": [{"Code": code, "Message": "m"}]}}),
}


@pytest.mark.parametrize(
    ("provider", "code", "error", "is_final"),
    [
        ("aliyun_sms", "isv.MOBILE_NUMBER_ILLEGAL", NotSent, True),
        ("aliyun_sms", "isv.BUSINESS_LIMIT_CONTROL", NotSent, False),
        ("aliyun_sms", "isv.OUT_OF_SERVICE", NotSent, False),
        ("aliyun_sms", "isv.DAY_LIMIT_CONTROL", Throttled, False),
        ("aliyun_sms", "Throttling.User", Throttled, False),
        ("aliyun_sms", "isp.SYSTEM_ERROR", Uncertain, None),
        ("tencent_sms", "InvalidParameterValue.IncorrectPhoneNumber", NotSent, True),
        ("tencent_sms", "FailedOperation.PhoneNumberInBlacklist", NotSent, True),
        ("tencent_sms", "LimitExceeded.PhoneNumberDailyLimit", NotSent, False),
        ("tencent_sms", "RequestLimitExceeded", Throttled, False),
        ("tencent_sms", "InternalError.Timeout", Uncertain, None),
    ],
)
def test_every_answer_of_a_gateway_has_a_meaning(noon, provider, code, error, is_final):
    with serving(Gateway(answer=lambda seen: SMS[provider](code))) as gateway, pytest.raises(error) as told:
        send(provider, gateway)

    assert type(told.value) is error
    assert told.value.code == code
    assert getattr(told.value, "is_final", None) == is_final


@pytest.mark.parametrize("provider", ["aliyun_sms", "tencent_sms"])
@pytest.mark.parametrize(
    "answer", [(500, {}, b"{}"), (502, {}, b"<html>"), (200, {}, b"not json"), (200, {}, b"[1]"), None]
)
def test_a_paid_message_with_an_unclear_answer_is_uncertain(noon, provider, answer):
    with serving(Gateway(answer=lambda seen: answer)) as gateway, pytest.raises(Uncertain):
        send(provider, gateway)

    assert len(gateway.seen) == 1


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (as_json({"errcode": 45009, "errmsg": "freq"}), Throttled, "45009"),
        (as_json({"errcode": -1, "errmsg": "busy"}), Uncertain, "-1"),
        (as_json({"errcode": 93000, "errmsg": "no robot"}), NotSent, "93000"),
        (as_json({}), Uncertain, "no_code"),
        ((503, {}, b""), Uncertain, "http_503"),
        ((429, {"Retry-After": "90"}, b""), Throttled, "http_429"),
        ((404, {}, b""), NotSent, "http_404"),
        ((302, {"Location": "http://127.0.0.1/"}, b""), NotSent, "redirect"),
        (None, Uncertain, "no_answer"),
    ],
)
def test_every_answer_of_the_group_robot_has_a_meaning(noon, answer, error, code):
    with serving(Gateway(answer=lambda seen: answer)) as gateway, pytest.raises(error) as told:
        send("wecom_robot", gateway, secret="k")

    assert (type(told.value), told.value.code) == (error, code)
    assert len(gateway.seen) == 1, "a redirect is not followed"


def test_how_long_to_rest_is_the_gateways_word_within_limits(noon):
    rests = []
    for header in ("90", "999999", "Wed, 21 Oct 2026 07:28:00 GMT", "-5"):
        with (
            serving(Gateway(answer=lambda seen, header=header: (429, {"Retry-After": header}, b""))) as gateway,
            pytest.raises(Throttled) as told,
        ):
            send("webhook", gateway)
        rests.append(told.value.retry_after_s)

    assert rests == [90, 3600, 60, 60]


def test_without_an_approved_template_nothing_leaves(noon):
    with serving(gateways.aliyun(SECRET)) as gateway:
        for provider in ("aliyun_sms", "tencent_sms"):
            with pytest.raises(NotSent) as refused:
                send(provider, gateway, Outgoing(MESSAGE.key, MESSAGE.address, "text"))
            assert refused.value.code == "no_template"

    assert gateway.seen == []


def test_signatures_go_by_the_moment_of_sending(noon):
    later = NOON + timedelta(hours=3)
    with serving(gateways.webhook(SECRET, later.timestamp())) as gateway, clock.travel(later):
        send("webhook", gateway)

    assert gateway.keys == {MESSAGE.key: 1}
