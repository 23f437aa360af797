"""The product as `./dev demo` runs it, with statements counted."""

from dealership.settings.trial import *  # noqa: F403

MIDDLEWARE = ["benchmarks.middleware.CountStatements", *MIDDLEWARE]  # noqa: F405
LOGGING["root"]["level"] = "ERROR"  # type: ignore[index]  # noqa: F405
RATE_LIMITS = dict.fromkeys(RATE_LIMITS, (1_000_000_000, 60))  # noqa: F405 -- one person asks as fast as it goes
