"""Conditions that PostgreSQL answers from an index where the usual spelling makes it read the table."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Q, QuerySet


class _EqualsAny(Func):
    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


def any_of(field: str, rows: "QuerySet") -> Q:
    """`field` is one of the few values of a one-column query: field = ANY(ARRAY(SELECT ...)).

    `field IN (SELECT ...)` below an OR is a filter without an index: every row of the table would be read. The array is
    computed once and each branch of the OR may use its own index. For short lists only (a team, colleagues on leave).
    """
    return Q(_EqualsAny(F(field), ArraySubquery(rows)))
