"""Statements that are the same every time: built once, then only sent.

To build a statement out of a queryset takes longer than to answer it. What every page asks is built once for each
person, as the person is at that moment, and kept as text and values. Answers are never kept, only questions.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from operator import attrgetter
from threading import Lock
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.db.models.query import FlatValuesListIterable, ModelIterable, ValuesIterable, get_related_populators

from core import clock

LIMIT = 4_000  # questions in a process, one or two kB each; their texts are shared
MOMENT = timedelta(seconds=5)  # a value this close to the time of building is the moment itself
SLOT = 7_000_000_000_000  # stands for the first given value while the statement is built; no row has it

Build = Callable[..., "QuerySet[Any, Any]"]
Given = int | str | datetime
_STAND_INS: dict[type, Callable[[int], Given]] = {
    int: lambda number: SLOT + number,
    str: lambda number: f"{SLOT + number}",
    datetime: lambda number: datetime(1000, 1, 1, 0, 0, number, tzinfo=UTC),
}


class _QueriedError(Exception):
    """The builder asked the database: its answer would be kept."""


@dataclass(frozen=True)
class Text:
    """A statement, and how objects are made of its rows; the same for everybody who asks it."""

    sql: str
    converters: dict[int, Any]
    apply: Callable[..., Iterator[Any]]
    make: Callable[[Any], Any]


@dataclass(frozen=True)
class Question:
    """`moments`, `slots`: positions of values that are the present moment, or the n-th value that the caller gives."""

    text: Text
    values: tuple[Any, ...]
    moments: frozenset[int] = field(default_factory=frozenset)
    slots: dict[int, int] = field(default_factory=dict)


_kept: OrderedDict[Hashable, Question] = OrderedDict()
_texts: dict[str, Text] = {}
_lock = Lock()


def row_of(name: str, user: AbstractBaseUser, build: Build) -> Any:
    """The one row of a queryset; as `rows_of`."""
    return rows_of(name, user, build)[0]


def rows_of(name: str, user: AbstractBaseUser | None, build: Build, *given: Given) -> list[Any]:
    """What `list(build(*given))` gives. `name` stands for `build`: of what may differ between two calls it may depend
    on the person's own columns, on today, on the moment and on the given values, and on nothing else. When it asks the
    database, or does not send every value, nothing is kept."""
    kinds = tuple(map(type, given))
    key = (name, kinds, clock.today(), clock.is_travelling(), *(_columns(user) if user else ()))
    question = _kept.get(key)
    if question is None:
        question = _question(build, kinds)
        if question is None:
            return list(build(*given))
        with _lock:
            _kept[key] = question
            while len(_kept) > LIMIT:
                _kept.popitem(last=False)
    return _answer(question, given)


def _columns(user: AbstractBaseUser) -> tuple[Hashable, ...]:
    """Who changes in any way, by role, team or store, is somebody else here."""
    values = _reader(user._meta.model)(
        getattr(user, "_wrapped", user)
    )  # past request.user, which asks each time who it is
    return tuple(value if isinstance(value, Hashable) else repr(value) for value in values)


@cache
def _reader(model: type[AbstractBaseUser]) -> Callable[[Any], tuple[Any, ...]]:
    return attrgetter(*(column.attname for column in model._meta.concrete_fields))


def _question(build: Build, kinds: tuple[type, ...]) -> Question | None:
    now = clock.now()
    stand_ins = [_STAND_INS[kind](number) for number, kind in enumerate(kinds)]
    try:
        with connection.execute_wrapper(_refuse):
            rows = build(*stand_ins)
            compiler = rows.query.get_compiler(connection=connection)
            sql, values = compiler.as_sql()
    except (_QueriedError, EmptyResultSet):
        return None
    number_of = {(type(value), value): number for number, value in enumerate(stand_ins)}
    slots = {at: number_of[type(v), v] for at, v in enumerate(values) if type(v) in kinds and (type(v), v) in number_of}
    if len(set(slots.values())) != len(kinds) or rows._prefetch_related_lookups:  # type: ignore[attr-defined]
        return None
    if sql not in _texts:
        _texts[sql] = _text(rows, compiler, sql)
    moments = {at for at, value in enumerate(values) if isinstance(value, datetime) and abs(value - now) < MOMENT}
    sendable = tuple(list(value) if isinstance(value, tuple) else value for value in values)
    return Question(_texts[sql], sendable, frozenset(moments), slots)


def _refuse(*args: Any) -> Any:
    raise _QueriedError


def _text(rows: Any, compiler: Any, sql: str) -> Text:
    converters = compiler.get_converters([column[0] for column in compiler.select[: compiler.col_count]])
    made_by: dict[Any, Callable[[Any, Any], Callable[[Any], Any]]] = {
        ModelIterable: _objects,
        ValuesIterable: _dictionaries,
        FlatValuesListIterable: lambda rows, compiler: lambda row: row[0],
    }
    make = made_by.get(rows._iterable_class, lambda rows, compiler: tuple)(rows, compiler)
    return Text(sql, converters, type(compiler).apply_converters.__get__(_Connected()), make)


class _Connected:
    """What Django's conversion of values asks of a compiler: the connection of the thread that asks."""

    @property
    def connection(self) -> Any:
        return connection


def _dictionaries(rows: Any, compiler: Any) -> Callable[[Any], Any]:
    query = rows.query
    names = tuple(query.selected or (*query.extra_select, *query.values_select, *query.annotation_select))
    return lambda row: dict(zip(names, row, strict=True))


def _objects(rows: Any, compiler: Any) -> Callable[[Any], Any]:
    """As django.db.models.query.ModelIterable, prepared."""
    info, select, alias = compiler.klass_info, compiler.select, connection.alias
    first, last = info["select_fields"][0], info["select_fields"][-1] + 1
    model, columns = info["model"], [column[0].target.attname for column in select[first:last]]
    related = get_related_populators(info, select, alias)  # type: ignore[call-arg]
    annotations = list(compiler.annotation_col_map.items())

    def make(row: Any) -> Any:
        found = model.from_db(alias, columns, row[first:last])
        for populator in related:
            populator.populate(row, found)
        for name, at in annotations:
            setattr(found, name, row[at])
        return found

    return make


def _answer(question: Question, given: tuple[Given, ...]) -> list[Any]:
    values, text = list(question.values), question.text
    now = clock.now()
    for at in question.moments:
        values[at] = now
    for at, number in question.slots.items():
        values[at] = given[number]
    with connection.cursor() as cursor:
        cursor.execute(text.sql, values)
        rows = cursor.fetchall()
    if text.converters:
        rows = list(text.apply(rows, text.converters))
    return [text.make(row) for row in rows]
