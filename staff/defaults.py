"""What a new store begins with; its administrators change all of it."""

from datetime import time
from typing import Any

from staff.enums import ShiftTone

# letter, name, tint, from, until; the last one is the day off
SHIFTS = [
    ("早", "早班", ShiftTone.BLUE, time(8, 30), time(17, 30)),
    ("晚", "晚班", ShiftTone.VIOLET, time(11, 0), time(20, 0)),
    ("休", "休息", ShiftTone.NONE, None, None),
]


def ship(shift_model: type[Any], store: Any) -> None:
    """Give the store its shifts; also called by a migration, hence the model as an argument."""
    for number, (letter, name, tone, starts_at, ends_at) in enumerate(SHIFTS, start=1):
        shift_model.objects.create(
            store=store,
            letter=letter,
            name=name,
            tone=str(tone.value),
            starts_at=starts_at,
            ends_at=ends_at,
            is_day_off=starts_at is None,
            sort_order=number * 10,
        )
