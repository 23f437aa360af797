from dataclasses import dataclass

import pytest
from django.db import transaction

from core import events


@dataclass(frozen=True)
class CarArrived:
    car_id: int


@dataclass(frozen=True)
class TruckArrived(CarArrived):
    pass


@dataclass
class Mutable:
    car_id: int


@pytest.fixture(autouse=True)
def _own_registry():
    with events.isolated_registry():
        yield


@pytest.mark.django_db
def test_emit_runs_handlers_in_the_order_of_registration():
    seen = []
    events.on(CarArrived)(lambda event: seen.append(("first", event.car_id)))
    events.on(CarArrived)(lambda event: seen.append(("second", event.car_id)))

    events.emit(CarArrived(car_id=7))

    assert seen == [("first", 7), ("second", 7)]


@pytest.mark.django_db
def test_emit_reaches_exactly_its_own_class():
    seen = []
    events.on(CarArrived)(seen.append)

    events.emit(TruckArrived(car_id=7))

    assert seen == []


@pytest.mark.django_db
def test_on_registers_the_same_function_once():
    seen = []
    handler = seen.append
    events.on(CarArrived)(handler)
    events.on(CarArrived)(handler)

    events.emit(CarArrived(car_id=7))

    assert seen == [CarArrived(car_id=7)]


@pytest.mark.django_db
def test_emit_lets_an_exception_through_and_stops():
    seen = []

    @events.on(CarArrived)
    def fail(event):
        raise RuntimeError("no room")

    events.on(CarArrived)(seen.append)

    with pytest.raises(RuntimeError, match="no room"), transaction.atomic():
        events.emit(CarArrived(car_id=7))
    assert seen == []


@pytest.mark.django_db(transaction=True)
def test_emit_refuses_outside_a_transaction():
    with pytest.raises(RuntimeError, match="outside a transaction"):
        events.emit(CarArrived(car_id=7))


def test_events_are_frozen_dataclasses():
    with pytest.raises(TypeError, match="frozen"):
        events.on(Mutable)
    with pytest.raises(TypeError, match="frozen"):
        events.emit(Mutable(car_id=7))


def test_isolated_registry_puts_the_handlers_back():
    events.on(CarArrived)(print)
    with events.isolated_registry(is_empty=False):
        events.on(CarArrived)(repr)
        assert events.handlers_of(CarArrived) == (print, repr)
    with events.isolated_registry():
        assert events.handlers_of(CarArrived) == ()

    assert events.handlers_of(CarArrived) == (print,)
