"""Tests: real PostgreSQL, cheap password hashing, no logging noise."""

from dealership.settings.base import *  # noqa: F403

SECRET_KEY = "test-only-key-0123456789abcdefghijklmnopqrstuvwxyz-0123456789"  # noqa: S105
FIELD_KEYS = "test1:dGVzdC1vbmx5LWZpZWxkLWtleS0wMTIzNDU2Nzg5YWI="
INDEX_KEY = "dGVzdC1vbmx5LWluZGV4LWtleS0wMTIzNDU2Nzg5YWI="
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_ROOT = None  # type: ignore[assignment]  # files come from the finders
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
OUTBOX_PROVIDER = "console"
OUTBOX_ALLOWED_NETWORKS = ["127.0.0.0/8"]  # the fake gateways of the tests
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405
LOGGING["root"]["level"] = "WARNING"  # type: ignore[index]  # noqa: F405
if env.str("TEST_DB_NAME", default=""):  # noqa: F405 -- several runs side by side on one server
    DATABASES["default"]["TEST"] = {"NAME": env.str("TEST_DB_NAME")}  # noqa: F405
