import pytest
from django.db.models import TextChoices
from django.utils.translation import override

from core.errors import DomainError, TransitionNotAllowed
from core.state_machine import StateMachine


class Light(TextChoices):
    RED = "RED", "Red light"
    GREEN = "GREEN", "Green light"
    OFF = "OFF", "Off"


LIGHTS = StateMachine(Light, {Light.RED: [Light.GREEN, Light.OFF], Light.GREEN: [Light.RED, Light.GREEN]})
ALLOWED = {("RED", "GREEN"), ("RED", "OFF"), ("GREEN", "RED"), ("GREEN", "GREEN")}


@pytest.mark.parametrize("current", Light.values)
@pytest.mark.parametrize("target", Light.values)
def test_state_machine_allows_exactly_the_listed_steps(current, target):
    is_allowed = (current, target) in ALLOWED

    assert LIGHTS.can(current, target) == is_allowed
    if is_allowed:
        LIGHTS.check(current, target)
    else:
        with pytest.raises(TransitionNotAllowed):
            LIGHTS.check(current, target)


def test_state_machine_names_both_statuses_when_it_refuses():
    with override("en"):  # the words are looked up when they are read
        with pytest.raises(DomainError) as refused:
            LIGHTS.check(Light.OFF, Light.RED)

        assert refused.value.code == "transition"
        assert refused.value.messages == ["This is not possible: the status is “Off” and cannot become “Red light”."]


def test_state_machine_lists_targets_in_the_order_of_the_table():
    assert LIGHTS.targets(Light.RED) == ("GREEN", "OFF")
    assert LIGHTS.targets("nowhere") == ()


def test_state_machine_refuses_a_table_with_unknown_statuses():
    with pytest.raises(ValueError, match="BLUE"):
        StateMachine(Light, {Light.RED: ["BLUE"]})
    with pytest.raises(ValueError, match="BLUE"):
        StateMachine(Light, {"BLUE": [Light.RED]})
