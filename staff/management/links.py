"""Addresses printed on the command line, where no request says what the site is called."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _


def activation_link(token: str) -> str:
    """The one-time link for a password, with what may be said about it."""
    path = reverse("staff:activate", args=[token])
    hosts = [host for host in settings.ALLOWED_HOSTS if not host.startswith((".", "*"))]
    site = next(iter(settings.CSRF_TRUSTED_ORIGINS), f"https://{hosts[0]}" if hosts else "")
    return _("Open within 72 hours, works once: %(link)s") % {"link": f"{site}{path}"}
