"""Building the image: enough to collect static files and compile texts. It holds no secret and serves nobody."""

import base64
import os

from dealership.settings.base import *  # noqa: F403

SECRET_KEY = "build-only-0123456789abcdefghijklmnopqrstuvwxyz-0123456789"  # noqa: S105
FIELD_KEYS = f"build:{base64.b64encode(os.urandom(32)).decode()}"
INDEX_KEY = base64.b64encode(os.urandom(32)).decode()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
