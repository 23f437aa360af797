from datetime import UTC, date, datetime, time, timedelta
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db.models import Value
from django.db.models.functions import Now
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from core import clock

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 20, 12, tzinfo=SHANGHAI)


@time_machine.travel(datetime(2026, 11, 20, 16, 30, tzinfo=UTC), tick=False)
def test_now_is_store_time_whatever_zone_the_request_uses():
    with timezone.override("America/New_York"):
        assert clock.now() == datetime(2026, 11, 21, 0, 30, tzinfo=SHANGHAI)
        assert clock.now().utcoffset() == timedelta(hours=8)
        assert clock.today() == date(2026, 11, 21)


def test_travel_to_a_moment_stops_the_clock():
    with clock.travel(NOON):
        assert [clock.now(), clock.now()] == [NOON, NOON]
        assert clock.is_travelling()

    assert not clock.is_travelling()
    assert clock.now() - timezone.now() < timedelta(seconds=5)


def test_travel_reads_a_naive_moment_as_store_time():
    with clock.travel(datetime(2026, 11, 20, 12)):  # noqa: DTZ001 -- this is what is tested
        assert clock.now() == NOON


@time_machine.travel(NOON, tick=False)
def test_travel_by_an_offset_keeps_ticking():
    with time_machine.travel(NOON, tick=False) as real, clock.travel(timedelta(days=2)):
        before = clock.now()
        real.shift(timedelta(minutes=5))
        after = clock.now()

    assert before == NOON + timedelta(days=2)
    assert after - before == timedelta(minutes=5)


def test_travel_nested_counts_from_the_outer_time_and_comes_back():
    with clock.travel(NOON):
        with clock.travel(timedelta(hours=-1)):
            assert clock.now() == NOON - timedelta(hours=1)
        assert clock.now() == NOON


def test_travel_comes_back_after_an_error():
    with pytest.raises(RuntimeError, match="broken"), clock.travel(NOON):
        raise RuntimeError("broken")

    assert not clock.is_travelling()


def test_travel_is_seen_by_other_threads():
    seen = []
    with clock.travel(NOON):
        thread = Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()

    assert seen == [NOON]


def test_sql_now_is_the_clock_of_the_database_unless_somebody_travels():
    assert isinstance(clock.sql_now(), Now)
    with clock.travel(NOON):
        travelled = clock.sql_now()

    assert isinstance(travelled, Value)
    assert travelled.value == NOON


def test_end_of_day_is_the_last_second_of_the_store_day():
    assert clock.end_of_day(date(2026, 2, 28)) == datetime(2026, 2, 28, 23, 59, 59, tzinfo=SHANGHAI)
    assert clock.at_time(date(2028, 2, 29), time(9, 30)) == datetime(2028, 2, 29, 9, 30, tzinfo=SHANGHAI)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 -- bounds
def test_local_date_contains_the_moment(moment):
    day = clock.local_date(moment)

    assert clock.at_time(day, time.min) <= moment < clock.at_time(day + timedelta(days=1), time.min)
    assert clock.local_date(clock.end_of_day(day)) == day
