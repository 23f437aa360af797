"""Conditions that PostgreSQL answers from an index where the usual spelling makes it read the table."""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, BooleanField, F, Func, Q, QuerySet, Value


class _EqualsAny(Func):
    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


def any_number(field: str, numbers: Sequence[int]) -> Q:
    """`field` is one of the numbers, however many: one value for the statement, not one for each."""
    return Q(_EqualsAny(F(field), Value(list(numbers), output_field=ArrayField(BigIntegerField()))))


def any_of(field: str, rows: "QuerySet", *, or_number: int | None = None) -> Q:
    """`field` is one of the few values of a one-column query, or the number: field = ANY(ARRAY(SELECT ...)).

    `field IN (SELECT ...)` below an OR is a filter without an index: every row of the table would be read. The array is
    computed once and each branch of the OR may use its own index. For short lists only (a team, colleagues on leave).
    """
    values: Any = ArraySubquery(rows)
    if or_number is not None:  # one condition, where an OR would let the planner read everybody's rows instead
        values = Func(values, Value(or_number), function="array_append")
    return Q(_EqualsAny(F(field), values))
