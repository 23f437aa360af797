"""Gateways to the world outside, by name. A new one is a module beside these and a line here."""

from notifications.providers.aliyun import AliyunSms
from notifications.providers.base import Answer, Config, NotSent, Outgoing, Provider, Throttled, Uncertain
from notifications.providers.console import ConsoleProvider
from notifications.providers.mail import Smtp
from notifications.providers.tencent import TencentSms
from notifications.providers.webhook import Webhook
from notifications.providers.wecom import WecomRobot

__all__ = ["PROVIDERS", "Answer", "Config", "NotSent", "Outgoing", "Provider", "Throttled", "Uncertain"]

PROVIDERS: dict[str, Provider] = {
    provider.name: provider
    for provider in (ConsoleProvider(), AliyunSms(), TencentSms(), WecomRobot(), Smtp(), Webhook())
}
