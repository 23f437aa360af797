import threading
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection, transaction

from core.errors import Conflict, DomainError
from core.models import BusinessDay
from core.transactions import service

DAY = date(2026, 11, 20)
LATER = date(2026, 11, 21)


@service
def day_open(*, on: date, error: Exception | None = None) -> BusinessDay:
    day = BusinessDay.objects.create(on=on, is_workday=True)
    if error:
        raise error
    return day


@service
def days_open(*, error: Exception | None = None, is_caught: bool = False, is_guarded: bool = False) -> str:
    day_open(on=DAY)
    try:
        if is_guarded:
            with transaction.atomic():
                day_open(on=LATER, error=error)
        else:
            day_open(on=LATER, error=error)
    except DomainError:
        if not is_caught:
            raise
    return "done"


def fail_in_database(sql_state: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'for the test' USING ERRCODE = '%s'; END $$" % sql_state)  # noqa: S608, UP031


def failing_service(sql_state: str, times: int):
    """Return a service that fails in the database so many times, and the list of its tries."""
    tries: list[int] = []

    @service
    def attempt() -> str:
        tries.append(len(tries) + 1)
        BusinessDay.objects.create(on=DAY, is_workday=True)
        if len(tries) <= times:
            fail_in_database(sql_state)
        return "done"

    return attempt, tries


@pytest.mark.django_db(transaction=True)
def test_service_saves_all_or_nothing():
    with pytest.raises(DomainError):
        days_open(error=DomainError("No."))
    assert BusinessDay.objects.count() == 0

    assert days_open() == "done"
    assert BusinessDay.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_service_opens_one_transaction_and_no_savepoint(django_assert_num_queries):
    with django_assert_num_queries(4) as queries:
        days_open()

    assert not [query for query in queries.captured_queries if "SAVEPOINT" in query["sql"]]


@pytest.mark.django_db
def test_service_inside_a_foreign_block_leaves_it_usable_after_an_error():
    day_open(on=DAY)
    with pytest.raises(IntegrityError):
        day_open(on=DAY)

    assert BusinessDay.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_service_refuses_to_lose_a_swallowed_error_in_silence():
    with pytest.raises(transaction.TransactionManagementError, match="swallowed"):
        days_open(error=DomainError("No."), is_caught=True)

    assert BusinessDay.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_service_goes_on_after_a_guarded_error():
    days_open(error=DomainError("No."), is_caught=True, is_guarded=True)

    assert list(BusinessDay.objects.values_list("on", flat=True)) == [DAY]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sql_state", ["40001", "40P01", "55P03"])
def test_service_tries_again_after_a_passing_trouble(sql_state):
    attempt, tries = failing_service(sql_state, times=2)

    assert attempt() == "done"

    assert tries == [1, 2, 3]
    assert BusinessDay.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sql_state", ["40001", "40P01", "55P03"])
def test_service_says_so_when_the_trouble_stays(sql_state):
    attempt, tries = failing_service(sql_state, times=9)

    with pytest.raises(Conflict) as refused:
        attempt()

    assert refused.value.code == "locked"
    assert tries == [1, 2, 3]
    assert BusinessDay.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_service_does_not_repeat_other_database_errors():
    attempt, tries = failing_service("57014", times=1)  # statement timeout

    with pytest.raises(OperationalError):
        attempt()

    assert tries == [1]


@pytest.mark.django_db(transaction=True)
def test_service_does_not_repeat_inside_a_foreign_block():
    deadlocked, deadlocked_tries = failing_service("40P01", times=1)
    locked, locked_tries = failing_service("55P03", times=1)

    with pytest.raises(OperationalError), transaction.atomic():
        deadlocked()
    with pytest.raises(Conflict), transaction.atomic():
        locked()

    assert (deadlocked_tries, locked_tries) == ([1], [1])


@pytest.mark.django_db(transaction=True)
def test_service_does_not_repeat_a_refusal():
    tries = []

    @service
    def refuse() -> None:
        tries.append(1)
        raise ValidationError("No.")

    with pytest.raises(ValidationError):
        refuse()
    assert tries == [1]


@pytest.mark.django_db(transaction=True)
def test_service_waits_for_a_row_and_then_gives_up_politely():
    """The real thing: another connection holds the row for as long as the service tries."""
    day = BusinessDay.objects.create(on=DAY, is_workday=True)
    is_locked, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            BusinessDay.objects.select_for_update().get(pk=day.pk)
            is_locked.set()
            may_end.wait(10)
        connection.close()

    @service
    def rename() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
        row = BusinessDay.objects.select_for_update().get(pk=day.pk)
        row.label = "renamed"
        row.save()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert is_locked.wait(10)
        with pytest.raises(Conflict):
            rename()
    finally:
        may_end.set()
        holder.join()

    rename()
    assert BusinessDay.objects.get().label == "renamed"


@pytest.mark.django_db(transaction=True)
def test_service_in_another_thread_has_its_own_transaction():
    results = []

    @service
    def outer() -> None:
        thread = threading.Thread(target=lambda: (results.append(day_open(on=LATER).on), connection.close()))
        thread.start()
        thread.join()
        raise DomainError("No.")

    with pytest.raises(DomainError):
        outer()
    assert results == [LATER]
    assert BusinessDay.objects.count() == 1
