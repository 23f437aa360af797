"""Who works when: one cell, many days at once, last week again, and back (R-041)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext_lazy as _

from core import clock
from core.errors import Conflict, DomainError
from core.transactions import service
from staff.enums import RosterAct
from staff.models import RosterChange, RosterEntry, ShiftType, User
from staff.policies import can_edit_roster_of, ensure

LONGEST_FILL_DAYS = 62
REACH_DAYS = 366  # how far from today a day may be planned
WEEK = timedelta(days=7)

Key = tuple[int, date]


@dataclass(frozen=True)
class Written:
    """What an act did: `change` is None when every day was as wanted already."""

    change: RosterChange | None
    changed: int
    kept: int


@service
def roster_set(*, user_id: int, on: date, shift_id: int | None, was_id: int | None, by: User) -> Written:
    """Give somebody a shift for a day, None: no plan. `was_id` is what the writer saw there.

    Raises PermissionDenied, DomainError (shift of another store, day too far), Conflict (somebody else changed it).
    """
    people = _lock_people([user_id], by=by)
    _ensure_near(on, on)
    _ensure_shifts([shift_id], people)
    before = _entries(people, [on])
    entry = before.get((user_id, on))
    if (entry.shift_id if entry else None) != was_id:
        raise Conflict(_("Somebody else changed this day meanwhile."), current=entry)
    return _write(people, {(user_id, on): shift_id}, before, act=RosterAct.EDITED, by=by)


@service
def roster_fill(
    *,
    user_ids: Collection[int],
    first: date,
    last: date,
    weekdays: Collection[int],
    shift_id: int | None,
    is_overwriting: bool,
    by: User,
) -> Written:
    """Plan the same shift for several people on these weekdays (0 is Monday); planned days stay unless overwriting.

    Raises PermissionDenied, DomainError (too long, nobody, shift of another store).
    """
    if not user_ids:
        raise DomainError(_("Choose somebody."), field="people")
    people = _lock_people(user_ids, by=by)
    if last < first:
        raise DomainError(_("The end must come after the start."), field="last")
    if (last - first).days >= LONGEST_FILL_DAYS:
        raise DomainError(_("At most two months at once."), field="last")
    _ensure_near(first, last)
    _ensure_shifts([shift_id], people)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    days = [day for day in days if day.weekday() in set(weekdays)]
    before = _entries(people, days)
    wanted = {
        (person.pk, day): shift_id
        for person in people
        for day in days
        if is_overwriting or (person.pk, day) not in before
    }
    return _write(people, wanted, before, act=RosterAct.FILLED, by=by, kept=len(people) * len(days) - len(wanted))


@service
def roster_copy_week(*, user_ids: Collection[int], first: date, by: User) -> Written:
    """Plan the week that starts on `first` as the week before; days that are planned already stay.

    Raises PermissionDenied, DomainError (nobody, nothing to copy).
    """
    people = _lock_people(user_ids, by=by)
    _ensure_near(first, first + WEEK)
    days = [first + timedelta(days=number) for number in range(7)]
    before = _entries(people, [*days, *(day - WEEK for day in days)])
    wanted: dict[Key, int | None] = {}
    kept = 0
    for (user_id, day), entry in before.items():
        if day >= first or not entry.shift.is_active:
            continue
        if (user_id, day + WEEK) in before:
            kept += 1
        else:
            wanted[user_id, day + WEEK] = entry.shift_id
    if not wanted and not kept:
        raise DomainError(_("Nothing is planned in the week before."))
    return _write(people, wanted, before, act=RosterAct.COPIED, by=by, kept=kept)


@service
def roster_undo(*, change_id: int, by: User) -> Written:
    """Take an own act back, once; days that somebody changed since then stay as they are.

    Raises PermissionDenied, DomainError (not the own act, taken back already).
    """
    change = RosterChange.objects.select_for_update(no_key=True, of=("self",)).get(pk=change_id)
    ensure(change.by_id == by.pk)
    if change.undone_at is not None:
        raise DomainError(_("This was taken back already."), code="undone")
    cells = [(int(user_id), date.fromisoformat(day), before, after) for user_id, day, before, after in change.cells]
    people = _lock_people({user_id for user_id, *_rest in cells}, by=by)
    now = _entries(people, [day for _user_id, day, *_rest in cells])
    wanted: dict[Key, int | None] = {}
    for user_id, day, before, after in cells:
        entry = now.get((user_id, day))
        if (entry.shift_id if entry else None) == after:
            wanted[user_id, day] = before
    change.undone_at = clock.now()
    change.save(update_fields=["undone_at", "updated_at"])
    return _write(people, wanted, now, act=RosterAct.UNDONE, by=by, kept=len(cells) - len(wanted))


# ---- parts -----------------------------------------------------------------------------------------------


def _lock_people(user_ids: Collection[int], *, by: User) -> list[User]:
    """The people, one writer at a time for each. Raises PermissionDenied for one whose roster is not the writer's."""
    rows = User.objects.select_for_update(no_key=True, of=("self",)).select_related("store", "team__parent")
    people = list(rows.filter(pk__in=user_ids).order_by("pk"))
    ensure(len(people) == len(set(user_ids)) and all(can_edit_roster_of(by, person) for person in people))
    if any(not person.is_active for person in people):
        raise DomainError(_("This person has left."), code="left")
    return people


