"""The one clock of the project: every other module asks here what time it is.

Moments are aware and in Asia/Shanghai (settings.TIME_ZONE), whatever language or zone a request may have activated:
"today" is the day of the store, not of the browser.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta

from django.db.models import DateTimeField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.utils import timezone

# None: the real clock. Otherwise a function that tells the time while somebody travels. Process-wide on purpose: a test
# server runs its requests in other threads and must see the same time.
_travelled: Callable[[], datetime] | None = None


MIDNIGHT = time(0)


def now() -> datetime:
    """Return the present moment, aware, in the store's time zone."""
    return local(timezone.now() if _travelled is None else _travelled())


def today() -> date:
    """Return the store's calendar day."""
    return now().date()


def sql_now() -> Combinable:
    """Return the present moment as a database expression, for queries that ask what is due.

    It is the clock of the database, so that a wrong clock of one web or worker machine never fires a reminder early;
    while travelling it is the travelled moment.
    """
    if _travelled is None:
        return Now()
    return Value(now(), output_field=DateTimeField())


def is_travelling() -> bool:
    """Tell whether `now()` is not the real time."""
    return _travelled is not None


@contextmanager
def travel(at: datetime | timedelta) -> Iterator[None]:
    """Let the whole process live at another moment; for tests and the demo store only.

    A datetime stops the clock at that moment (naive = store time). A timedelta shifts the clock, which keeps ticking
    if it was ticking; inside another `travel` the shift counts from there. The previous clock is back afterwards.
    """
    global _travelled
    previous = _travelled
    _travelled = _stopped(at) if isinstance(at, datetime) else _shifted(at, previous or timezone.now)
    try:
        yield
    finally:
        _travelled = previous


def local(moment: datetime) -> datetime:
    """Return an aware moment as the store's clock on the wall shows it."""
    return moment.astimezone(timezone.get_default_timezone())


def local_date(moment: datetime) -> date:
    """Return the store's calendar day of an aware moment."""
    return local(moment).date()


def at_time(day: date, at: time) -> datetime:
    """Return the aware moment of a wall-clock time of the store on a day."""
    return datetime.combine(day, at.replace(tzinfo=None), tzinfo=timezone.get_default_timezone())


def end_of_day(day: date) -> datetime:
    """Return 23:59:59 of a day of the store: a deadline "on that day" has passed one second later."""
    return at_time(day, time(23, 59, 59))


def _stopped(at: datetime) -> Callable[[], datetime]:
    moment = timezone.make_aware(at, timezone.get_default_timezone()) if timezone.is_naive(at) else at
    return lambda: moment


def _shifted(by: timedelta, clock: Callable[[], datetime]) -> Callable[[], datetime]:
    return lambda: clock() + by
