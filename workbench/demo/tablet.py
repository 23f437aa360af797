"""The shared tablet of the demo showroom, and who opens it with a PIN."""

from staff.models import Store, User
from staff.services.devices import device_pair, device_register, pin_set

NAME = "展厅 1 号"
PINS = {"linyue": "285917", "zhaoqiming": "604173"}


def tell_tablet(store: Store, people: dict[str, User], *, by: User) -> None:
    """One tablet in use, one that waits for its pairing code."""
    made = device_register(store_id=store.pk, name=NAME, by=by)
    device_pair(code=made.code)
    device_register(store_id=store.pk, name="洽谈区 2 号", by=by)
    for number, pin in PINS.items():
        pin_set(by=people[number], pin=pin)
