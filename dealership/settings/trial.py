"""The trial on one machine: `./dev demo`. Embedded servers, plain HTTP, a key that is worth nothing elsewhere."""

from dealership.local_keys import local_keys
from dealership.settings.base import *  # noqa: F403

SECRET_KEY = env.str("SECRET_KEY", default="trial-only-key-never-used-in-production-0123456789abcdef")  # noqa: F405
_keys = local_keys(VAR_DIR / "keys.json")  # noqa: F405
FIELD_KEYS = env.str("FIELD_KEYS", default="") or _keys["FIELD_KEYS"]  # noqa: F405
INDEX_KEY = env.str("INDEX_KEY", default="") or _keys["INDEX_KEY"]  # noqa: F405
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])  # noqa: F405
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
DEBUG = env.bool("DEBUG", default=False)  # noqa: F405
OUTBOX_PROVIDER = env.str("OUTBOX_PROVIDER", default="console")  # noqa: F405
