"""The product as `./dev demo` runs it, with statements counted."""

from dealership.settings.trial import *  # noqa: F403

MIDDLEWARE = ["benchmarks.middleware.CountStatements", *MIDDLEWARE]  # noqa: F405
LOGGING["root"]["level"] = "ERROR"  # noqa: F405