def _ensure_near(first: date, last: date) -> None:
    today = clock.today()
    if first < today - timedelta(days=REACH_DAYS) or last > today + timedelta(days=REACH_DAYS):
        raise DomainError(_("This is more than a year away."), field="first")


def _ensure_shifts(shift_ids: Sequence[int | None], people: Sequence[User]) -> None:
    """Raise unless every shift belongs to the store of everybody and is in use."""
    stores = {person.store_id for person in people}
    for shift_id in shift_ids:
        if shift_id is None:
            continue
        shift = ShiftType.objects.filter(pk=shift_id, is_active=True).first()
        if shift is None or stores != {shift.store_id}:
            raise DomainError(_("Choose a shift of the store."), field="shift")


def _entries(people: Sequence[User], days: Collection[date]) -> dict[Key, RosterEntry]:
    rows = RosterEntry.objects.filter(user__in=[person.pk for person in people], on__in=set(days))
    return {(row.user_id, row.on): row for row in rows.select_related("shift")}


def _write(
    people: Sequence[User],
    wanted: dict[Key, int | None],
    before: dict[Key, RosterEntry],
    *,
    act: str,
    by: User,
    kept: int = 0,
) -> Written:
    """Bring the days to what is wanted and remember what they were."""
    stores = {person.pk: person.store_id or 0 for person in people}
    cells, gone, new, changed = [], [], [], []
    for (user_id, day), shift_id in sorted(wanted.items(), key=lambda item: item[0]):
        entry = before.get((user_id, day))
        was_id = entry.shift_id if entry else None
        if was_id == shift_id:
            continue
        cells.append([user_id, day.isoformat(), was_id, shift_id])
        if entry is not None and shift_id is None:
            gone.append(entry.pk)
        elif entry is None and shift_id is not None:
            new.append(RosterEntry(store_id=stores[user_id], user_id=user_id, on=day, shift_id=shift_id, set_by=by))
        elif entry is not None and shift_id is not None:
            entry.shift_id, entry.set_by, entry.updated_at = shift_id, by, clock.now()
            changed.append(entry)
    if not cells:
        return Written(change=None, changed=0, kept=kept)
    RosterEntry.objects.filter(pk__in=gone).delete()
    RosterEntry.objects.bulk_create(new)
    RosterEntry.objects.bulk_update(changed, ["shift", "set_by", "updated_at"])
    change = RosterChange.objects.create(store_id=stores[people[0].pk], act=act, cells=cells, by=by)
    return Written(change=change, changed=len(cells), kept=kept)
