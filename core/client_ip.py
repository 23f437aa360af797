"""The address of the browser, behind as many proxies as PROXY_COUNT says."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest

IPV4 = 4


def client_ip(request: HttpRequest) -> str | None:
    """The address that the outermost of our own proxies saw. What a client writes into the header itself stands
    further left and is not believed; without proxies the header is not read at all."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.PROXY_COUNT:
        seen = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
        if len(seen) >= settings.PROXY_COUNT:
            address = seen[-settings.PROXY_COUNT]
    try:
        return str(ip_address(address))
    except ValueError:
        return None


def masked_ip(address: str | None) -> str:
    """The net without the machine: enough to tell the store from elsewhere. 10.1.2.• or 2001:db8:1:•"""
    if not address:
        return ""
    parsed = ip_address(address)
    if parsed.version == IPV4:
        return f"{address.rpartition('.')[0]}.•"
    return ":".join(group.lstrip("0") or "0" for group in parsed.exploded.split(":")[:3]) + ":•"
