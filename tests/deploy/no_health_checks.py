"""Production without the check of pooled connections: the control of the restart test."""

from dealership.settings.production import *  # noqa: F403

DATABASES["default"]["CONN_HEALTH_CHECKS"] = False  # noqa: F405
