"""Production: nothing has a default that would be unsafe; the start fails with one list of what is missing."""

import os

from django.core.exceptions import ImproperlyConfigured

from dealership.environment import problems, report
from dealership.error_reports import start as start_error_reports

if found := problems(os.environ):
    raise ImproperlyConfigured(report(found))

from dealership.settings.base import *  # noqa: E402, F403 -- after the check: base would stop at the first mistake

SECRET_KEY = env.str("SECRET_KEY")  # noqa: F405
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])  # noqa: F405

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)  # noqa: F405
if PROXY_COUNT:  # noqa: F405 -- only a proxy that overwrites the client's own header may be believed
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000)  # noqa: F405
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sid"
CSRF_COOKIE_NAME = "__Host-csrf"
DEVICE_COOKIE_NAME = "__Host-device"
REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", default=True)  # noqa: F405
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
LOGGING["handlers"]["console"]["formatter"] = "json"  # type: ignore[index]  # noqa: F405
LOGGING["loggers"]["operations.requests"]["level"] = "INFO"  # type: ignore[index]  # noqa: F405

if SENTRY_DSN := env.str("SENTRY_DSN", default=""):  # noqa: F405
    start_error_reports(SENTRY_DSN)
