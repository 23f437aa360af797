"""The trial on one machine: `./dev demo`. Embedded servers, plain HTTP, a key that is worth nothing elsewhere."""

from dealership.settings.base import *  # noqa: F403

SECRET_KEY = env.str("SECRET_KEY", default="trial-only-key-never-used-in-production-0123456789abcdef")  # noqa: F405
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])  # noqa: F405
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
DEBUG = env.bool("DEBUG", default=False)  # noqa: F405
