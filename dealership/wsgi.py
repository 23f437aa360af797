"""WSGI entry point for gunicorn."""

import os

import pypinyin  # noqa: F401 -- 0.2 s and 55 MB once, before the workers are forked
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dealership.settings.production")
application = get_wsgi_application()
