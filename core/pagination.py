"""Keyset pagination: page 2,000 costs what page 1 costs. No OFFSET, no COUNT, one query for a page.

Source: issue "Speed" (100,000 customers, fixed number of queries) and https://use-the-index-luke.com/no-offset.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.core import signing
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import OrderBy

from core.statements import rows_of

M = TypeVar("M", bound=Model)

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Key:
    """One column of the order. One that can be NULL must say `nulls_last=True`, or its NULL rows would get lost."""

    field: str
    desc: bool = False
    nulls_last: bool = False


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[M]):
    """The rows and the cursors of the neighbour pages (None: there is no such page).

    `first_no` is the number of the first row counted from the start of the list as it was paged; 0 for an empty list.
    """

    items: list[M]
    next_cursor: str | None
    previous_cursor: str | None
    first_no: int


@dataclass(frozen=True, slots=True)
class Asked(Generic[M]):
    """Rows whose statement is kept: as the arguments of core.statements.rows_of. The keys are columns of `model`."""

    name: str
    user: AbstractBaseUser | None
    model: type[M]
    build: Callable[..., QuerySet[M]]
    given: tuple[int | str, ...] = ()

    def rows(self, keys: Sequence[Key], position: "_Position | None", limit: int) -> list[M]:
        values = position.values if position else []
        columns: list[Any] = [
            self.model._meta.pk if key.field == "pk" else self.model._meta.get_field(key.field) for key in keys
        ]
        ends = [column.to_python(value) for column, value in zip(columns, values) if value is not None]  # noqa: B905

        def build(*given: Any) -> QuerySet[M]:
            found = iter(given[len(self.given) :])
            place = position and replace(position, values=[value if value is None else next(found) for value in values])
            return _ordered(self.build(*given[: len(self.given)]), keys, place, limit)

        shape = position and (position.is_backward, [value is None for value in values])
        return rows_of(f"{self.name} {limit} {shape}", self.user, build, *self.given, *ends)


@dataclass(frozen=True, slots=True)
class _Position:
    """A place between two rows: the key values of the row beside it, and which way to read from there."""

    values: list[Any]
    is_backward: bool
    first_no: int


@dataclass(frozen=True, slots=True)
class _Direction:
    """A key as it is read now: reading backward turns its order and the place of its NULLs round."""

    field: str
    is_down: bool
    is_nullable: bool
    is_null_at_end: bool

    def order(self) -> OrderBy:
        nulls: dict[str, Any] = {}
        if self.is_nullable:
            nulls = {"nulls_last": True} if self.is_null_at_end else {"nulls_first": True}
        return F(self.field).desc(**nulls) if self.is_down else F(self.field).asc(**nulls)

    def beyond(self, value: Any) -> Q:
        return Q((f"{self.field}__{'lt' if self.is_down else 'gt'}", value))

    def from_on(self, value: Any) -> Q:
        return Q((f"{self.field}__{'lte' if self.is_down else 'gte'}", value))

    def same(self, value: Any) -> Q:
        return self.is_null(True) if value is None else Q((self.field, value))

    def is_null(self, answer: bool) -> Q:
        return Q((f"{self.field}__isnull", answer))


def keyset_page(
    queryset: QuerySet[M] | Asked[M], *, order: Sequence[Key], cursor: str | None = None, size: int = PAGE_SIZE
) -> KeysetPage[M]:
    """Return the page that the cursor points to; without a cursor, or with one that is not ours, the first page.

    The primary key is added to `order` when it does not end with it, so that the order is total. Related columns
    ("customer__name") must be covered by `select_related`. A page that has vanished meanwhile becomes the first page.
    """
    keys = _with_primary_key(order)
    position = _read_cursor(cursor, keys)
    if isinstance(queryset, Asked):
        rows = queryset.rows(keys, position, size + 1)
    else:
        rows = list(_ordered(queryset, keys, position, size + 1))
    if position is not None and not rows:
        return keyset_page(queryset, order=order, size=size)
    has_more, rows = len(rows) > size, rows[:size]
    is_backward = position is not None and position.is_backward
    if is_backward:
        rows.reverse()
    has_next, has_previous = (True, has_more) if is_backward else (has_more, position is not None)
    first_no = 1 if not has_previous else position.first_no if position else 1
    return KeysetPage(
        items=rows,
        next_cursor=_cursor(keys, rows[-1], first_no + len(rows)) if has_next else None,
        previous_cursor=_cursor(keys, rows[0], max(1, first_no - size), is_backward=True) if has_previous else None,
        first_no=first_no if rows else 0,
    )


def _with_primary_key(order: Sequence[Key]) -> tuple[Key, ...]:
    keys = tuple(order)
    if keys and keys[-1].field in ("pk", "id"):
        return keys
    return (*keys, Key("pk", desc=bool(keys) and keys[-1].desc))


def _ordered(queryset: QuerySet[M], keys: Sequence[Key], position: _Position | None, limit: int) -> QuerySet[M]:
    is_backward = position is not None and position.is_backward
    directions = [
        _Direction(key.field, key.desc != is_backward, key.nulls_last, key.nulls_last and not is_backward)
        for key in keys
    ]
    ordered = queryset.order_by(*(direction.order() for direction in directions))
    if position is None:
        return ordered[:limit]
    ranges = _ranges(directions, position.values)
    if len(ranges) == 1:
        return ordered.filter(ranges[0])[:limit]
    # "Later or NULL" in one condition would read the index from its start; each part alone is a range of the index.
    first, second = (ordered.filter(part).values("pk")[:limit] for part in ranges)
    return ordered.filter(pk__in=first.union(second, all=True))[:limit]


def _ranges(directions: Sequence[_Direction], values: Sequence[Any]) -> list[Q]:
    """Return the conditions, in reading order, that together hold for the rows beyond the position.

    For (a, id) they read: a >= x AND (a > x OR (a = x AND id > y)); the first part is what the index can seek.
    """
    head, value = directions[0], values[0]
    tail = _after(directions[1:], values[1:])
    if value is None:
        in_nulls = [head.is_null(True) & tail] if tail is not None else []
        return in_nulls + ([] if head.is_null_at_end else [head.is_null(False)])
    beyond = (
        head.beyond(value) if tail is None else head.from_on(value) & (head.beyond(value) | (head.same(value) & tail))
    )
    return [beyond, head.is_null(True)] if head.is_nullable and head.is_null_at_end else [beyond]


def _after(directions: Sequence[_Direction], values: Sequence[Any]) -> Q | None:
    """Return the condition "comes after these values"; None without keys (the last key is unique and never NULL)."""
    if not directions:
        return None
    head, value = directions[0], values[0]
    tail = _after(directions[1:], values[1:])
    parts = [head.same(value) & tail] if tail is not None else []
    if value is not None:
        parts.append(head.beyond(value))
    if head.is_nullable and (value is None) != head.is_null_at_end:
        parts.append(head.is_null(value is not None))
    condition = parts[0]
    for part in parts[1:]:
        condition |= part
    return condition


def _cursor(keys: Sequence[Key], row: Model, first_no: int, *, is_backward: bool = False) -> str:
    values = [_plain(key, row) for key in keys]
    return signing.dumps([values, int(is_backward), first_no], salt=_salt(keys))


def _read_cursor(cursor: str | None, keys: Sequence[Key]) -> _Position | None:
    if not cursor:
        return None
    try:
        values, is_backward, first_no = signing.loads(cursor, salt=_salt(keys))
    except (signing.BadSignature, ValueError):
        return None
    return _Position(values, bool(is_backward), first_no)


def _salt(keys: Sequence[Key]) -> str:
    """Bind a cursor to its order: the cursor of another list is a foreign one."""
    return "core.pagination:" + ",".join(f"{key.field}/{key.desc:d}{key.nulls_last:d}" for key in keys)


def _plain(key: Key, row: Any) -> Any:
    """Return the value of the key as JSON can carry it and a lookup can read it back, to the microsecond."""
    value = row
    for name in key.field.split("__"):
        value = getattr(value, name) if value is not None else None
    if value is None and not key.nulls_last:
        raise ValueError(f"{key.field} is NULL: its Key needs nulls_last=True.")
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal | UUID) else value
