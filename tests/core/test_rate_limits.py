"""Counters of how often somebody did something (reliability.md 4.6)."""

import re
import threading
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.test import override_settings
from django.urls import reverse

from core import clock, rate_limits
from core.errors import LimitReached
from core.models import RateCounter
from core.rate_limits import Limit, count, ensure_within, rate_limit_hit
from core.tasks import rate_limits_sweep
from tests.conftest import NOON
from tests.factories import UserFactory
from tests.races.threads import race

pytestmark = pytest.mark.django_db


def hit(key="1", limit=3, window_s=60, **fields):
    return rate_limit_hit(scope="test", key=key, limit=limit, window_s=window_s, **fields)


def test_so_many_and_no_more_in_one_window(noon):
    assert [hit() for _ in range(5)] == [True, True, True, False, False]


def test_keys_and_scopes_count_apart(noon):
    assert [hit("a", 1), hit("b", 1), hit("a", 1)] == [True, True, False]
    assert rate_limit_hit(scope="other", key="a", limit=1, window_s=60)


def test_a_window_ends_after_its_length_and_trying_on_does_not_prolong_it():
    answers = []
    for seconds in (0, 59, 59, 60, 61):
        with clock.travel(NOON + timedelta(seconds=seconds)):
            answers.append(hit(limit=1))

    assert answers == [True, False, False, True, False]


def test_a_hit_says_how_many_are_left_and_how_long_to_wait(noon):
    first = count("test", "1", Limit(2, 90))

    assert (first.is_allowed, first.left, first.wait_s) == (True, 1, 90)


def test_one_statement_counts(noon, django_assert_num_queries):
    with django_assert_num_queries(1):
        hit()
    with django_assert_num_queries(1):
        hit()


def test_what_was_right_is_given_back_and_what_is_forgotten_starts_anew(noon):
    hit(limit=1)
    rate_limits.give_back("test", "1")
    again = hit(limit=1)
    rate_limits.forget("test", "1")

    assert again
    assert hit(limit=1)


@override_settings(RATE_LIMITS={"export": (1, 3600)})
def test_a_service_refuses_with_a_sentence(noon):
    ensure_within("export", 7)

    with pytest.raises(LimitReached) as refused:
        ensure_within("export", 7)

    assert "60" in refused.value.text


class Away:
    """A connection whose database went away."""

    in_atomic_block = False

    def cursor(self):
        raise OperationalError


def test_without_the_database_sign_in_is_closed_and_the_rest_open(noon, monkeypatch):
    monkeypatch.setattr(rate_limits, "connection", Away())

    assert hit()
    assert not hit(fails_closed=True)
    assert count("search", 1).is_allowed
    assert not count("login", 1).is_allowed


def test_the_sweep_deletes_windows_that_are_over():
    with clock.travel(NOON):
        hit("old", window_s=60)
        hit("young", window_s=600)
    with clock.travel(NOON + timedelta(seconds=120)):
        deleted = [rate_limits_sweep(), rate_limits_sweep()]

    assert deleted == [1, 0]
    assert RateCounter.objects.get().key == "young"


@override_settings(RATE_LIMITS={"search": (2, 60)})
def test_a_page_answers_429_for_this_person_only(client, noon):
    people = [UserFactory(), UserFactory()]
    url = reverse("workbench:search")
    statuses = []
    for person in (people[0], people[0], people[0], people[1]):
        client.force_login(person)
        response = client.get(url, {"q": "x"})
        statuses.append(response.status_code)
        if response.status_code == 429:
            refused = response

    assert statuses == [200, 200, 429, 200]
    assert refused["Retry-After"] == "60"
    assert re.search(r"请 1 分钟后|again in 1 minute\.", refused.text)


@pytest.mark.django_db(transaction=True)
def test_hits_at_the_same_moment_do_not_pass_together(noon):
    answers = race(*[lambda: hit(limit=3)] * 8)

    assert sorted(answers) == [False] * 5 + [True] * 3


@pytest.mark.django_db(transaction=True)
def test_control_check_then_write_lets_more_pass(noon):
    """What the one statement is for."""

    def naive():
        row = RateCounter.objects.filter(scope="test", key="naive").first()
        hits = row.hits if row else 0
        barrier.wait(timeout=5)
        RateCounter.objects.update_or_create(
            scope="test", key="naive", defaults={"hits": hits + 1, "expires_at": clock.now() + timedelta(seconds=60)}
        )
        return hits < 3

    barrier = threading.Barrier(8)
    answers = race(*[naive] * 8)

    assert answers == [True] * 8
